"""Handing an inbox to the team and taking it back, and reading it through another provider."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from inboxes.models import Credential, CredentialKind, Inbox, InboxKind, InboxMember, InboxStatus, ProviderKind
from inboxes.oauth.grants import Grant
from inboxes.oauth.scopes import GMAIL_READ
from tests.browser.hands import Hand
from tests.factories.inboxes import at_mail_server, connected_inbox
from tests.fakes.dovecot import Mailbox
from tests.fakes.microsoft import FakeMicrosoft
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)
YUKI = "yuki@minato.example"


@pytest.fixture
def owner(alice: User, hand: Hand) -> User:
    alice.account_access = True
    alice.save()
    return hand.of(alice)


@pytest.fixture
def inbox(owner: User, mailbox: Mailbox) -> Inbox:
    """Its server answers: nothing is handed over before all mail has been read."""
    return at_mail_server(connected_inbox(owner, YUKI), mailbox.settings)


def choose(page: Page, hand: Hand, english: str, japanese: str) -> None:
    """From the menu of the inbox."""
    hand.press(page.get_by_role("button", name=hand.reads(f"More actions for {YUKI}", f"{YUKI} のその他の操作")))
    hand.press(page.get_by_role("link", name=hand.reads(english, japanese)))


def test_a_personal_inbox_is_handed_to_the_team(
    open_page, accessible: Callable[[Page], None], hand: Hand, owner, bob, inbox
):
    page = open_page(f"/inboxes/{inbox.code}/", user=owner, **hand.look)
    choose(page, hand, "Make it a team inbox…", "チームのEメールにする…")
    hand.fill(page.get_by_label(hand.reads("Name of the inbox", "名前"), exact=True), "Support")
    hand.tick(page.get_by_label(bob.name))
    if hand.language == "en":
        accessible(page)
    hand.press(page.get_by_role("button", name=hand.reads("See what colleagues will see", "同僚に見える内容を確認")))

    stays = hand.reads("What is private today stays private", "今非公開のメールは非公開のままです")
    expect(page.get_by_role("heading", name=stays)).to_be_visible()
    if hand.language == "en":
        accessible(page)
    yes = page.get_by_role("button", name=hand.reads("Make it a team inbox", "チームのEメールにする"))
    hand.press(yes)
    expect(page.locator("#agreed-error")).to_contain_text(
        hand.reads("without your consent", "同意がなければ何も変更しません")
    )
    agreed = (
        "I agree that members read this mailbox from then on",
        "以後、メンバーがこのメールボックスを読むことに同意します",
    )
    hand.tick(page.get_by_label(hand.reads(*agreed)))
    hand.press(yes)

    expect(page.locator("h1")).to_contain_text("Support")
    assert set(InboxMember.objects.values_list("person", flat=True)) == {owner.pk, bob.pk}


def test_a_team_inbox_becomes_personal(
    open_page, accessible: Callable[[Page], None], hand: Hand, owner, bob, inbox, mailbox
):
    Inbox.objects.filter(pk=inbox.pk).update(kind=InboxKind.TEAM, name="Support")
    InboxMember.objects.create(inbox=inbox, person=bob)
    page = open_page(f"/inboxes/{inbox.code}/", user=owner, **hand.look)
    choose(page, hand, "Make it my personal inbox…", "個人用Eメールにする…")
    title = hand.reads("Make Support my personal inbox", "Support を個人用Eメールにする")
    expect(page.locator("h1")).to_have_text(title)
    if hand.language == "ja":
        accessible(page)
    hand.fill(page.locator("input[name=password]"), mailbox.settings.password)
    yes = page.get_by_role("button", name=hand.reads("Make it my personal inbox", "個人用Eメールにする"))
    hand.press(yes)
    agreed = page.locator("input[name=agreed]")
    expect(agreed).to_have_attribute("aria-invalid", "true")
    hand.fill(page.locator("input[name=password]"), mailbox.settings.password)
    hand.tick(agreed)
    hand.press(yes)

    page.wait_for_url("**/logging/")
    own = Inbox.objects.get()
    assert (own.kind, own.owner) == (InboxKind.PERSONAL, owner)


@pytest.fixture
def at_microsoft(microsoft, settings, live_server) -> FakeMicrosoft:
    settings.BASE_URL = live_server.url
    microsoft.mailbox(YUKI)
    return microsoft


def sign_in_there(page: Page, hand: Hand, microsoft: FakeMicrosoft) -> None:
    """And back: the old connection has ended."""
    hand.press(page.get_by_role("button", name=hand.reads("Switch to Microsoft 365", "Microsoft 365 に切り替える")))
    page.wait_for_url(f"{microsoft.url}/**")
    hand.press(page.locator(f"button[name=account][value='{microsoft.account(YUKI).id}']"))
    hand.press(page.locator("button[value=consent]"))
    ended = hand.reads("the old connection has ended", "以前の接続を終了しました")
    expect(page.locator(".toast")).to_contain_text(ended)
    assert Inbox.objects.get().provider == ProviderKind.GRAPH


def test_gmail_gives_way_to_microsoft_and_the_owner_sees_it(open_page, hand: Hand, google, at_microsoft, owner):
    inbox = connected_inbox(owner, YUKI, provider=ProviderKind.GMAIL)
    grant = Grant("a", "r", expires_at=timezone.now() + timedelta(hours=1), scopes=tuple(GMAIL_READ))
    Credential.objects.create(inbox=inbox, kind=CredentialKind.GOOGLE, secret=grant.to_secret(), account_id="1")
    page = open_page(f"/inboxes/{inbox.code}/", user=owner, **hand.look)
    choose(page, hand, "Another provider…", "プロバイダーを切り替える…")
    sign_in_there(page, hand, at_microsoft)


def test_a_mail_server_is_disabled_first_and_then_left_for_microsoft(open_page, hand: Hand, at_microsoft, owner, inbox):
    page = open_page("/inboxes/connect/?kind=personal", user=owner, **hand.look)
    hand.fill(page.get_by_label(hand.reads("E-mail address of the mailbox", "メールボックスのアドレス")), YUKI)
    hand.press(page.get_by_role("button", name=hand.reads("Continue", "続ける")))
    hand.press(
        page.get_by_role("link", name=hand.reads("Read it through another provider", "別のプロバイダーに切り替える"))
    )
    offered = page.locator(".item", has_text="Microsoft 365")
    expect(offered).to_contain_text(hand.reads("Disable the inbox first", "先に受信トレイを無効にしてください"))
    hand.press(offered.get_by_role("link", name=hand.reads("Disable…", "無効にする…")))
    expect(page.locator("h1")).to_have_text(hand.reads(f"Disable {YUKI}?", f"{YUKI} を無効にしますか？"))
    hand.press(page.get_by_role("button", name=hand.reads("Yes, disable it", "はい、無効にします")))
    expect(page.get_by_role("button", name=hand.reads("Enable", "有効にする"), exact=True)).to_be_visible()
    assert Inbox.objects.get().status == InboxStatus.DISABLED

    choose(page, hand, "Another provider…", "プロバイダーを切り替える…")
    sign_in_there(page, hand, at_microsoft)
