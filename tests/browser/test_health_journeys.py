"""A mail server stops: the pages say what happened, it comes back or its password is given anew, and a report says what was recovered."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from crm_project.demo.mail import DemoMail
from inboxes import actions
from inboxes.actions import ConnectionDetails, ServerLogin
from inboxes.models import Inbox, Security
from inboxes.outages import latest_report
from inboxes.sync.engine import Outcome
from logging_rules.actions import set_inbox_policy
from logging_rules.facts import Preset
from logging_rules.slices import sync_slice
from tests.factories.contacts import make_contact
from tests.factories.inboxes import Clock
from tests.fakes.demo_server import DemoServer, demo_server
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS, PASSWORD = "alice@ours.example", "a secret of the mailbox"
SARAH, FRIEND, ALICE = ("Sarah Okafor", "sarah@meridian.example"), ("Mika", "mika@friends.example"), ("Alice", ADDRESS)


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with demo_server({ADDRESS: PASSWORD}) as server:
        yield server


@pytest.fixture
def inbox(alice: User, server) -> Inbox:
    make_contact(*SARAH)
    login = ServerLogin("127.0.0.1", server.imap_port, Security.NONE, ADDRESS)
    inbox = actions.connect_imap_inbox(
        details=ConnectionDetails(ADDRESS, login, PASSWORD), history_since=None, by=alice
    )
    set_inbox_policy(inbox=inbox, preset=Preset.KNOWN, by=alice)
    actions.start(inbox=inbox, by=alice)
    assert work(inbox, Clock(timezone.now() - timedelta(hours=5))) is Outcome.DONE
    return inbox


def work(inbox: Inbox, clock: Clock) -> Outcome:
    """What a worker does, until there is nothing left or it fails."""
    while (outcome := sync_slice(inbox_id=inbox.pk, worker="test", clock=clock).outcome) is Outcome.MORE:
        pass
    return outcome


def deliver(server: DemoServer, *, known: int, others: int) -> None:
    senders = [SARAH] * known + [FRIEND] * others
    server.folders.add(
        ADDRESS,
        [
            DemoMail(timezone.now() - timedelta(hours=3, minutes=number), sender, [ALICE], f"Mail {number}", "Hello.")
            for number, sender in enumerate(senders)
        ],
    )


def test_a_server_that_stopped_and_came_back(open_page, accessible: Callable[[Page], None], alice: User, server, inbox):
    clock = Clock(timezone.now() - timedelta(hours=4))
    server.stop()
    assert work(inbox, clock) is Outcome.FAILED
    page = open_page(f"/inboxes/{inbox.code}/", user=alice)
    expect(page.locator(".callout.warn")).to_contain_text("Server does not accept connections")
    page.locator(".tabs a", has_text="Health").click()
    page.wait_for_url("**/health/")
    expect(page.locator("#history")).to_contain_text("Nothing could be read since")
    accessible(page)

    deliver(server, known=3, others=2)
    server.start()
    clock.now = timezone.now()
    assert work(inbox, clock) is Outcome.DONE
    page.reload()
    expect(page.locator("#history .list")).to_contain_text(
        "5 e-mails recovered (3 logged, 2 left private) · 0 not available"
    )
    expect(page.locator("#history table tbody tr")).to_have_count(1)
    accessible(page)

    page.get_by_role("button", name="Check now").click()
    expect(page.locator("#completeness .badge.busy")).to_be_visible()
    page.get_by_text("How this is counted").click()
    accessible(page)
    for _ in range(2):  # the second is asked for once the first is shown
        page.wait_for_event("response", lambda response: response.url.endswith("/completeness/"))
    expect(page.locator("#how-counted")).to_have_attribute("open", "")
    expect(page.locator("#how-counted summary")).to_be_focused()
    assert work(inbox, Clock(timezone.now() + timedelta(seconds=1))) is Outcome.DONE
    expect(page.locator("#completeness .badge.busy")).to_have_count(0)
    expect(page.locator("#completeness")).to_contain_text("5 of 5 eligible e-mails accounted for")
    page.locator(".tabs a", has_text="Overview").click()
    expect(page.locator(".callout.ok")).to_contain_text("5 e-mails recovered")
    accessible(page)


def test_a_refused_password_given_anew_with_the_keyboard_in_japanese(
    open_page, accessible: Callable[[Page], None], alice: User, server, inbox
):
    User.objects.filter(pk=alice.pk).update(theme="dark", language="ja")
    since = timezone.now() - timedelta(hours=5)
    Inbox.objects.filter(pk=inbox.pk).update(status="needs_reconnect", cause="sign_in_refused", status_since=since)
    deliver(server, known=1, others=2)
    page = open_page("/inboxes/", user=alice, theme="dark", width=390)
    follow(page, re.compile("再接続$"))
    page.wait_for_url("**/reconnect/")
    expect(page.locator(".callout.warn")).to_contain_text("ユーザー名またはパスワードが拒否されました")
    expect(page.locator(".checks").first).to_contain_text("メールとフォルダーの読み取り")
    accessible(page)

    page.locator("[name=password]").focus()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("より後に届いたメールから同期を再開します")
    page.wait_for_url(f"**/inboxes/{inbox.code}/")
    assert work(inbox, Clock(timezone.now())) is Outcome.DONE
    page.reload()
    expect(page.locator(".callout.ok")).to_contain_text("3件を復旧")
    accessible(page)
    assert (latest_report(inbox).recovered, latest_report(inbox).is_reconnected) == (3, True)
    follow(page, "状態")
    page.wait_for_url("**/health/")
    accessible(page)
    follow(page, "候補")
    page.wait_for_url("**/suggestions/")
    expect(page.locator(".tabs > [aria-current]")).to_be_in_viewport(ratio=1)


def follow(page: Page, name: str | re.Pattern[str]) -> None:
    """A link, as somebody without a mouse does."""
    page.get_by_role("link", name=name).first.focus()
    page.keyboard.press("Enter")
