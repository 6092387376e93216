"""The procedures of the source documents, where they have them: General → E-mail, and Inbox settings → Channels, from the row itself."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from inboxes.models import Credential, CredentialKind, Inbox, InboxStatus, ProviderKind
from inboxes.oauth.grants import Grant
from inboxes.oauth.scopes import GMAIL_READ
from tests.browser.keyboard import press
from tests.browser.test_life_journeys import ADDRESS, inbox
from tests.factories.conversations import team_inbox
from tests.factories.inboxes import connected_inbox
from tests.fakes.microsoft import FakeMicrosoft
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)
YUKI = "yuki@minato.example"
__all__ = ["inbox"]


def test_a_row_shows_disable_under_the_pointer_then_remove(open_page, alice: User, inbox):
    page = open_page("/profile/", user=alice)
    page.get_by_role("link", name="E-mail", exact=True).click()
    row = page.locator(".item", has_text=ADDRESS)
    row.hover()
    row.get_by_role("link", name=f"Disable {ADDRESS}").click()
    page.get_by_role("button", name="Yes, disable it").click()
    expect(page.locator(".item.off")).to_contain_text("Disabled")

    page.locator(".item.off").hover()
    page.get_by_role("link", name=f"Remove {ADDRESS}").click()
    page.get_by_role("button", name="Yes, remove inbox").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{ADDRESS} was removed")
    assert (Inbox.objects.count(), Credential.objects.count()) == (0, 0)


def test_channels_lead_to_delete_by_the_keyboard_alone_in_japanese(open_page, admin: User):
    User.objects.filter(pk=admin.pk).update(language="ja")
    team_inbox(admin, owner=admin)
    page = open_page("/profile/", user=admin)
    press(page, page.get_by_role("link", name="チャネル", exact=True))
    page.wait_for_url("**/inboxes/channels/")
    press(page, page.locator("a.revealed"))
    press(page, page.get_by_role("button", name="はい、削除"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Support を削除しました")
    assert Inbox.objects.count() == 0


def test_channels_lead_to_delete_under_the_pointer(open_page, admin: User, accessible: Callable[[Page], None]):
    team = team_inbox(admin, owner=admin)
    page = open_page("/inboxes/channels/", user=admin)
    row = page.locator(".item", has_text=team.address)
    row.hover()
    row.locator("a.revealed").click()
    accessible(page)
    page.get_by_role("button", name="Yes, delete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Support was removed")


@pytest.fixture
def at_microsoft(microsoft, settings, live_server) -> FakeMicrosoft:
    settings.BASE_URL = live_server.url
    for name, value in microsoft.environment().items():
        setattr(settings, name, value)
    microsoft.mailbox(YUKI)
    return microsoft


def test_gmail_is_left_for_microsoft_by_the_keyboard_alone_in_japanese(open_page, google, at_microsoft, alice: User):
    User.objects.filter(pk=alice.pk).update(language="ja", theme="dark")
    inbox = connected_inbox(alice, YUKI, provider=ProviderKind.GMAIL)
    grant = Grant("a", "r", expires_at=timezone.now() + timedelta(hours=1), scopes=tuple(GMAIL_READ))
    Credential.objects.create(inbox=inbox, kind=CredentialKind.GOOGLE, secret=grant.to_secret(), account_id="1")
    page = open_page(f"/inboxes/{inbox.code}/", user=alice, language="ja", theme="dark", width=390)
    press(page, page.get_by_role("button", name=f"{YUKI} のその他の操作"))
    press(page, page.get_by_role("link", name="プロバイダーを切り替える…"))
    press(page, page.get_by_role("button", name="Microsoft 365 に切り替える"))
    page.wait_for_url(f"{at_microsoft.url}/**")
    press(page, page.locator(f"button[name=account][value='{at_microsoft.account(YUKI).id}']"))
    press(page, page.locator("button[value=consent]"))
    expect(page.locator(".toast")).to_contain_text("以前の接続を終了しました")
    assert Inbox.objects.get().provider == ProviderKind.GRAPH


def test_a_mail_server_is_disabled_first_and_then_left_for_microsoft(open_page, at_microsoft, alice: User, inbox):
    Inbox.objects.filter(pk=inbox.pk).update(address=YUKI)
    page = open_page("/inboxes/connect/", user=alice)
    page.get_by_label("E-mail address of the mailbox").fill(YUKI)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("link", name="Read it through another provider").click()
    page.locator(".item", has_text="Microsoft 365").get_by_role("link", name="Disable…").click()
    page.get_by_role("button", name="Yes, disable it").click()
    expect(page.locator(".toast")).to_contain_text("Disabled.")
    assert Inbox.objects.get().status == InboxStatus.DISABLED

    page.goto(f"/inboxes/{inbox.code}/switch/")
    page.get_by_role("button", name="Switch to Microsoft 365").click()
    page.locator(f"button[name=account][value='{at_microsoft.account(YUKI).id}']").click()
    page.locator("button[value=consent]").click()
    expect(page.locator(".toast")).to_contain_text("the old connection has ended")
    assert Inbox.objects.get().provider == ProviderKind.GRAPH
