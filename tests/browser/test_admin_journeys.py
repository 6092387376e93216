"""What super admins do in a browser: find connections and stop them, say what may be connected, see somebody off. By mouse in English,
by the keyboard alone in Japanese."""

import pytest
from playwright.sync_api import expect

from inboxes.models import ConnectionPolicy, Departure, Inbox, InboxKind, InboxMember
from tests.browser.keyboard import press, tab_to
from tests.factories.contacts import make_contact
from tests.factories.inboxes import connected_inbox
from tests.factories.users import PASSWORD, UserFactory
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def japanese(admin: User) -> User:
    User.objects.filter(pk=admin.pk).update(language="ja")
    return admin


def statuses() -> dict[str, str]:
    return {inbox.address.partition("@")[0]: inbox.status for inbox in Inbox.objects.all()}


@pytest.fixture
def connections(alice: User, bob: User) -> None:
    connected_inbox(alice, "alice@ours.example")
    connected_inbox(alice, "broken@ours.example", status="needs_reconnect", cause="sign_in_refused")
    connected_inbox(bob, "bob@ours.example")


def test_connections_are_found_and_disabled_after_a_question(open_page, admin: User, connections):
    page = open_page("/admin/inboxes/", user=admin)

    page.get_by_role("link", name="1", exact=True).first.click()
    expect(page.get_by_role("row")).to_have_count(2)
    page.wait_for_load_state()
    page.get_by_label("Status", exact=True).select_option("")
    page.get_by_label("Search connections by address, name or owner").fill("mori")
    expect(page.get_by_role("row")).to_have_count(3)
    page.get_by_label("Choose all on this page").check()
    page.get_by_role("button", name="Disable…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Disable 2 inboxes?")
    page.get_by_role("link", name="Cancel").click()
    assert "disabled" not in statuses().values()
    page.get_by_label("Choose alice@ours.example").check()
    page.get_by_role("button", name="Disable…").click()
    page.get_by_role("button", name="Yes, disable them").click()

    expect(page.get_by_text("1 inbox was disabled.")).to_be_visible()
    assert statuses() == {"alice": "disabled", "broken": "needs_reconnect", "bob": "active"}


def test_a_connection_is_disabled_by_the_keyboard_alone(open_page, japanese: User, connections):
    page = open_page("/admin/inboxes/?q=bob", user=japanese)

    press(page, page.get_by_label("bob@ours.exampleを選択"), "Space")
    page.keyboard.press("Shift+Tab")
    press(page, page.get_by_role("button", name="無効にする…"))
    press(page, page.get_by_role("button", name="はい、無効にします"))

    expect(page.get_by_text("1件の受信トレイを無効にしました。")).to_be_visible()
    assert statuses()["bob"] == "disabled"


def test_what_may_be_connected_is_said_and_those_who_do_not_meet_it_are_shown(open_page, admin: User, connections):
    page = open_page("/admin/policy/", user=admin)

    page.get_by_text("Super admins", exact=True).click()
    page.get_by_label("On which mail servers (IMAP and SMTP)").fill("*.ours.example")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("3 connected inboxes do not meet this")).to_be_visible()
    page.get_by_role("link", name="Show them").click()
    expect(page.get_by_role("row")).to_have_count(4)

    policy = ConnectionPolicy.objects.get()
    assert (policy.who, policy.imap_hosts) == ("super_admins", ["*.ours.example"])


def test_a_rule_is_chosen_by_the_keyboard_alone(open_page, japanese: User, bob: User):
    page = open_page("/admin/policy/", user=japanese)

    tab_to(page, page.locator("[name=who][value=everyone]"))
    page.keyboard.press("ArrowUp")
    press(page, page.locator("[name=providers][value=gmail]"), "Space")
    press(page, page.get_by_role("button", name="保存"))

    expect(page.get_by_text("接続のルールを保存しました。")).to_be_visible()
    policy = ConnectionPolicy.objects.get()
    assert (policy.who, policy.providers) == ("nobody", ["imap", "graph"])
    refused = open_page("/inboxes/connect/", user=bob)
    expect(refused.get_by_text("You may not connect inboxes of your own")).to_be_visible()


@pytest.fixture
def leaver(alice: User, bob: User) -> User:
    connected_inbox(alice, "alice@ours.example")
    team = connected_inbox(alice, "sales@ours.example", kind=InboxKind.TEAM, name="Sales")
    InboxMember.objects.create(inbox=team, person=alice)
    make_contact("Sarah", "sarah@meridian.example", owner=alice)
    UserFactory(name="Hana Holder", account_access=True)
    return alice


def test_somebody_is_seen_off_and_a_record_stays(open_page, admin: User, leaver: User):
    page = open_page(f"/people/{leaver.code}/", user=admin)

    page.get_by_role("link", name="Leaving…").click()
    expect(page.get_by_text("alice@ours.example", exact=True)).to_be_visible()
    page.get_by_role("link", name="Continue").click()
    page.locator("[name=contacts]").select_option(label="Bob Tanaka")
    page.locator("[name^=owner_]").select_option(label="Hana Holder")
    page.locator("[name^=reader_]").select_option(label="Bob Tanaka")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Hana Holder takes over Sales.")).to_be_visible()
    page.get_by_role("button", name="Yes, deactivate and purge").click()
    page.wait_for_url("**/reauthenticate/**")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Deletion record")
    expect(page.get_by_text("1 contact, to Bob Tanaka")).to_be_visible()
    assert (Departure.objects.get().person, statuses()["alice"]) == (leaver, "disabled")


def test_somebody_is_seen_off_by_the_keyboard_alone(open_page, japanese: User, leaver: User):
    page = open_page(f"/admin/people/{leaver.code}/leaving/", user=japanese)

    press(page, page.get_by_role("link", name="続ける"))
    tab_to(page, page.locator("[name^=owner_]"))
    page.keyboard.press("h")
    press(page, page.get_by_role("button", name="続ける"))
    press(page, page.get_by_role("button", name="はい、無効にして削除します"))

    tab_to(page, page.locator("[name=password]"))
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("削除記録")
    assert not User.objects.get(pk=leaver.pk).is_active
