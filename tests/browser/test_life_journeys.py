"""Taking inboxes off and on again, as the source documents describe it: each question in its order, by mouse and by keyboard alone."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from inboxes import actions
from inboxes.actions import ConnectionDetails, ServerLogin
from inboxes.models import Credential, Inbox, Message, Security
from logging_rules.actions import finish_removal
from tests.browser.hands import Hand
from tests.browser.keyboard import press, tab_to
from tests.factories.contacts import log_mail, make_contact
from tests.factories.conversations import arrive, team_inbox
from tests.fakes.demo_server import demo_server
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS, PASSWORD = "alice@ours.example", "a secret of the mailbox"


@pytest.fixture
def inbox(alice: User):
    """Of a mailbox that can be opened; it has logged one e-mail with Sarah."""
    with demo_server({ADDRESS: PASSWORD}) as server:
        imap = ServerLogin("127.0.0.1", server.imap_port, Security.NONE, ADDRESS)
        inbox = actions.connect_imap_inbox(
            details=ConnectionDetails(ADDRESS, imap, PASSWORD), history_since=None, by=alice
        )
        actions.start(inbox=inbox, by=alice)
        mail = log_mail(make_contact("Sarah Okafor", "sarah@meridian.example"), owner=alice)
        other = mail.sightings.get().inbox
        mail.sightings.update(inbox=inbox)
        other.delete()
        yield inbox


def clear(inbox: Inbox) -> None:
    """What a worker does."""
    finish_removal(inbox_id=inbox.pk, now=timezone.now())


def choose_from_menu(page: Page, word: str) -> None:
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("link", name=word).click()


def test_a_personal_inbox_is_disabled_enabled_and_removed(open_page, alice: User, inbox, accessible):
    page = open_page("/inboxes/", user=alice)
    choose_from_menu(page, "Disable…")
    dialog = page.get_by_role("dialog", name=f"Disable {ADDRESS}?")
    expect(dialog).to_contain_text("Nothing is deleted")
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.locator(".item.off")).to_have_count(0)
    choose_from_menu(page, "Disable…")
    dialog.get_by_role("button", name="Yes, disable it").click()
    expect(page.locator(".item.off")).to_contain_text("Disabled")

    page.get_by_role("button", name="Enable", exact=True).click()
    expect(page.get_by_text("Enabled again.")).to_be_visible()
    expect(page.locator(".item.off")).to_have_count(0)

    choose_from_menu(page, "Disable…")
    dialog.get_by_role("button", name="Yes, disable it").click()
    choose_from_menu(page, "Remove…")
    dialog = page.get_by_role("dialog", name=f"Remove {ADDRESS}?")
    expect(dialog.get_by_label("Keep what it logged")).to_be_checked()
    expect(dialog).to_contain_text("1 e-mail is erased for good")
    accessible(page)
    dialog.get_by_label("Erase what it logged").check()
    dialog.get_by_role("button", name="Yes, remove inbox").click()

    expect(page.get_by_role("heading", level=1)).to_have_text(f"{ADDRESS} was removed")
    expect(page.get_by_text("0 of 1 e-mails.")).to_be_visible()
    clear(inbox)
    expect(page.get_by_text("1 e-mail was erased for good.")).to_be_visible()
    expect(page.get_by_text("Left for you to do")).to_be_visible()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied", exact=True)).to_be_visible()
    page.get_by_role("link", name="Back to the inboxes").click()
    page.get_by_role("link", name="Removed inboxes").click()
    expect(page.get_by_role("link", name=ADDRESS)).to_be_visible()
    assert (Inbox.objects.count(), Credential.objects.count(), Message.objects.count()) == (0, 0, 0)


def open_menu_and_press(page: Page, word: str) -> None:
    press(page, page.get_by_role("button", name="その他の操作").first)
    press(page, page.get_by_role("link", name=word))


def test_the_keyboard_is_enough_in_japanese(open_page, alice: User, inbox):
    User.objects.filter(pk=alice.pk).update(language="ja")
    page = open_page("/inboxes/", user=alice)
    open_menu_and_press(page, "無効にする…")
    press(page, page.get_by_role("button", name="はい、無効にします"))
    expect(page.locator(".item.off")).to_contain_text("無効")

    open_menu_and_press(page, "削除…")
    keep = page.get_by_label("記録したメールを残す")
    expect(keep).to_be_checked()
    tab_to(page, keep)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("記録したメールを消去する")).to_be_checked()
    page.keyboard.press("ArrowUp")
    press(page, page.get_by_role("button", name="はい、受信トレイを削除します"))

    expect(page.get_by_role("heading", level=1)).to_have_text(f"{ADDRESS} を削除しました")
    clear(inbox)
    expect(page.get_by_text("メール1件がタイムラインに残っています。")).to_be_visible()
    assert (Inbox.objects.count(), Credential.objects.count(), Message.objects.count()) == (0, 0, 1)


def test_a_team_inbox_is_deleted_after_one_question(open_page, hand: Hand, admin: User):
    team = team_inbox(admin, owner=admin)
    arrive(team, "On no timeline")
    page = open_page(f"/inboxes/{team.code}/", user=hand.of(admin))
    hand.press(page.get_by_role("button", name=hand.reads("More actions", "その他の操作")).first)
    hand.press(page.get_by_role("link", name=hand.reads("Delete…", "削除…")))
    hand.press(page.get_by_role("dialog").get_by_role("button", name=hand.reads("Yes, delete", "はい、削除")))
    removed = hand.reads("Support was removed", "Support を削除しました")
    expect(page.get_by_role("heading", level=1)).to_have_text(removed)
    clear(team)
    assert (Inbox.objects.count(), Message.objects.count()) == (0, 0)
