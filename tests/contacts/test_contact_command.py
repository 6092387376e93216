"""`contact add`, `list`, `timeline` and `index`."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from contacts import actions
from contacts.models import Contact, ContactAddress
from inboxes.models import Sighting, Visibility
from tests.factories.contacts import NOON, log_mail, make_inbox

pytestmark = pytest.mark.django_db


def run(*words):
    out = io.StringIO()
    call_command("contact", *words, stdout=out)
    return out.getvalue()


def run_json(*words):
    return json.loads(run(*words, "--json"))


def test_the_main_address_is_told_first_however_the_rows_lie(alice):
    run("add", "sarah@meridian.example", "s@gmail.com", "--name", "Sarah Okafor")
    main = ContactAddress.objects.get(email="sarah@meridian.example")
    ContactAddress.objects.filter(pk=main.pk).delete()
    ContactAddress.objects.create(contact=main.contact, email=main.email, position=0)

    told = run_json("timeline", "s@gmail.com")

    assert told["contact"]["emails"] == ["sarah@meridian.example", "s@gmail.com"]


def test_add_makes_a_contact_with_all_it_is_told(alice):
    told = run_json(
        "add",
        "Sarah@Meridian.Example",
        "s@gmail.com",
        "--name",
        "Sarah Okafor",
        "--job-title",
        "Director",
        "--owner",
        "ALICE@genkan.example",
    )

    contact = Contact.objects.get()
    assert told == {
        "code": str(contact.code),
        "name": "Sarah Okafor",
        "reading": "",
        "emails": ["sarah@meridian.example", "s@gmail.com"],
        "company": "Meridian",
        "job_title": "Director",
        "phone": "",
        "owner": "alice@genkan.example",
        "last_activity_at": None,
    }


def test_add_without_a_name_takes_the_address():
    assert run("add", "sarah@meridian.example") == "sarah@meridian.example was added.\n"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["nonsense"], "“nonsense” is not an e-mail address."),
        (["taken@meridian.example"], "taken@meridian.example belongs to Holder."),
        (["new@meridian.example", "--owner", "nobody@x.example"], "Nobody signs in as nobody@x.example."),
    ],
)
def test_add_refuses_with_one_clear_line(words, line):
    run("add", "taken@meridian.example", "--name", "Holder")

    with pytest.raises(CommandError) as failure:
        run("add", *words)

    assert str(failure.value) == line
    assert Contact.objects.count() == 1


@pytest.mark.parametrize(
    ("option", "longest"),
    [("--name", 200), ("--reading", 200), ("--company", 200), ("--job-title", 200), ("--phone", 50)],
)
def test_add_refuses_what_is_too_long_with_one_clear_line(option, longest):
    with pytest.raises(CommandError) as failure:
        run("add", "sarah@meridian.example", option, "n" * (longest + 1))

    assert str(failure.value) == f"{option} is longer than {longest} characters."
    assert Contact.objects.count() == 0


def test_add_names_a_contact_by_as_much_of_its_address_as_a_name_holds():
    address = f"{'s' * 60}@{'m' * 60}.{'m' * 60}.{'m' * 60}.example"

    assert run_json("add", address)["name"] == address[:200]


def test_timeline_of_a_person_names_only_inboxes_that_the_person_may_know_of(alice, bob):
    run("add", "sarah@meridian.example", "--name", "Sarah")
    mail = log_mail(Contact.objects.get(), owner=alice)
    own, other = make_inbox(alice), make_inbox(bob, "bob@ours.example")
    Sighting.objects.create(
        message=mail, inbox=other, reason="known_contact_incoming", decided_at=NOON, visibility=Visibility.PRIVATE
    )
    actions.settle_privacy(message_ids=[mail.pk])

    [seen] = run_json("timeline", "sarah@meridian.example", "--person", alice.email)["entries"]

    assert [sighting["inbox"] for sighting in seen["logged"]] == [own.address]


def test_list_is_sorted_by_reading():
    run("add", "t@x.example", "--name", "高橋", "--reading", "タカハシ")
    run("add", "s@x.example", "--name", "佐藤", "--reading", "さとう")

    assert [contact["name"] for contact in run_json("list")] == ["佐藤", "高橋"]
    assert run("list") == "s@x.example\t佐藤\nt@x.example\t高橋\n"


def test_timeline_tells_each_mail_with_its_inboxes_and_reasons(alice, bob):
    run("add", "sarah@meridian.example", "--name", "Sarah")
    contact = Contact.objects.get()
    message = log_mail(contact, "Revised quote", owner=alice, outgoing=True)
    Sighting.objects.create(
        message=message, inbox=make_inbox(bob, "bob@ours.example"), reason="known_contact_incoming", decided_at=NOON
    )
    actions.add_note(by=alice, contact=contact, body="Call back", now=NOON + timedelta(hours=1))
    inbox = make_inbox(alice).address

    told = run_json("timeline", "SARAH@meridian.example")

    assert told["contact"]["name"] == "Sarah"
    assert told["entries"] == [
        {"kind": "note", "at": "2026-03-02T13:00:00Z", "text": "Call back", "author": "alice@genkan.example"},
        {
            "kind": "mail",
            "at": "2026-03-02T12:00:00Z",
            "code": str(message.code),
            "message_id": message.message_id,
            "subject": "Revised quote",
            "from": "sarah@meridian.example",
            "date": "2026-03-02T12:00:00Z",
            "state": "full",
            "inbox": inbox,
            "direction": "outgoing",
            "reason": "known_contact_outgoing",
            "logged": [
                {"inbox": inbox, "direction": "outgoing", "reason": "known_contact_outgoing"},
                {"inbox": "bob@ours.example", "direction": "incoming", "reason": "known_contact_incoming"},
            ],
        },
    ]
    assert run("timeline", "sarah@meridian.example") == (
        "2026-03-02 13:00\tnote\talice@genkan.example\tCall back\n"
        f"2026-03-02 12:00\toutgoing\t{inbox}\tknown_contact_outgoing\tRevised quote\n"
    )


@pytest.mark.parametrize("email", ["nobody@x.example", "nonsense"])
def test_timeline_of_nobody_is_one_clear_line(email):
    with pytest.raises(CommandError) as failure:
        run("timeline", email)

    assert str(failure.value) == f"No contact has the address {email}."


def test_index_writes_the_search_text_anew():
    run("add", "sarah@meridian.example", "--name", "Sarah")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE contacts_contact SET search = NULL")

    assert run("index") == "1 companies, 1 contacts, 0 messages\n"
    assert Contact.objects.filter(search__matches="'sarah'").exists()
