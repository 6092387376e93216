"""Keeping somebody out, and finding whom to let in, as people do it: with doubts, mistakes, a spreadsheet, on a phone, in Japanese."""

import re
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
from inboxes.models import Inbox, Security
from logging_rules.models import NeverLogEntry
from tests.fakes.demo_server import DemoServer, demo_server
from users.models import User, WorkspaceDomain

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS, PASSWORD = "alice@ours.example", "a secret of the mailbox"
DRY_RUN = re.compile(r"^/logging/dry-run/\?change=")
LOOKS = [("light", "en", 1440), ("dark", "ja", 390)]


@pytest.fixture(params=LOOKS, ids=["light-en-wide", "dark-ja-phone"])
def look(request, alice: User) -> int:
    """The width; the person is set to the rest."""
    theme, language, width = request.param
    User.objects.filter(pk=alice.pk).update(theme=theme, language=language)
    return width


def fits(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_one_entry_with_a_doubt_then_many_with_a_mistake(open_page, accessible, alice: User, look: int):
    WorkspaceDomain.objects.create(domain="ours.example")
    page = open_page(reverse("logging_rules:never-log"), user=alice, width=look)
    page.locator(".empty .btn.primary").click()

    page.locator("[name=text]").fill("gmail.com")
    page.locator("main .btn.primary").click()
    expect(page.locator("[name=certain]")).to_be_visible()
    accessible(page)
    page.locator("[name=certain]").check()
    page.locator("main .btn.primary").click()
    page.wait_for_url("**/never-log/?saved=*")
    expect(page.locator(".callout.ok .btn")).to_have_attribute("href", DRY_RUN)
    accessible(page)

    page.locator(f"a[href='{reverse('logging_rules:never-log-import')}']").click()
    page.locator("[name=lines]").fill("clinic.example\tdoctor\nnonsense\nours.example\noutlook.jp")
    page.locator("main form.card .btn.primary").click()
    expect(page.locator(".stat dd")).to_have_text(["1", "0", "1", "2"])
    fits(page, look)
    accessible(page)
    assert page.locator("main form.card [name=lines]").input_value() == "nonsense\nours.example"
    with page.expect_download() as download:
        page.locator("a[download]").click()
    assert download.value.path().read_text("utf-8-sig") == "nonsense\nours.example"
    page.locator("button[name=certain]").click()
    expect(page.locator(".stat dd")).to_have_text(["1", "0", "0", "0"])

    page.goto(reverse("logging_rules:never-log"))
    expect(page.locator("tbody tr")).to_have_count(3)
    page.locator("input[type=search][name=q]").last.fill("doctor")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("tbody a").last.click()
    page.locator("main .btn.danger").click()
    page.wait_for_url("**/never-log/?removed=*")
    assert set(NeverLogEntry.objects.values_list("value", flat=True)) == {"gmail.com", "outlook.jp"}
    fits(page, look)


@pytest.fixture
def inbox(alice: User) -> Iterator[Inbox]:
    """Alice wrote to Hana twice and to her family once."""
    with demo_server({ADDRESS: PASSWORD}) as server:
        fill(server)
        login = ServerLogin("127.0.0.1", server.imap_port, Security.NONE, ADDRESS)
        details = ConnectionDetails(ADDRESS, login, PASSWORD)
        inbox = actions.connect_imap_inbox(details=details, history_since=None, by=alice)
        actions.start(inbox=inbox, by=alice)
        yield inbox


def fill(server: DemoServer) -> None:
    now, me = timezone.now(), ("Alice Mori", ADDRESS)
    hana, family = ("佐藤 花", "hana@new.example"), ("Mother", "mother@family.example")
    mails = [
        DemoMail(now - timedelta(days=day), me, [to], f"Mail {day}", "Text.", folder="Sent")
        for day, to in enumerate((hana, hana, family))
    ]
    server.folders.add(ADDRESS, mails)


def test_whom_one_writes_to_becomes_a_contact_or_is_kept_out(
    open_page, accessible, alice: User, inbox: Inbox, look: int
):
    page = open_page(reverse("inboxes:suggestions", args=[inbox.code]), user=alice, width=look)
    accessible(page)

    page.locator("button[name=further]").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator(".badge.ok")).to_be_visible()
    fits(page, look)
    accessible(page)
    page.locator("button[name=add][value='hana@new.example']").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator(".item h3")).to_have_text("佐藤 花")
    page.locator("button[name=never]").click()
    expect(page.locator(".item")).to_have_count(2)
    expect(page.locator("tbody tr")).to_have_count(0)
    accessible(page)

    assert Contact.objects.get().name == "佐藤 花"
    assert NeverLogEntry.objects.get().value == "mother@family.example"
    page.locator(".item button").click()
    page.wait_for_url(f"**{Contact.objects.get().get_absolute_url()}")
