"""Connecting a mailbox on a real server, as people do it: with mistakes, with the keyboard, on a phone, in Japanese, without scripts."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from crm_project.demo.mail import DemoMail
from inboxes import actions
from inboxes.actions import ConnectionDetails, ServerLogin
from inboxes.models import Credential, Inbox, InboxStatus, MailServer, Message, Protocol, Security
from inboxes.sync.engine import Outcome
from logging_rules.slices import sync_slice
from tests.browser.keyboard import press, tab_to
from tests.factories.contacts import make_contact
from tests.factories.users import PASSWORD as SIGN_IN_PASSWORD
from tests.fakes.demo_server import DemoServer, demo_server
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS, PASSWORD = "alice@ours.example", "a secret of the mailbox"
ALICE, SARAH, FRIEND = (
    ("Alice Mori", ADDRESS),
    ("Sarah Okafor", "sarah@meridian.example"),
    ("Mika", "mika@friends.example"),
)
QUOTE, PRIVATE = "Revised quote", "[Private] Please keep this to yourself"


@pytest.fixture
def server() -> Iterator[DemoServer]:
    """Alice's mailbox: two mails with Sarah, who is a contact, and a private one."""
    with demo_server({ADDRESS: PASSWORD}) as server:
        now = timezone.now()
        quote = DemoMail(now - timedelta(days=3), SARAH, [ALICE], QUOTE, "The price works for us.")
        answer = DemoMail(
            now - timedelta(days=2), ALICE, [SARAH], f"Re: {QUOTE}", "Thank you.", folder="Sent", reply_to=quote
        )
        private = DemoMail(now - timedelta(days=1), FRIEND, [ALICE], PRIVATE, "I have decided to leave.")
        server.folders.add(ADDRESS, [quote, answer, private])
        yield server


@pytest.fixture
def sarah(db: None) -> None:
    make_contact(*SARAH)


def enter_address(page: Page, address: str = ADDRESS) -> None:
    page.locator("[name=address]").fill(address)
    page.locator("form.form .btn.primary").click()
    page.wait_for_url("**/connect/server/")


def enter_servers(page: Page, server: DemoServer, *, password: str = PASSWORD) -> None:
    if page.locator("[name=imap_host]").is_hidden():
        page.locator("details.fold summary").click()
    for name, port in (("imap", server.imap_port), ("smtp", server.smtp_port)):
        page.locator(f"[name={name}_host]").fill("127.0.0.1")
        page.locator(f"[name={name}_port]").fill(str(port))
        page.locator(f"[name={name}_security]").select_option("none")
    enter_password(page, password)


def enter_password(page: Page, password: str) -> None:
    page.locator("[name=password]").fill(password)
    page.locator("form.form .btn.primary").click()


def work(inbox: Inbox) -> None:
    """What a worker does, to the end."""
    while True:
        report = sync_slice(inbox_id=inbox.pk, worker="test")
        if report.outcome is Outcome.DONE:
            return
        assert report.outcome is Outcome.MORE


def connected(alice: User, server: DemoServer) -> Inbox:
    imap = ServerLogin("127.0.0.1", server.imap_port, Security.NONE, ADDRESS)
    details = ConnectionDetails(ADDRESS, imap, PASSWORD)
    inbox = actions.connect_imap_inbox(details=details, history_since=None, by=alice)
    actions.start(inbox=inbox, by=alice)
    work(inbox)
    return inbox


