"""The story of somebody who connected an address for work and private mail: why was this logged, how do I stop it, how do I take it
back, and how do I know that nobody sees it any more?"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from contacts.models import Contact
from crm_project.demo.mail import DemoMail
from inboxes import actions
from inboxes.actions import ConnectionDetails, ServerLogin
from inboxes.models import Inbox, Message, Security, Sighting
from inboxes.sync.engine import Outcome
from logging_rules.actions import finish_past_changes, set_inbox_policy
from logging_rules.facts import Preset
from logging_rules.models import NeverLogEntry
from logging_rules.slices import sync_slice
from tests.factories.contacts import make_contact
from tests.fakes.demo_server import DemoServer, demo_server
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS, PASSWORD = "alice@ours.example", "a secret of the mailbox"
ALICE, SARAH, CLINIC = (
    ("Alice Mori", ADDRESS),
    ("Sarah Okafor", "sarah@meridian.example"),
    ("Clinic 森クリニック", "info@clinic.example"),
)
QUOTE, RESULTS, LATER = "Revised quote", "検査の結果について", "再検査のお知らせ"
LOOKS = [("light", "en", 1440), ("dark", "ja", 390)]


@pytest.fixture
def server() -> Iterator[DemoServer]:
    """A mixed mailbox: Sarah's offer, and what the clinic writes."""
    with demo_server({ADDRESS: PASSWORD}) as server:
        now = timezone.now()
        quote = DemoMail(now - timedelta(days=3), SARAH, [ALICE], QUOTE, "The price works for us.")
        results = DemoMail(now - timedelta(days=2), CLINIC, [ALICE], RESULTS, "お電話ください。")
        server.folders.add(ADDRESS, [quote, results])
        yield server


@pytest.fixture
def clinic(alice: User, server: DemoServer) -> Contact:
    """A colleague keeps the clinic as a customer, so that Alice's private mail with it was logged as well."""
    make_contact(*SARAH)
    clinic = make_contact(*CLINIC)
    login = ServerLogin("127.0.0.1", server.imap_port, Security.NONE, ADDRESS)
    inbox = actions.connect_imap_inbox(
        details=ConnectionDetails(ADDRESS, login, PASSWORD), history_since=None, by=alice
    )
    set_inbox_policy(inbox=inbox, preset=Preset.KNOWN, by=alice)
    actions.start(inbox=inbox, by=alice)
    work(inbox)
    return clinic


def work(inbox: Inbox) -> None:
    """What the workers do, to the end."""
    finish_past_changes(now=timezone.now())
    while True:
        report = sync_slice(inbox_id=inbox.pk, worker="test")
        if report.outcome is Outcome.DONE:
            return
        assert report.outcome is Outcome.MORE


def seen_as(page: Page, inbox: Inbox, colleague: User) -> list[str]:
    """The subjects that the owner is shown to be what the colleague can see."""
    page.goto(reverse("inboxes:view-as", args=[inbox.code]))
    page.locator("[name=person]").select_option(label=colleague.name)
    page.locator("main form .btn.primary").click()
    expect(page.locator(".stat dd").first).to_be_visible()
    return page.locator("main tbody th a").all_inner_texts()


@pytest.mark.parametrize(("theme", "language", "width"), LOOKS)
def test_find_out_why_stop_it_take_it_back_and_prove_it(
    open_page, accessible, alice: User, bob: User, server: DemoServer, clinic: Contact, theme, language, width
):
    User.objects.filter(pk=alice.pk).update(theme=theme, language=language)
    inbox = Inbox.objects.get()
    colleague = open_page(clinic.get_absolute_url(), user=bob)
    expect(colleague.get_by_text(RESULTS)).to_have_count(1)

    # Why was it logged?
    page = open_page(clinic.get_absolute_url(), user=alice, width=width)
    page.locator("details.why summary").first.click()
    expect(page.locator("details.why p").first).to_contain_text(CLINIC[1])
    page.goto(reverse("logging_rules:why", args=[Message.objects.get(subject=RESULTS).code]))
    expect(page.locator("main")).to_contain_text(CLINIC[1])
    accessible(page)

    # What would stop it, and what would that change?
    page.goto(reverse("logging_rules:never-log-add"))
    page.locator("[name=text]").fill(CLINIC[1])
    page.locator("button[name=try]").click()
    expect(page.locator("#dry-run .badge.ok")).to_be_visible()
    expect(page.locator(".stat dd")).to_have_text(["0", "1"])
    expect(page.locator("#samples")).to_contain_text(RESULTS)
    expect(page.locator("#samples")).not_to_contain_text(QUOTE)
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert not NeverLogEntry.objects.exists()

    # Stop it, and take back what was logged.
    page.locator("input[value=past]").check()
    page.locator("main form .btn.primary").last.click()
    page.wait_for_url(f"**/inboxes/{inbox.code}/")
    work(inbox)
    assert list(Sighting.objects.values_list("message__subject", flat=True)) == [QUOTE]
    page.goto(reverse("inboxes:unlogged", args=[inbox.code]))
    accessible(page)
    page.goto(clinic.get_absolute_url())
    expect(page.get_by_text(RESULTS)).to_have_count(0)

    # Nobody sees it, and what comes later stays private.
    server.folders.add(ADDRESS, [DemoMail(timezone.now(), CLINIC, [ALICE], LATER, "ご予約ください。")])
    work(inbox)
    assert seen_as(page, inbox, bob) == [QUOTE]
    accessible(page)
    colleague.reload()
    expect(colleague.get_by_text(RESULTS)).to_have_count(0)
    expect(colleague.get_by_text(LATER)).to_have_count(0)
    assert not Message.objects.filter(subject=LATER).exists()


def test_a_dry_run_goes_on_by_itself_after_a_hiccup_of_the_server(
    open_page, alice: User, server: DemoServer, clinic: Contact
):
    page = open_page(reverse("users:profile"), user=alice).context.new_page()  # whose console may complain
    page.goto(reverse("logging_rules:what-if"))
    page.locator("[name=never_log]").fill("clinic.example")
    page.route(
        "**/logging/dry-run/**", lambda route: route.abort() if route.request.method == "POST" else route.continue_()
    )
    page.locator("main form .btn.primary").click()
    expect(page.locator("[data-hiccup]")).to_be_visible()

    page.unroute("**/logging/dry-run/**")

    expect(page.locator("#dry-run .badge.ok")).to_be_visible()
    expect(page.locator(".stat dd")).to_have_text(["0", "1"])
