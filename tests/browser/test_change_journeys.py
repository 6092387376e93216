"""Handing an inbox to the team and taking it back, and reading it through another provider: by mouse, and by the keyboard alone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from inboxes.models import Credential, CredentialKind, Inbox, InboxKind, InboxMember, ProviderKind
from inboxes.oauth.grants import Grant
from inboxes.oauth.scopes import GMAIL_READ
from tests.browser.keyboard import press, tab_to
from tests.factories.inboxes import at_mail_server, connected_inbox
from tests.fakes.dovecot import Mailbox
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)
YUKI = "yuki@minato.example"


@pytest.fixture
def owner(alice: User) -> User:
    alice.account_access = True
    alice.save()
    return alice


@pytest.fixture
def inbox(owner: User, mailbox: Mailbox) -> Inbox:
    """Its server answers: nothing is handed over before all mail has been read."""
    return at_mail_server(connected_inbox(owner, YUKI), mailbox.settings)


def test_a_personal_inbox_is_handed_to_the_team_by_mouse(
    open_page, accessible: Callable[[Page], None], owner, bob, inbox
):
    page = open_page(f"/inboxes/{inbox.code}/", user=owner)
    page.get_by_role("button", name=f"More actions for {YUKI}").click()
    page.get_by_role("link", name="Make it a team inbox…").click()
    accessible(page)
    page.get_by_label("Name of the inbox").fill("Support")
    page.get_by_label(bob.name).check()
    page.get_by_role("button", name="See what colleagues will see").click()

    expect(page.get_by_role("heading", name="What is private today stays private")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Make it a team inbox").click()
    expect(page.locator("#agreed-error")).to_contain_text("without your consent")
    page.get_by_label("I agree that members read this mailbox from then on").check()
    page.get_by_role("button", name="Make it a team inbox").click()

    expect(page.locator("h1")).to_contain_text("Support")
    assert set(InboxMember.objects.values_list("person", flat=True)) == {owner.pk, bob.pk}


def test_a_team_inbox_becomes_personal_by_the_keyboard_alone_in_japanese(
    open_page, accessible: Callable[[Page], None], owner, bob, inbox, mailbox
):
    Inbox.objects.filter(pk=inbox.pk).update(kind=InboxKind.TEAM, name="サポート")
    InboxMember.objects.create(inbox=inbox, person=bob)
    User.objects.filter(pk=owner.pk).update(language="ja", theme="dark")
    page = open_page(f"/inboxes/{inbox.code}/convert/", user=owner, theme="dark", language="ja", width=390)
    expect(page.locator("h1")).to_have_text("サポート を個人用Eメールにする")
    accessible(page)
    tab_to(page, page.locator("input[name=password]"))
    page.keyboard.type(mailbox.settings.password)
    press(page, page.locator("input[name=agreed]"), "Space")
    press(page, page.locator(".page form .btn.primary"))

    page.wait_for_url("**/logging/")
    own = Inbox.objects.get()
    assert (own.kind, own.owner) == (InboxKind.PERSONAL, owner)


def test_gmail_gives_way_to_microsoft_and_the_owner_sees_it(open_page, google, microsoft, settings, owner, live_server):
    settings.BASE_URL = live_server.url
    for name, value in microsoft.environment().items():
        setattr(settings, name, value)
    microsoft.mailbox(YUKI)
    inbox = connected_inbox(owner, YUKI, provider=ProviderKind.GMAIL)
    grant = Grant("a", "r", expires_at=timezone.now() + timedelta(hours=1), scopes=tuple(GMAIL_READ))
    Credential.objects.create(inbox=inbox, kind=CredentialKind.GOOGLE, secret=grant.to_secret(), account_id="1")

    page = open_page(f"/inboxes/{inbox.code}/", user=owner)
    page.get_by_role("button", name=f"More actions for {YUKI}").click()
    page.get_by_role("link", name="Another provider…").click()
    page.get_by_role("button", name="Switch to Microsoft 365").click()
    page.locator(f"button[name=account][value='{microsoft.account(YUKI).id}']").click()
    page.locator("button[value=consent]").click()

    page.wait_for_url(f"**/inboxes/{inbox.code}/")
    expect(page.locator(".toast")).to_contain_text("the old connection has ended")
    assert Inbox.objects.get().provider == ProviderKind.GRAPH
