"""Un-logging: everything goes at once, comes back exactly, or is erased for good; nothing brings it back by itself."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from contacts.actions import ContactDetails, add_note, create_contact, delete_contact, merge_contacts, settle_privacy
from contacts.models import Company, Contact, MailIndex, TimelineEntry
from contacts.queries import mail_found
from inboxes import files
from inboxes.models import AccessRequest, DailyCount, InboxKind, LedgerEntry, Message, Sighting, Visibility
from inboxes.providers.memory import MemoryMailbox
from inboxes.queries import completeness
from inboxes.sync.rereading import read_again
from logging_rules.actions import erase_expired, erase_now, undo_unlogging, unlog
from logging_rules.engine import Code
from logging_rules.models import Tombstone, UnloggedSighting, Unlogging, UnloggingState
from logging_rules.unlogging import Selection, preview
from tests.factories.contacts import make_contact
from tests.factories.inboxes import NOW, SARAH, Clock, connected_inbox, mail_bytes, sync_until_quiet
from users.models import User

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def inbox(alice):
    return connected_inbox(alice)


@pytest.fixture
def sarah(alice):
    return create_contact(by=alice, details=ContactDetails(name="Sarah", emails=[SARAH]))


@pytest.fixture
def mailbox():
    return MemoryMailbox()


@pytest.fixture
def logged(inbox, sarah, mailbox, clock):
    """Two mails with Sarah: "Revised quote" and "Lunch"."""
    for subject in ("Revised quote", "Lunch"):
        mailbox.deliver(mail_bytes(subject=subject, message_id=f"<{subject.split()[0]}@meridian.example>"))
    sync_until_quiet(inbox, mailbox, clock)
    assert Message.objects.count() == 2
    return {message.subject: message for message in Message.objects.all()}


def take_off(inbox, *messages, by=None, now=NOW, **conditions):
    keys = [message.pk for message in messages] if messages else None
    return unlog(selection=Selection(inbox=inbox, message_ids=keys, **conditions), by=by or inbox.owner, now=now)


def rows_of(message):
    """Everything that can be seen of a message."""
    return (
        list(Sighting.objects.filter(message=message).values()),
        list(
            TimelineEntry.objects.filter(message=message).values("contact", "message", "thread", "occurred_at", "kind")
        ),
        list(MailIndex.objects.filter(message=message).values()),
        list(LedgerEntry.objects.filter(message=message).values()),
    )


def test_one_mail_goes_everywhere_at_once_and_the_others_stay(inbox, alice, sarah, logged):
    take_off(inbox, logged["Lunch"])

    assert rows_of(logged["Lunch"]) == ([], [], [], [])
    assert list(Message.objects.visible_to(alice)) == [logged["Revised quote"]]
    assert list(mail_found(alice, "lunch")) == []
    assert [entry.message for entry in sarah.timeline.all()] == [logged["Revised quote"]]
    assert (completeness(inbox).logged, completeness(inbox).counts["unlogged_by_owner"]) == (1, 1)
    assert dict(DailyCount.objects.values_list("code", "messages")) == {
        "known_contact_incoming": 1,
        "unlogged_by_owner": 1,
    }


def test_undo_puts_everything_back_as_it_was(inbox, alice, logged):
    before = {subject: rows_of(message) for subject, message in logged.items()}
    counts, days = completeness(inbox), list(DailyCount.objects.order_by("pk").values("day", "code", "messages"))
    assert all(part for rows in before.values() for part in rows)

    unlogging = take_off(inbox)
    undo_unlogging(unlogging=unlogging, by=alice, now=NOW + timedelta(days=6))

    assert {subject: rows_of(message) for subject, message in logged.items()} == before
    assert completeness(inbox) == counts
    assert list(DailyCount.objects.order_by("pk").values("day", "code", "messages")) == days
    assert Tombstone.objects.count() == UnloggedSighting.objects.count() == 0
    unlogging.refresh_from_db()
    assert unlogging.state(NOW + timedelta(days=6)) == UnloggingState.UNDONE


def test_the_contact_is_as_active_as_what_is_left_on_the_timeline(inbox, alice, sarah, logged):
    unlogging = take_off(inbox)
    sarah.refresh_from_db()
    assert sarah.last_activity_at is None

    undo_unlogging(unlogging=unlogging, by=alice, now=NOW)
    sarah.refresh_from_db()
    assert sarah.last_activity_at == NOW


def test_a_sync_that_reads_everything_again_brings_nothing_back(inbox, mailbox, clock, logged):
    take_off(inbox, logged["Lunch"])
    read_again(inbox.pk, now=clock())
    sync_until_quiet(inbox, mailbox, clock)

    assert rows_of(logged["Lunch"]) == ([], [], [], [])
    assert completeness(inbox).counts == {"unlogged_by_owner": 1, "known_contact_incoming": 1}


def test_nor_does_the_daily_reconcile(inbox, mailbox, clock, logged):
    take_off(inbox, logged["Lunch"])
    clock.pass_by(days=2)
    sync_until_quiet(inbox, mailbox, clock)

    inbox.refresh_from_db()
    assert inbox.reconciled_at == clock()
    assert rows_of(logged["Lunch"]) == ([], [], [], [])
    assert LedgerEntry.objects.count() == 1


@pytest.mark.parametrize("message_id", ["<named@meridian.example>", ""])
def test_nor_a_server_that_renumbers_its_folders(inbox, sarah, mailbox, clock, message_id):
    mailbox.deliver(mail_bytes(message_id=message_id))
    sync_until_quiet(inbox, mailbox, clock)
    take_off(inbox)

    mailbox.change_uidvalidity()
    sync_until_quiet(inbox, mailbox, clock)

    assert Sighting.objects.count() == 0
    assert completeness(inbox).counts == {"unlogged_by_owner": 1}


def test_a_second_inbox_of_the_same_person_neither_shows_nor_brings_it_back(alice, inbox, mailbox, clock, logged):
    second = connected_inbox(alice, "alice2@ours.example")
    sync_until_quiet(second, mailbox, clock)
    assert logged["Lunch"].sightings.count() == 2
    before = rows_of(logged["Lunch"])

    unlogging = take_off(inbox, logged["Lunch"])
    read_again(second.pk, now=clock())
    sync_until_quiet(second, mailbox, clock)
    assert logged["Lunch"].sightings.count() == 0

    undo_unlogging(unlogging=unlogging, by=alice, now=NOW)
    assert rows_of(logged["Lunch"])[:3] == before[:3]


def test_a_third_inbox_that_is_connected_later_does_not_log_it(alice, inbox, mailbox, clock, logged):
    unlogging = take_off(inbox, logged["Lunch"])
    erase_now(unlogging=unlogging, by=alice, now=NOW)
    erase_expired(now=NOW)
    third = connected_inbox(alice, "alice3@ours.example")

    sync_until_quiet(third, mailbox, clock)

    assert [sighting.message for sighting in third.sightings.all()] == [logged["Revised quote"]]


def test_what_a_colleague_logged_too_stays_for_the_colleague(alice, bob, inbox, sarah, mailbox, clock, logged):
    bobs = connected_inbox(bob, "bob@ours.example")
    sync_until_quiet(bobs, mailbox, clock)
    selection = Selection(inbox=inbox)
    assert (preview(selection, viewer=alice).shared, preview(selection, viewer=alice).holders) == (2, [str(bob)])

    unlogging = take_off(inbox)

    assert (unlogging.messages, unlogging.shared) == (2, 2)
    assert {sighting.inbox for sighting in Sighting.objects.all()} == {bobs}
    assert sarah.timeline.count() == 2
    erase_expired(now=NOW + WEEK)
    assert Message.objects.visible_to(alice).count() == 2


def test_a_colleague_who_gets_it_while_it_can_be_undone_keeps_it(alice, bob, inbox, sarah, mailbox, clock, logged):
    take_off(inbox)
    bobs = connected_inbox(bob, "bob@ours.example")
    sync_until_quiet(bobs, mailbox, clock)
    assert sarah.timeline.count() == 2

    erase_expired(now=NOW + WEEK)

    assert (Message.objects.count(), bobs.sightings.count(), UnloggedSighting.objects.count()) == (2, 2, 0)


def test_two_people_un_log_it_and_one_takes_it_back(alice, bob, inbox, sarah, mailbox, clock, logged):
    bobs = connected_inbox(bob, "bob@ours.example")
    sync_until_quiet(bobs, mailbox, clock)
    first = take_off(inbox)
    take_off(bobs, now=NOW + timedelta(hours=1))
    assert sarah.timeline.count() == 0

    undo_unlogging(unlogging=first, by=alice, now=NOW + timedelta(hours=2))
    assert (sarah.timeline.count(), {sighting.inbox for sighting in Sighting.objects.all()}) == (2, {inbox})

    erase_expired(now=NOW + WEEK + timedelta(hours=1))
    assert Message.objects.visible_to(alice).count() == 2


def test_one_that_cannot_be_erased_keeps_no_other_from_it(inbox, logged):
    stuck = take_off(inbox, logged["Revised quote"])
    take_off(inbox, logged["Lunch"], now=NOW + timedelta(hours=1))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        table = Unlogging._meta.db_table
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT stuck CHECK (id <> %s OR erased_at IS NULL)", [stuck.pk])

    assert erase_expired(now=NOW + WEEK + timedelta(hours=1)) == 2

    assert Message.objects.count() == 0
    assert [one.pk for one in Unlogging.objects.filter(erased_at=None)] == [stuck.pk]


def test_after_a_week_nothing_is_left_but_the_tombstones(
    inbox, sarah, mailbox, clock, logged, time_machine, django_capture_on_commit_callbacks
):
    raw = logged["Lunch"].raw_key
    assert b"Lunch" in files.read(raw)
    unlogging = take_off(inbox, logged["Lunch"])
    assert erase_expired(now=NOW + WEEK - timedelta(seconds=1)) == 0
    time_machine.move_to(NOW + timedelta(days=36500))

    with django_capture_on_commit_callbacks(execute=True):
        assert erase_expired(now=NOW + WEEK) == 1

    assert list(Message.objects.all()) == [logged["Revised quote"]]
    assert (UnloggedSighting.objects.count(), Tombstone.objects.count()) == (0, 1)
    with pytest.raises(FileNotFoundError):
        files.read(raw)
    unlogging.refresh_from_db()
    assert unlogging.erased_at == NOW + WEEK
    with pytest.raises(ValidationError):
        undo_unlogging(unlogging=unlogging, by=inbox.owner, now=NOW + WEEK)


def test_ids_that_only_the_erased_mail_named_are_forgotten(inbox, sarah, mailbox, clock):
    mailbox.deliver(mail_bytes(subject="Quote", message_id="<1@meridian.example>"))
    mailbox.deliver(
        mail_bytes(
            subject="Re: Quote",
            message_id="<2@meridian.example>",
            References="<1@meridian.example> <0@private.example>",
        )
    )
    sync_until_quiet(inbox, mailbox, clock)
    [thread] = {message.thread for message in Message.objects.all()}
    assert thread.references.count() == 3

    take_off(inbox, Message.objects.get(subject="Re: Quote"))
    erase_expired(now=NOW + WEEK)

    assert [reference.message_id for reference in thread.references.all()] == ["<1@meridian.example>"]


def test_a_contact_made_by_the_mail_alone_goes_and_comes_back_with_it(inbox, alice, mailbox, clock):
    made = create_contact(by=None, details=ContactDetails(name="Sarah", emails=[SARAH]), made_by=inbox)
    company = made.company
    mailbox.deliver(mail_bytes(message_id="<1@meridian.example>"))
    sync_until_quiet(inbox, mailbox, clock)
    assert preview(Selection(inbox=inbox), viewer=inbox.owner).contacts_named == [made]

    unlogging = take_off(inbox)
    assert (list(Contact.objects.visible_to(alice)), list(Company.objects.visible_to(alice))) == ([], [])
    mailbox.deliver(mail_bytes(message_id="<2@meridian.example>"))
    sync_until_quiet(inbox, mailbox, clock)
    assert Sighting.objects.count() == 0

    undo_unlogging(unlogging=unlogging, by=alice, now=NOW)
    assert (list(Contact.objects.visible_to(alice)), list(Company.objects.visible_to(alice))) == ([made], [company])
    assert made.timeline.count() == 1

    take_off(inbox, now=NOW + timedelta(hours=1))
    erase_expired(now=NOW + timedelta(hours=1) + WEEK)
    assert (Contact.objects.count(), Company.objects.count()) == (0, 0)


def test_a_contact_with_a_note_stays(inbox, alice, mailbox, clock):
    made = create_contact(by=None, details=ContactDetails(name="Sarah", emails=[SARAH]), made_by=inbox)
    add_note(by=alice, contact=made, body="Likes tea.", now=NOW)
    mailbox.deliver(mail_bytes())
    sync_until_quiet(inbox, mailbox, clock)

    take_off(inbox)

    assert list(Contact.objects.visible_to(alice)) == [made]


def test_who_makes_a_withdrawn_contact_again_gets_that_one(inbox, alice, mailbox, clock):
    made = create_contact(by=None, details=ContactDetails(name="sarah@…", emails=[SARAH]), made_by=inbox)
    mailbox.deliver(mail_bytes())
    sync_until_quiet(inbox, mailbox, clock)
    unlogging = take_off(inbox)

    again = create_contact(by=alice, details=ContactDetails(name="Sarah Okafor", emails=[SARAH]))
    assert (again, again.name, again.company.withdrawn_at) == (made, "Sarah Okafor", None)

    undo_unlogging(unlogging=unlogging, by=alice, now=NOW)
    assert made.timeline.count() == 1
    erase_expired(now=NOW + WEEK)
    assert list(Contact.objects.visible_to(alice)) == [made]


def test_mail_of_a_contact_deleted_meanwhile_is_lost_and_erased(inbox, alice, sarah, logged):
    unlogging = take_off(inbox)
    delete_contact(by=alice, contact=sarah)

    undone = undo_unlogging(unlogging=unlogging, by=alice, now=NOW)

    assert undone.lost == 2
    assert (Message.objects.count(), Sighting.objects.count(), UnloggedSighting.objects.count()) == (0, 0, 0)


def test_mail_of_a_contact_merged_meanwhile_comes_back_on_the_other(inbox, alice, sarah, logged):
    unlogging = take_off(inbox)
    other = make_contact("Sarah Okafor")
    merge_contacts(by=alice, into=other, other=sarah)

    undone = undo_unlogging(unlogging=unlogging, by=alice, now=NOW)

    assert (undone.lost, other.timeline.count()) == (0, 2)


def test_only_who_decides_about_the_inbox_may_un_log_undo_and_erase(inbox, alice, bob, admin, logged):
    for person in (bob, admin):
        with pytest.raises(PermissionDenied):
            take_off(inbox, by=person)
    unlogging = take_off(inbox)
    for person in (bob, admin):
        with pytest.raises(PermissionDenied):
            undo_unlogging(unlogging=unlogging, by=person, now=NOW)
        with pytest.raises(PermissionDenied):
            erase_now(unlogging=unlogging, by=person, now=NOW)
        assert list(Unlogging.objects.visible_to(person)) == []
    assert list(Unlogging.objects.visible_to(alice)) == [unlogging]


def test_the_audit_names_numbers_and_codes_but_no_address(inbox, alice, sarah, logged):
    unlogging = take_off(inbox, code=Code.KNOWN_CONTACT_INCOMING, domain="meridian.example", contact_id=sarah.pk)
    undo_unlogging(unlogging=unlogging, by=alice, now=NOW)

    told = {event.action: event.details for event in AuditEvent.objects.about(inbox)}
    assert told == {
        "logging.unlogged": {
            "unlogging": unlogging.pk,
            "messages": 2,
            "chosen": {"code": "known_contact_incoming", "domain": True, "contact": sarah.pk},
        },
        "logging.unlogging_undone": {"unlogging": unlogging.pk, "messages": 2, "lost": 0},
    }


def test_choosing_nothing_is_refused(inbox, logged):
    with pytest.raises(ValidationError):
        take_off(inbox, domain="elsewhere.example")
    assert Sighting.objects.count() == 2


@pytest.mark.parametrize(
    ("conditions", "subjects"),
    [
        ({"domain": "meridian.example"}, {"Revised quote", "Lunch"}),
        ({"domain": "ridian.example"}, set()),
        ({"domain": "example"}, set()),
        ({"domain": "example", "with_subdomains": True}, {"Revised quote", "Lunch"}),
        ({"address": SARAH}, {"Revised quote", "Lunch"}),
        ({"address": "s%@meridian.example"}, set()),
        ({"code": "known_contact_outgoing"}, set()),
        ({"since": NOW}, {"Revised quote", "Lunch"}),
        ({"until": NOW}, set()),
        ({"newest": 0}, set()),
    ],
)
def test_a_selection_means_what_meets_every_condition(inbox, logged, conditions, subjects):
    found = Selection(inbox=inbox, **conditions).sightings()
    assert {sighting.message.subject for sighting in found} == subjects


def test_what_it_costs_does_not_depend_on_how_many_they_are(alice, inbox, sarah, mailbox, clock):
    costs = []
    for number in range(30):
        mailbox.deliver(mail_bytes(subject=f"Mail {number}", message_id=f"<{number}@meridian.example>"))
        if number in (0, 29):
            sync_until_quiet(inbox, mailbox, clock)
            with CaptureQueriesContext(connection) as unlogged:
                preview(Selection(inbox=inbox), viewer=inbox.owner)
                unlogging = take_off(inbox)
            with CaptureQueriesContext(connection) as undone:
                undo_unlogging(unlogging=unlogging, by=alice, now=NOW)
            costs.append((len(unlogged), len(undone)))
    assert costs[0] == costs[1]


def test_a_team_inbox_is_in_the_hands_of_account_access_and_forgets_for_itself_alone(alice, bob, mailbox, clock, sarah):
    team = connected_inbox(alice, "sales@ours.example", kind=InboxKind.TEAM)
    personal = connected_inbox(alice)
    mailbox.deliver(mail_bytes(subject="Quote", message_id="<1@meridian.example>"))
    for inbox in (team, personal):
        sync_until_quiet(inbox, mailbox, clock)
    User.objects.filter(pk=bob.pk).update(account_access=True)

    with pytest.raises(PermissionDenied):
        take_off(team, by=alice)
    take_off(team, by=User.objects.get(pk=bob.pk))
    for inbox in (team, personal):
        read_again(inbox.pk, now=clock())
        sync_until_quiet(inbox, mailbox, clock)

    assert [sighting.inbox for sighting in Sighting.objects.all()] == [personal]


def test_a_limit_that_goes_with_the_inbox_is_told_and_comes_back(alice, bob, inbox, sarah, mailbox, clock, logged):
    bobs = connected_inbox(bob, "bob@ours.example")
    sync_until_quiet(bobs, mailbox, clock)
    Sighting.objects.filter(inbox=inbox).update(visibility=Visibility.PRIVATE)
    settle_privacy(message_ids=[message.pk for message in logged.values()])
    request = AccessRequest.objects.create(
        sighting=Sighting.objects.filter(inbox=inbox).first(), person=bob, note="For the offer", asked_at=NOW
    )
    assert preview(Selection(inbox=inbox), viewer=inbox.owner).opened == 2

    unlogging = take_off(inbox)
    assert sarah.timeline.filter(private=True).count() == 0

    undo_unlogging(unlogging=unlogging, by=alice, now=NOW)
    assert sarah.timeline.filter(private=True).count() == 2
    assert [(asked.pk, asked.note, asked.sighting_id) for asked in AccessRequest.objects.all()] == [
        (request.pk, "For the offer", request.sighting_id)
    ]