@pytest.mark.parametrize(("theme", "language", "width"), [("light", "en", 1440), ("dark", "ja", 390)])
def test_from_the_address_to_what_was_logged(
    open_page, accessible: Callable[[Page], None], alice: User, server, sarah, theme, language, width
):
    User.objects.filter(pk=alice.pk).update(theme=theme, language=language)
    page = open_page("/inboxes/connect/", user=alice, width=width)
    enter_address(page)
    enter_servers(page, server, password="not this one")
    expect(page.locator(".checks .failed")).to_have_count(1)
    accessible(page)
    assert page.locator("[name=password]").input_value() == ""
    assert page.locator("[name=imap_port]").input_value() == str(server.imap_port)

    enter_password(page, PASSWORD)
    expect(page.locator(".checks .done")).to_have_count(5)
    accessible(page)
    page.locator(".page .btn.primary").click()
    page.locator("input[value=known]").check()
    page.locator("input[value='30']").check(force=True)
    accessible(page)
    page.locator("form.form .btn.primary").click()

    expect(page.locator("#dry-run .badge.ok")).to_be_visible()
    expect(page.locator("#samples")).to_contain_text(PRIVATE)
    expect(page.locator(".compare .sum .chosen")).to_have_text(["2", "1"])
    accessible(page)
    page.locator(".page-head .btn.primary").click()

    expect(page.locator(".badge.busy")).to_be_visible()
    inbox = Inbox.objects.get()
    work(inbox)
    expect(page.locator(".badge.busy")).to_have_count(0)
    expect(page.locator(".stat dd").nth(1)).to_have_text("2")
    accessible(page)
    assert sorted(Message.objects.values_list("subject", flat=True)) == [f"Re: {QUOTE}", QUOTE]
    assert (inbox.owner, inbox.servers.count()) == (alice, 2)


