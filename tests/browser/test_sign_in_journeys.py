"""Connecting and reconnecting by signing in at Google and Microsoft, in a browser, against stand-ins for both."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from crm_project.demo.microsoft.directory import ConsentPolicy
from inboxes.models import Credential, Inbox, InboxStatus
from tests.fakes.google import FakeGoogle
from tests.fakes.microsoft import FakeMicrosoft
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)
YUKI, HARUKA = "yuki@minato.example", "haruka@minato.example"
LOOKS = [("light", "en", 1440), ("dark", "ja", 390)]


class AtGoogle:
    """What a person does on Google's pages."""

    kind, name = "google", "Google"

    def __init__(self, fake: FakeGoogle) -> None:
        self.fake = fake

    def choose(self, page: Page, address: str) -> None:
        page.locator(f"button[name=account][value='{address}']").click()

    def allow(self, page: Page) -> None:
        page.locator("button[value=allow]").click()

    def untick(self, page: Page) -> None:
        page.locator("input[name=scope]").uncheck()

    def cancel(self, page: Page, address: str) -> None:
        self.choose(page, address)
        page.locator("button[value=cancel]").click()


class AtMicrosoft:
    """What a person does on Microsoft's pages."""

    kind, name = "microsoft", "Microsoft"

    def __init__(self, fake: FakeMicrosoft) -> None:
        self.fake = fake

    def choose(self, page: Page, address: str) -> None:
        page.locator(f"button[name=account][value='{self.fake.account(address).id}']").click()

    def allow(self, page: Page) -> None:
        page.locator("button[value=consent]").click()

    def untick(self, page: Page) -> None:
        page.locator("input[name=scope][value='Mail.Read']").uncheck()

    def cancel(self, page: Page, address: str) -> None:
        page.locator("button[value=cancel]").click()


@pytest.fixture
def at_google(google, settings, live_server) -> AtGoogle:
    google.client.redirect_uris.append(f"{live_server.url}/inboxes/oauth/google/callback")
    for address in (YUKI, HARUKA):
        google.mailbox(address)
    return AtGoogle(google)


@pytest.fixture
def at_microsoft(microsoft, settings) -> AtMicrosoft:
    for name, value in microsoft.environment().items():
        setattr(settings, name, value)
    for address in (YUKI, HARUKA):
        microsoft.mailbox(address)
    return AtMicrosoft(microsoft)


@pytest.fixture(params=["google", "microsoft"])
def there(request, settings, live_server) -> AtGoogle | AtMicrosoft:
    settings.BASE_URL = live_server.url
    return request.getfixturevalue(f"at_{request.param}")


@pytest.fixture
def page(open_page, alice: User, there) -> Page:
    """Each provider in one of the looks; the pages that need no journey are seen in all of them by `test_pages`."""
    theme, language, width = LOOKS[there.kind == "microsoft"]
    User.objects.filter(pk=alice.pk).update(theme=theme, language=language)
    return open_page("/inboxes/connect/", user=alice, theme=theme, width=width)


def go(page: Page, there: AtGoogle | AtMicrosoft) -> None:
    """From the first page to the provider's."""
    page.locator(f"a.btn[href='/inboxes/oauth/{there.kind}/']").click()
    page.wait_for_url(f"**/inboxes/oauth/{there.kind}/")
    jump(page, there)


def jump(page: Page, there: AtGoogle | AtMicrosoft) -> None:
    """From the page that says what is asked for."""
    page.locator(".page form .btn.primary").click()
    page.wait_for_url(f"{there.fake.url}/**")


def is_back(page: Page, place: str) -> None:
    """At a place of ours, with nothing of the answer in the address bar or behind the back button."""
    page.wait_for_url(f"**{place}")
    assert urlsplit(page.url).query == ""
    history = page.context.new_cdp_session(page).send("Page.getNavigationHistory")["entries"]
    assert [entry["url"] for entry in history if "/callback" in entry["url"]] == []


def test_a_mailbox_is_connected_and_the_wizard_goes_on(page, accessible: Callable[[Page], None], alice, there):
    accessible(page)
    page.locator(f"a.btn[href='/inboxes/oauth/{there.kind}/']").click()
    page.wait_for_url(f"**/inboxes/oauth/{there.kind}/")
    accessible(page)
    jump(page, there)
    there.choose(page, YUKI)
    there.allow(page)

    expect(page.locator(".toast")).to_contain_text(YUKI)
    is_back(page, "/logging/")
    inbox = Inbox.objects.get()
    assert (inbox.address, inbox.owner, inbox.status) == (YUKI, alice, InboxStatus.CONNECTING)
    accessible(page)


