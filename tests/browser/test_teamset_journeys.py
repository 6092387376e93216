"""Connecting a team inbox and looking after its members: in English by mouse, in Japanese by the keyboard alone."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from crm_project.demo.mail import DemoMail
from inboxes.models import Inbox, InboxMember, TeamThread
from tests.browser.keyboard import press, tab_to
from tests.browser.test_inbox_journeys import enter_address, enter_servers, work
from tests.factories.contacts import make_contact
from tests.factories.users import UserFactory
from tests.fakes.demo_server import DemoServer, demo_server
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS, PASSWORD = "support@ours.example", "a secret of the mailbox"
SARAH, STRANGER = ("Sarah Okafor", "sarah@meridian.example"), ("Marek", "marek@workshop.example")


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    """Support's mailbox: a mail of a contact, and one of somebody nobody knows."""
    with demo_server({ADDRESS: PASSWORD}) as server:
        now = timezone.now()
        for days, sender, subject in ((2, SARAH, "Two trackers are offline"), (1, STRANGER, "Is it waterproof?")):
            mail = DemoMail(now - timedelta(days=days), sender, [("Support", ADDRESS)], subject, "Please help.")
            server.folders.add(ADDRESS, [mail])
        yield server


@pytest.fixture
def holder(db: None) -> User:
    make_contact(*SARAH)
    return UserFactory(name="Hana Holder", account_access=True)


def test_a_team_inbox_is_connected_and_its_members_looked_after_by_mouse(
    open_page, accessible, holder, alice, bob, server
):
    page = open_page("/inboxes/channels/", user=holder)
    page.get_by_role("link", name="Connect team inbox").click()
    enter_address(page, ADDRESS)
    enter_servers(page, server, password=PASSWORD)
    page.get_by_role("link", name="Choose the team").click()
    page.wait_for_url("**/logging/")

    page.get_by_label("Name of the inbox").fill("Help desk")
    page.get_by_label("From name").fill("Minato Support")
    page.get_by_label("Find people").fill("alice")
    expect(page.locator(".people label:visible")).to_have_count(1)
    page.get_by_label("Alice Mori").check()
    accessible(page)
    page.get_by_role("button", name="See who will see what").click()

    expect(page.get_by_role("heading", name="2 members see all of it")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/inboxes/*/")
    inbox = Inbox.objects.get()
    work(inbox)
    assert (inbox.kind, inbox.label, inbox.from_name) == ("team", "Help desk", "Minato Support")
    assert TeamThread.objects.filter(inbox=inbox).count() == 2

    page.goto("/inboxes/channels/")
    row = page.locator(".item")
    expect(row).to_contain_text("2 members: Alice Mori, Hana Holder")
    row.hover()
    expect(row.get_by_role("link", name="Delete")).to_have_css("opacity", "1")
    row.get_by_role("link", name="2 members").click()
    page.get_by_role("link", name="Add members").click()
    page.get_by_label("Bob Tanaka").check()
    page.get_by_role("button", name="Add members").click()
    member = page.locator(".item", has_text="Bob Tanaka")
    member.hover()
    member.get_by_role("link", name="Remove").click()
    expect(page.get_by_role("heading", name="Remove Bob Tanaka from Help desk?")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".toast")).to_contain_text("Bob Tanaka is no longer a member of Help desk.")
    assert set(InboxMember.objects.values_list("person__name", flat=True)) == {"Alice Mori", "Hana Holder"}


def test_a_team_inbox_is_connected_and_left_with_the_keyboard_alone(open_page, holder, alice, server):
    User.objects.update(language="ja")
    page = open_page("/inboxes/connect/", user=holder)
    press(page, page.locator("a.choice[href$='kind=team']"))
    page.wait_for_url("**kind=team")
    tab_to(page, page.locator("[name=address]"))
    page.keyboard.type(ADDRESS)
    page.keyboard.press("Enter")
    page.wait_for_url("**/connect/server/")
    enter_servers(page, server, password=PASSWORD)  # by keyboard: test_inbox_journeys
    expect(page.locator(".btn[autofocus]")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/logging/")

    press(page, page.get_by_label("Alice Mori"), "Space")
    press(page, page.get_by_role("button", name="見える範囲を確認する"))
    expect(page.get_by_role("heading", name="メンバー2人がすべてを見られます")).to_be_visible()
    press(page, page.get_by_role("button", name="開始する"))
    expect(page.locator(".toast")).to_be_visible()

    page.goto("/inboxes/channels/")
    tab_to(page, page.get_by_role("link", name="削除"))
    expect(page.locator(".revealed")).to_have_css("opacity", "1")
    page.goto("/inboxes/")
    tab_to(page, page.get_by_role("link", name="抜ける"))
    expect(page.locator(".revealed")).to_have_css("opacity", "1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="「Support」から抜けますか？")).to_be_visible()
    press(page, page.get_by_role("button", name="抜ける"))
    expect(page.locator(".toast")).to_contain_text("「Support」から抜けました。")
    assert set(InboxMember.objects.values_list("person__name", flat=True)) == {"Alice Mori"}


@pytest.mark.parametrize(("language", "theme", "width"), [("en", "light", 390), ("ja", "dark", 1440)])
def test_who_may_not_connect_one_learns_who_can(open_page, accessible, holder, alice, language, theme, width):
    User.objects.update(language=language, theme=theme)
    page = open_page("/inboxes/", user=alice, width=width)
    answer = page.request.get("/inboxes/connect/?kind=team")
    page.set_content(answer.text())

    assert (answer.status, "Hana Holder" in page.locator("main").inner_text()) == (403, True)
    page.goto("/inboxes/connect/")
    expect(page.locator(".choice")).to_have_count(0)
    accessible(page)