def test_the_keyboard_is_enough_in_japanese(open_page, alice: User, server, sarah):
    User.objects.filter(pk=alice.pk).update(language="ja")
    page = open_page("/inboxes/connect/", user=alice)
    expect(page.locator("[name=address]")).to_be_focused()
    page.keyboard.type(ADDRESS)
    page.keyboard.press("Enter")
    page.wait_for_url("**/connect/server/")
    tab_to(page, page.locator("[name=password]"))
    page.keyboard.type(PASSWORD)
    for text in ("", "", "127.0.0.1", str(server.imap_port)):  # past "show password" and the fold
        page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.keyboard.press("Tab")
    page.keyboard.press("End")  # no encryption
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".checks .done")).to_have_count(3)
    expect(page.get_by_role("link", name="ログに記録する範囲を選ぶ")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/logging/")
    tab_to(page, page.locator("input[value=replies]"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/preview/")
    press(page, page.locator(".page-head .btn.primary"))

    expect(page.locator(".badge.busy")).to_be_visible()
    assert Inbox.objects.get().logging_policy.preset == "known"


def test_everything_works_without_scripts(open_page, alice: User, server, sarah):
    page = open_page("/inboxes/connect/", user=alice, script=False)
    enter_address(page)
    enter_servers(page, server)
    page.locator(".page .btn.primary").click()
    page.locator("input[value=known]").check()
    page.locator("form.form .btn.primary").click()
    page.wait_for_url("**/preview/")
    for _ in range(10):
        if page.get_by_text("Counted to the end").count():
            break
        with page.expect_navigation():
            page.get_by_role("button", name="Count on").click()
    expect(page.locator(".compare .sum .chosen")).to_have_text(["2", "1"])
    page.get_by_role("button", name="Start logging").click()
    page.wait_for_url(f"**/inboxes/{Inbox.objects.get().code}/")
    page.goto("/inboxes/")
    page.get_by_role("link", name=ADDRESS, exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text(ADDRESS)
    assert Inbox.objects.get().status == InboxStatus.ACTIVE


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("imap.nowhere.example", "Server name not found"),
        ("10.0.0.1", "Server is in a private network"),
        ("not a host", "Check the name"),
    ],
)
def test_a_wrong_server_is_named_and_nothing_is_kept(open_page, alice: User, server, host, words):
    page = open_page("/inboxes/connect/", user=alice)
    enter_address(page)
    page.locator("[name=imap_host]").fill(host)
    enter_password(page, PASSWORD)

    expect(page.get_by_text(words).first).to_be_visible()
    assert page.locator("[name=imap_host]").input_value() == host
    assert PASSWORD not in page.content()
    assert Inbox.objects.count() == 0


def test_a_server_that_is_down_is_tried_again_when_it_is_back(open_page, alice: User, server):
    server.stop()
    page = open_page("/inboxes/connect/", user=alice)
    enter_address(page)
    enter_servers(page, server)
    expect(page.get_by_text("Server does not accept connections").first).to_be_visible()

    server.start()
    enter_password(page, PASSWORD)

    expect(page.get_by_role("heading", name="The connection works")).to_be_visible()


def test_reading_works_although_sending_does_not_and_sending_is_set_up_later(open_page, alice: User, server):
    page = open_page("/inboxes/connect/", user=alice)
    enter_address(page)
    page.locator("[name=smtp_host]").fill("127.0.0.1")
    closed = DemoServer(server.home, server.imap_port, smtp_port=1)
    enter_servers(page, closed)
    expect(page.get_by_role("heading", name="Sending does not work yet")).to_be_visible()
    assert not MailServer.objects.filter(protocol=Protocol.SMTP).exists()

    page.get_by_role("link", name="Set up sending").click()
    page.locator("[name=smtp_host]").fill("127.0.0.1")
    page.locator("[name=smtp_port]").fill(str(server.smtp_port))
    page.locator("[name=smtp_security]").select_option("none")
    page.get_by_role("button", name="Test and save").click()
    page.wait_for_url("**/reauthenticate/**")
    page.get_by_label("Password", exact=True).fill(SIGN_IN_PASSWORD)  # the password of the mailbox goes to a new server
    page.locator("form.form .btn.primary").click()
    page.wait_for_url("**/logging/")

    assert MailServer.objects.get(protocol=Protocol.SMTP).port == server.smtp_port


def test_what_was_left_half_way_is_continued_or_discarded(open_page, alice: User, server):
    page = open_page("/inboxes/connect/", user=alice)
    enter_address(page)
    enter_servers(page, server)
    expect(page.get_by_role("heading", name="The connection works")).to_be_visible()

    page.goto("/inboxes/")
    page.get_by_role("link", name="Continue").click()
    page.wait_for_url("**/logging/")
    page.goto("/inboxes/")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("link", name="Discard…").click()
    page.get_by_role("dialog").get_by_role("button", name="Discard").click()

    expect(page.get_by_text("No inbox yet")).to_be_visible()
    assert (Inbox.objects.count(), Credential.objects.count()) == (0, 0)


def test_a_changed_password_is_tested_before_it_replaces_the_old_one(open_page, alice: User, server, sarah):
    inbox = connected(alice, server)
    server.folders.create({ADDRESS: "the new one"})
    Inbox.objects.update(status=InboxStatus.NEEDS_RECONNECT, cause="sign_in_refused")
    page = open_page("/inboxes/", user=alice)
    page.get_by_role("link", name="Reconnect").click()
    enter_password(page, "mistyped")
    expect(page.locator(".checks .failed")).to_contain_text("User name or password refused")
    assert Credential.objects.get().secret == PASSWORD

    enter_password(page, "the new one")
    page.wait_for_url(f"**/inboxes/{inbox.code}/")
    work(inbox)
    page.reload()

    expect(page.locator(".page-head .badge.ok")).to_be_visible()
    assert Credential.objects.get().secret == "the new one"


def test_pausing_and_disconnecting_stop_at_once_and_can_be_undone(open_page, alice: User, server, sarah):
    inbox = connected(alice, server)
    page = open_page(f"/inboxes/{inbox.code}/", user=alice)
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".page-head .badge.warn")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".page-head .badge.ok")).to_be_visible()

    page.get_by_role("button", name="More actions").click()
    page.get_by_role("link", name="Disable…").click()
    page.get_by_role("dialog").get_by_role("button", name="Yes, disable it").click()

    expect(page.get_by_role("button", name="Enable")).to_be_visible()
    inbox.refresh_from_db()
    assert inbox.status == InboxStatus.DISABLED
    assert Message.objects.count() == 0
