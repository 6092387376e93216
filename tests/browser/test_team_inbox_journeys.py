"""A day at the shared list: reading, putting off, searching, taking back what was filtered; by mouse, by keyboard, without scripts."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from inboxes.models import Inbox, TeamThread
from tests.factories.contacts import make_contact
from tests.factories.conversations import arrive, team_inbox
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def inbox(alice: User, admin: User) -> Inbox:
    now = timezone.now()
    inbox = team_inbox(alice, owner=admin)
    inbox.members.update(added_at=now - timedelta(days=1))
    misaki = make_contact("高橋 美咲", "misaki@aozora.example", owner=alice)
    ages = {"お見積りについて": 3, "Order 4711": 2, "Invoice 12": 1}
    for subject, hours in ages.items():
        arrive(inbox, subject, at=now - timedelta(hours=hours), body_text=f"About: {subject}", logged_for=misaki)
    arrive(inbox, "Your voucher", at=now, filtered="spam", code="not_mail")
    arrive(inbox, "Weekly digest", at=now, filtered="automatic", code="automatic_mail")
    return inbox


def address(inbox: Inbox, query: str = "") -> str:
    return reverse("conversations:thread-list", args=[inbox.code]) + query


def subjects(page: Page):
    return page.locator(".thread h2")


def unread(page: Page):
    return page.locator(".nav #team-unread")


def test_by_mouse_in_english(open_page, accessible, inbox, alice: User):
    page = open_page("/contacts/", user=alice)

    page.get_by_role("link", name="Team inboxes").click()
    expect(subjects(page)).to_have_text(["Invoice 12", "Order 4711", "お見積りについて"])
    expect(unread(page)).to_have_text("3")
    accessible(page)

    page.get_by_role("link", name="Order 4711").click()
    expect(page.get_by_text("About: Order 4711")).to_be_visible()
    expect(unread(page)).to_have_text("2")
    accessible(page)
    page.get_by_role("link", name="Next conversation").click()
    expect(unread(page)).to_have_text("1")
    page.get_by_role("button", name="Mark as unread").click()
    expect(unread(page)).to_have_text("2")
    expect(page.locator(".thread.unread h2")).to_have_text(["Invoice 12", "お見積りについて"])

    page.locator(".thread", has_text="Order 4711").hover()
    page.get_by_role("button", name="Mark as unread: Order 4711").click()
    expect(unread(page)).to_have_text("3")
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.locator(".thread.unread")).to_have_count(0)
    expect(unread(page)).to_have_count(0)

    page.get_by_role("searchbox", name="Search Support").fill("4711")
    page.keyboard.press("Enter")
    expect(subjects(page)).to_have_text(["Order 4711"])

    page.goto(address(inbox))
    page.get_by_role("link", name="Filtered").click()
    expect(page.locator(".thread-why").first).to_contain_text("list")
    page.locator(".thread", has_text="Your voucher").get_by_role("button", name="Not spam").click()
    expect(subjects(page)).to_have_text(["Weekly digest"])
    page.get_by_role("button", name="Undo").click()
    expect(subjects(page)).to_have_count(2)
    page.get_by_label("Select all").check()
    page.get_by_role("button", name="Put the selected into the list").click()
    expect(page.get_by_text("2 conversations are in the list again")).to_be_visible()
    accessible(page)
    page.get_by_role("link", name="All", exact=True).click()
    expect(subjects(page)).to_have_count(5)


def test_by_keyboard_alone_in_japanese(open_page, inbox, alice: User):
    User.objects.filter(pk=alice.pk).update(language="ja")
    page = open_page("/contacts/", user=alice, language="ja")

    def press(*keys: str) -> None:
        page.wait_for_load_state()
        for key in keys:
            page.keyboard.press(key)

    press("g", "t")
    page.wait_for_url(f"**{address(inbox)}")
    press("j", "j")
    expect(page.locator(":focus")).to_have_text("Order 4711")
    press("k", "o")
    expect(page.get_by_role("heading", level=1)).to_have_text("Invoice 12")
    expect(unread(page)).to_have_text("2")
    press("j")
    expect(page.get_by_role("heading", level=1)).to_have_text("Order 4711")
    expect(unread(page)).to_have_text("1")
    press("u")
    expect(page.locator(".thread.unread")).to_have_count(1)

    press("j", "Shift+U")
    expect(page.locator(".thread.unread h2")).to_have_text(["Invoice 12", "お見積りについて"])
    expect(page.locator(":focus")).to_have_text("Invoice 12")
    press("Enter")
    expect(page.get_by_role("button", name="未読にする", exact=True)).to_be_visible()
    press("Shift+U")
    expect(page.locator(".thread.unread")).to_have_count(2)

    press("/")
    page.keyboard.type("見積り")
    press("Enter")
    expect(subjects(page)).to_have_text(["お見積りについて"])

    page.goto(address(inbox, "?view=filtered"))
    page.get_by_label("Your voucherを選択").focus()
    press("Space")
    page.get_by_role("button", name="選択した会話を一覧に戻す").focus()
    press("Enter")
    expect(page.get_by_role("button", name="元に戻す")).to_be_visible()
    expect(subjects(page)).to_have_text(["Weekly digest"])
    press("?")
    expect(page.get_by_role("dialog").get_by_text("次の会話")).to_be_visible()


def test_without_scripts(open_page, inbox, alice: User):
    page = open_page(address(inbox), user=alice, script=False)

    page.get_by_role("link", name="Order 4711").click()
    page.get_by_role("button", name="Mark as read").click()
    expect(page.locator(".thread.unread")).to_have_count(2)
    page.get_by_role("link", name="Filtered").click()
    page.get_by_label("Select Weekly digest").check()
    page.get_by_role("button", name="Put the selected into the list").click()
    expect(subjects(page)).to_have_text(["Your voucher"])


def test_older_threads_and_folded_mails_come_when_asked_for(open_page, inbox, alice: User):
    long_ago = timezone.now() - timedelta(days=3)
    thread = TeamThread.objects.get(newest__subject="Order 4711")
    arrive(inbox, "Order 4711", into=thread, at=long_ago, body_text="The first words")
    for number in range(50):
        arrive(inbox, f"Old {number}", at=long_ago)
    page = open_page(address(inbox), user=alice)

    page.get_by_role("link", name="Show older conversations").click()
    expect(subjects(page)).to_have_count(53)
    expect(page.locator(":focus")).to_have_text("Old 2")
    page.get_by_role("link", name="Order 4711").click()
    page.locator(".folded-mail summary").click()
    expect(page.get_by_text("The first words", exact=True).last).to_be_visible()


def test_who_manages_becomes_a_member(open_page, accessible, inbox, admin: User):
    page = open_page("/team/", user=admin)
    expect(page.get_by_text("put on record")).to_be_visible()
    accessible(page)

    page.get_by_role("button", name="Become a member").click()

    expect(subjects(page)).to_have_count(3)
    expect(page.locator(".thread.unread")).to_have_count(0)
