"""People an inbox writes to who are no contacts yet: who is suggested, to whom, and that nobody else is remembered."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse

from contacts.models import Contact
from inboxes import actions
from inboxes.actions import ConnectionDetails, ServerLogin
from inboxes.causes import cause_of
from inboxes.envelope import FolderRole
from inboxes.models import Inbox, Security
from inboxes.providers.memory import MemoryMailbox
from logging_rules import suggestions
from logging_rules.actions import add_never_log_entry
from logging_rules.facts import NeverLogScope
from logging_rules.models import LookBack, NeverLogEntry
from logging_rules.suggestions import Search, search_step
from tests.acceptance.kept import everything_kept
from tests.factories.contacts import make_contact
from tests.factories.inboxes import NOW, Clock, connected_inbox, mail_bytes, sync_until_quiet
from tests.fakes.demo_server import demo_server
from users.models import WorkspaceDomain

pytestmark = pytest.mark.django_db
ALICE, TOKEN = "alice@ours.example", "kumquat"


@pytest.fixture
def inbox(alice):
    WorkspaceDomain.objects.create(domain="ours.example")
    return connected_inbox(alice, ALICE)


@pytest.fixture
def server():
    return MemoryMailbox(page_messages=2, now=NOW)


def send(server, to, *, days_ago=0, folder="Sent", **headers):
    server.deliver(mail_bytes(ALICE, to, date=NOW - timedelta(days=days_ago), **headers), folder)


def searched(inbox, server):
    """To the end, with the state as a browser holds it between two pages."""
    search = Search.start(inbox)
    for _ in range(50):
        if search.scan.done:
            return search
        with server.open() as provider:
            search = search_step(provider, inbox, Search.from_signed(search.signed(), inbox))
        search.keep_unknown(inbox)
    raise AssertionError("the search does not come to an end")


def found(inbox, server):
    return [(each.email, each.mails) for each in searched(inbox, server).suggestions]


def test_recipients_of_all_kinds_are_counted_over_all_pages(inbox, server):
    send(server, "Hana Sato <hana@new.example>", days_ago=3)
    send(server, "hana@new.example", days_ago=1, Cc="omar@new.example")
    send(server, "someone@new.example", days_ago=2, Bcc="HANA@NEW.EXAMPLE")
    server.create_folder("Sent 2024", FolderRole.SENT)
    send(server, "omar@new.example", folder="Sent 2024", days_ago=400)

    first, second, third = searched(inbox, server).suggestions

    assert (first.email, first.name, first.mails, first.last_at) == (
        "hana@new.example",
        "Hana Sato",
        3,
        NOW - timedelta(days=1),
    )
    assert ((second.email, second.mails), (third.email, third.contact_name)) == (
        ("omar@new.example", 2),
        ("someone@new.example", "someone"),
    )


def test_mail_that_was_received_suggests_nobody(inbox, server):
    server.deliver(mail_bytes("stranger@new.example", ALICE, Cc="other@new.example"))
    assert found(inbox, server) == []


def test_contacts_colleagues_machines_and_whom_a_never_log_entry_names_are_left_out(inbox, server, alice, admin):
    make_contact("Sarah", "sarah@known.example")
    add_never_log_entry(text="doctor@clinic.example", by=alice, owner=alice)
    add_never_log_entry(text="*.bank.example", by=admin, owner=None, scope=NeverLogScope.ADDRESS_ONLY)
    for to in (
        "sarah@known.example",
        "bob@ours.example",
        "admin@genkan.example",
        "doctor@clinic.example",
        "desk@tokyo.bank.example",
        "no-reply@shop.example",
        "root@localhost",
        "new@new.example",
    ):
        send(server, to)

    assert found(inbox, server) == [("new@new.example", 1)]


def test_mail_marked_as_private_suggests_nobody(inbox, server):
    send(server, "lawyer@private.example", Sensitivity="Private")
    assert found(inbox, server) == []


def test_neither_does_mail_with_the_owners_private_mark_nor_a_copy_of_it(inbox, server):
    server.create_folder("CRM/Private")
    server.deliver(mail_bytes(ALICE, "lawyer@private.example", message_id="<1@x>"), "Sent", labels={"CRM/Private"})
    send(server, "doctor@private.example", message_id="<2@x>")
    send(server, "doctor@private.example", message_id="<2@x>", folder="CRM/Private")
    send(server, "new@new.example", message_id="<3@x>")
    sync_until_quiet(inbox, server, Clock())

    assert found(inbox, server) == [("new@new.example", 1)]


def test_who_was_written_to_most_is_remembered_when_there_are_too_many(inbox, server, monkeypatch):
    monkeypatch.setattr(suggestions, "MOST_PEOPLE", 2)
    for to in ("a@new.example", "b@new.example", "b@new.example", "c@new.example", "c@new.example", "c@new.example"):
        send(server, to)

    assert found(inbox, server) == [("c@new.example", 3), ("b@new.example", 2)]


def test_the_state_of_another_inbox_is_not_taken(inbox, alice):
    other = connected_inbox(alice, "other@ours.example")
    with pytest.raises(suggestions.signing.BadSignature):
        Search.from_signed(Search.start(other).signed(), inbox)


# The page


@pytest.fixture(scope="module")
def mail_server():
    with demo_server({ALICE: "secret"}) as server:
        for number, to in enumerate(["Hana Sato <hana@new.example>", f"Dr. {TOKEN} <{TOKEN}@clinic.example>"]):
            sent_at = datetime.now(UTC) - timedelta(days=1 + number)
            raw = mail_bytes(ALICE, to, subject=f"About the {TOKEN}", date=sent_at, message_id=f"<{TOKEN}.{number}@x>")
            server.folders.deliver(ALICE, raw, folder="Sent", received_at=sent_at)
        yield server


@pytest.fixture
def live(alice, mail_server) -> Inbox:
    login = ServerLogin("127.0.0.1", mail_server.imap_port, Security.NONE, ALICE)
    details = ConnectionDetails(ALICE, login, "secret")
    inbox = actions.connect_imap_inbox(details=details, history_since=None, by=alice)
    actions.start(inbox=inbox, by=alice)
    return inbox


def page_of(inbox):
    return reverse("inboxes:suggestions", args=[inbox.code])


def state_in(response):
    return re.search(r'name="state" value="([^"]+)"', response.content.decode())[1]


def read_to_the_end(client, inbox):
    response = client.get(page_of(inbox))
    for _ in range(10):
        if "Read to the end" in response.content.decode():
            return response
        response = client.post(page_of(inbox), {"state": state_in(response)})
        assert "no-store" in response["Cache-Control"]
    raise AssertionError("the page does not come to an end")


def test_nothing_is_read_before_the_owner_asks(live, alice_client, mail_server):
    page = alice_client.get(page_of(live)).content.decode()
    assert ("Look through my sent mail" in page, "hana@new.example" in page) == (True, False)


def test_the_owner_makes_a_contact_of_one_and_nothing_is_kept_of_the_others(live, alice, alice_client):
    response = read_to_the_end(alice_client, live)
    page = response.content.decode()
    assert all(text in page for text in ("Hana Sato", "hana@new.example", f"{TOKEN}@clinic.example"))

    response = alice_client.post(page_of(live), {"state": state_in(response), "add": "hana@new.example"})

    contact = Contact.objects.get()
    assert (contact.name, contact.owner, contact.created_by) == ("Hana Sato", alice, alice)
    assert list(contact.addresses.values_list("email", flat=True)) == ["hana@new.example"]
    page = response.content.decode()
    assert all(text in page for text in (contact.get_absolute_url(), "Look for earlier e-mails", TOKEN))
    assert 'value="hana@new.example"' not in page
    kept = everything_kept()
    assert [place for place, content in kept.items() if TOKEN.encode() in content] == []
    assert [place for place, content in kept.items() if b"hana@new.example" in content] != []

    alice_client.post(reverse("logging_rules:look-back"), {"contact": contact.code})
    assert LookBack.objects.get().contact == contact


def test_the_owner_keeps_one_out(live, alice, alice_client):
    response = read_to_the_end(alice_client, live)

    response = alice_client.post(page_of(live), {"state": state_in(response), "never": f"{TOKEN}@clinic.example"})

    assert list(NeverLogEntry.objects.values_list("value", "owner")) == [(f"{TOKEN}@clinic.example", alice.pk)]
    assert "Is on your never-log list now." in response.content.decode()
    assert f'value="{TOKEN}@clinic.example"' not in response.content.decode()


def test_nobody_is_added_whom_the_search_did_not_find(live, alice_client):
    response = alice_client.post(
        page_of(live), {"state": state_in(alice_client.get(page_of(live))), "add": "hana@new.example"}
    )
    assert (response.status_code, Contact.objects.count()) == (200, 0)


def test_whom_a_colleague_made_a_contact_meanwhile_is_no_suggestion_any_more(live, alice_client):
    state = state_in(read_to_the_end(alice_client, live))
    make_contact("Hana", "hana@new.example")

    page = alice_client.post(page_of(live), {"state": state, "add": "hana@new.example"}).content.decode()

    assert (Contact.objects.count(), 'value="hana@new.example"' in page) == (1, False)


def test_a_search_can_be_stopped_and_goes_on_when_asked(live, alice_client):
    state = state_in(alice_client.get(page_of(live)))
    stopped = alice_client.post(page_of(live), {"state": state, "stop": "1"})
    assert 'hx-trigger="load' not in stopped.content.decode()

    on = alice_client.post(page_of(live), {"state": state_in(stopped), "further": "1"})
    assert "hana@new.example" in on.content.decode()


def test_the_list_of_contacts_leads_to_the_first_own_inbox_or_to_connecting_one(live, alice_client, bob_client):
    url = reverse("inboxes:first-suggestions")
    assert f'href="{url}"' in alice_client.get(reverse("contacts:contact-list")).content.decode()
    assert [client.get(url).headers["Location"] for client in (alice_client, bob_client)] == [
        page_of(live),
        reverse("inboxes:connect"),
    ]


def test_a_search_has_a_limit_of_its_own(live, alice_client, settings):
    cache.clear()
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"suggest_contacts": "1/m/user"}
    pages = [alice_client.post(page_of(live)).content.decode() for _ in range(2)]
    assert [str(cause_of("rate_limited").title) in page for page in pages] == [False, True]


def test_nobody_else_sees_them(live, bob_client, admin_client, charlie_client):
    for client, status in ((bob_client, 404), (admin_client, 404), (charlie_client, 302)):
        assert (client.get(page_of(live)).status_code, client.post(page_of(live)).status_code) == (status, status)


def test_a_mailbox_that_cannot_be_read_is_named(live, alice_client):
    live.credential.secret = "no longer"
    live.credential.save()

    page = alice_client.post(page_of(live)).content.decode()

    assert ("User name or password refused" in page, "Try again" in page) == (True, True)
