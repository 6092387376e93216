"""Deleting contacts while a sync, or somebody else, is at the same e-mails."""

import threading

import pytest
from django.db import IntegrityError, connection
from django.db.models.signals import pre_delete

from contacts import actions
from contacts.actions import MailEntry, record_mail_entries
from contacts.models import Contact, TimelineEntry
from inboxes.models import Message
from tests.factories.contacts import log_mail, make_contact

pytestmark = pytest.mark.django_db(transaction=True)

HALFWAY_SECONDS = 1.0


@pytest.fixture
def meanwhile():
    """Starts something in another connection once a contact's deletion is under way, and gives it a moment to be done."""
    threads = []

    def start(act):
        def run():
            try:
                act()
            finally:
                connection.close()

        def begin(**_):
            pre_delete.disconnect(begin, sender=Contact)
            threads.append(threading.Thread(target=run))
            threads[0].start()
            threads[0].join(HALFWAY_SECONDS)

        pre_delete.connect(begin, sender=Contact, weak=False)

    yield start
    for thread in threads:
        thread.join(20)


def test_a_mail_that_is_put_on_another_timeline_is_there_or_its_sync_knows_that_it_is_not(alice, meanwhile):
    leaving, staying = make_contact("Leaving"), make_contact("Staying")
    mail = log_mail(leaving, owner=alice)
    refused = threading.Event()
    done = threading.Event()

    def sync():
        try:
            record_mail_entries([MailEntry(staying.pk, mail.pk, mail.thread_id, mail.sent_at)])
        except IntegrityError:
            refused.set()
        done.set()

    meanwhile(sync)
    actions.delete_contact(by=alice, contact=leaving)

    assert done.wait(20)
    assert refused.is_set() is not TimelineEntry.objects.filter(contact=staying).exists()


def test_two_contacts_deleted_at_once_leave_no_mail_of_theirs(alice, bob, meanwhile):
    one, two = make_contact("One"), make_contact("Two")
    log_mail([one, two], owner=alice)
    done = threading.Event()

    def delete_the_other():
        actions.delete_contact(by=bob, contact=two)
        done.set()

    meanwhile(delete_the_other)
    actions.delete_contact(by=alice, contact=one)

    assert done.wait(20)
    assert (Contact.objects.count(), Message.objects.count()) == (0, 0)
