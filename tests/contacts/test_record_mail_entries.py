"""Logged e-mails arrive on timelines: once, in bulk, whatever happens to the contact meanwhile."""

from datetime import timedelta

import pytest

from contacts.actions import ContactGone, MailEntry, record_mail_entries
from contacts.models import MergedContact, TimelineEntry
from inboxes.models import Message
from tests.factories.contacts import NOON, make_contact, make_message

pytestmark = pytest.mark.django_db


def entry(contact_id: int, message: Message, hours: int = 0) -> MailEntry:
    return MailEntry(contact_id, message.pk, message.thread_id, NOON + timedelta(hours=hours))


def test_an_entry_stands_on_the_timeline_of_its_contact():
    contact, message = make_contact(), make_message()

    assert record_mail_entries([entry(contact.pk, message)]) == 1

    stored = TimelineEntry.objects.get()
    assert (
        stored.contact,
        stored.message,
        stored.thread,
        stored.occurred_at,
        stored.kind,
    ) == (
        contact,
        message,
        message.thread,
        NOON,
        "mail",
    )


def test_recording_again_changes_nothing():
    contact, message = make_contact(), make_message()
    record_mail_entries([entry(contact.pk, message)])

    assert record_mail_entries([entry(contact.pk, message), entry(contact.pk, message)]) == 0
    assert TimelineEntry.objects.count() == 1


def test_last_activity_moves_forward_only():
    contact = make_contact()
    older, newer = make_message("older"), make_message("newer")

    record_mail_entries([entry(contact.pk, newer, hours=5), entry(contact.pk, older, hours=1)])
    record_mail_entries([entry(contact.pk, make_message("oldest"), hours=-9)])

    contact.refresh_from_db()
    assert contact.last_activity_at == NOON + timedelta(hours=5)


def test_an_entry_for_a_merged_contact_goes_to_the_one_that_remains():
    survivor, gone = make_contact("Sarah"), make_contact("S. Okafor")
    MergedContact.objects.create(former_id=gone.pk, former_code=gone.code, contact=survivor)
    former_id = gone.pk
    gone.delete()

    assert record_mail_entries([entry(former_id, make_message())]) == 1
    assert TimelineEntry.objects.get().contact == survivor


def test_a_contact_deleted_meanwhile_is_reported_and_nothing_is_recorded():
    gone, contact, message = make_contact("Gone"), make_contact("Here"), make_message()
    gone_id = gone.pk
    gone.delete()

    with pytest.raises(ContactGone):
        record_mail_entries([entry(gone_id, message), entry(contact.pk, message)])
    assert not TimelineEntry.objects.exists()


@pytest.mark.parametrize("count", [1, 50])
def test_any_number_of_entries_costs_the_same_queries(count, django_assert_num_queries):
    message = make_message()
    entries = [entry(make_contact(f"Contact {number}").pk, message) for number in range(count)]

    with django_assert_num_queries(7):  # a savepoint; lock, insert, raise last activity; two to index the e-mails
        assert record_mail_entries(entries) == count