def test_what_was_unticked_is_named_and_one_button_tries_again(page, accessible: Callable[[Page], None], there):
    go(page, there)
    there.choose(page, YUKI)
    there.untick(page)
    there.allow(page)

    is_back(page, f"/inboxes/oauth/{there.kind}/stopped/")
    expect(page.locator(".facts > div")).to_have_count(1)
    accessible(page)
    assert Inbox.objects.count() == 0

    jump(page, there)
    there.choose(page, YUKI)
    there.allow(page)
    is_back(page, "/logging/")


def test_the_wrong_account_is_named_and_the_right_one_chosen_then(page, accessible: Callable[[Page], None], there):
    there.fake.mailbox("yuki@gmail.com" if there.kind == "google" else "yuki@outlook.jp")
    typed = "yuki@gmail.com" if there.kind == "google" else "yuki@outlook.jp"
    page.locator("[name=address]").fill(typed)
    page.locator("form.form .btn.primary").click()
    page.wait_for_url(f"**/inboxes/oauth/{there.kind}/")
    expect(page.locator("h1")).to_contain_text(typed)
    accessible(page)
    jump(page, there)
    there.choose(page, HARUKA)
    there.allow(page)

    is_back(page, f"/inboxes/oauth/{there.kind}/stopped/")
    assert page.locator(".facts dd").all_inner_texts() == [typed, HARUKA]
    accessible(page)
    jump(page, there)
    there.choose(page, typed)
    there.allow(page)
    is_back(page, "/logging/")
    assert Inbox.objects.get().address == typed


def test_who_cancels_loses_nothing(page, accessible: Callable[[Page], None], there):
    go(page, there)
    there.cancel(page, YUKI)

    is_back(page, f"/inboxes/oauth/{there.kind}/stopped/")
    accessible(page)
    page.locator(".page .actions > a.btn").click()
    page.wait_for_url("**/inboxes/connect/")
    assert Inbox.objects.count() == 0


def test_an_inbox_is_reconnected_with_its_own_account_only(page, accessible: Callable[[Page], None], there):
    go(page, there)
    there.choose(page, YUKI)
    there.allow(page)
    is_back(page, "/logging/")
    Inbox.objects.update(status=InboxStatus.NEEDS_RECONNECT, cause="access_revoked")
    before = Credential.objects.get().secret

    page.goto("/inboxes/")
    page.locator(".item .btn.primary").click()
    page.wait_for_url("**/reconnect/")
    expect(page.locator(".callout.warn")).to_be_visible()
    accessible(page)
    jump(page, there)
    there.choose(page, HARUKA)
    there.allow(page)
    is_back(page, f"/inboxes/oauth/{there.kind}/stopped/")
    assert page.locator(".facts dd").all_inner_texts() == [YUKI, HARUKA]
    accessible(page)
    assert Credential.objects.get().secret == before

    jump(page, there)
    there.choose(page, YUKI)
    if there.kind == "google":
        there.allow(page)
    is_back(page, f"/inboxes/{Inbox.objects.get().code}/")
    assert Credential.objects.get().secret != before
    assert Inbox.objects.get().status == InboxStatus.DEGRADED
    accessible(page)


@pytest.mark.parametrize(("theme", "language", "width"), LOOKS)
def test_an_administrator_is_asked_with_a_text_that_is_ready(
    open_page, accessible, alice, settings, live_server, at_microsoft, theme, language, width
):
    settings.BASE_URL = live_server.url
    User.objects.filter(pk=alice.pk).update(theme=theme, language=language)
    tenant = at_microsoft.fake.tenant("minato.example", policy=ConsentPolicy.ADMINISTRATOR)
    page = open_page("/inboxes/connect/", user=alice, theme=theme, width=width)
    go(page, at_microsoft)
    at_microsoft.choose(page, YUKI)
    page.locator("button[value=return]").click()

    is_back(page, "/inboxes/oauth/microsoft/stopped/")
    accessible(page)
    letter = page.locator("#for-admin").input_value()
    [link] = [line for line in letter.splitlines() if line.startswith("http")]
    assert alice.name in letter

    at_microsoft.fake.account(HARUKA).is_administrator = True
    administrator = open_page("/accounts/login/", width=width)
    administrator.goto(link)
    administrator.locator("button[name=account]").click()
    is_back(administrator, "/inboxes/oauth/microsoft/approved/")
    accessible(administrator)
    assert tenant.granted

    jump(page, at_microsoft)
    at_microsoft.choose(page, YUKI)
    is_back(page, "/logging/")
