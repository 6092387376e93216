"""Erasing stored e-mails: nothing of them stays, and nothing brings them back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inboxes import files
from inboxes.erasure import erase_messages
from inboxes.models import Folder, HandledPage, LedgerEntry, LedgerState, Message, Sighting, Thread
from inboxes.models.message import ThreadReference
from inboxes.sync.handled import digest
from tests.factories.contacts import log_mail, make_contact

pytestmark = pytest.mark.django_db


def stored_mail(owner, content, **fields):
    return log_mail(make_contact(), owner=owner, raw_key=files.store(content), **fields)


def test_rows_go_and_those_of_other_mail_stay(alice):
    gone, stays = stored_mail(alice, b"gone"), stored_mail(alice, b"stays")
    ThreadReference.objects.create(thread=gone.thread, message_id="<gone@meridian.example>")

    assert erase_messages(message_ids=[gone.pk]) == 1

    assert list(Message.objects.all()) == [stays]
    assert list(Thread.objects.all()) == [stays.thread]
    assert [sighting.message for sighting in Sighting.objects.all()] == [stays]
    assert ThreadReference.objects.count() == 0


def test_a_thread_stays_while_a_mail_of_it_does(alice):
    thread = Thread.objects.create()
    gone, stays = stored_mail(alice, b"gone", thread=thread), stored_mail(alice, b"stays", thread=thread)

    erase_messages(message_ids=[gone.pk])

    assert (list(Thread.objects.all()), list(Message.objects.all())) == ([thread], [stays])


def test_files_go_after_the_commit_unless_another_mail_has_them(
    alice, time_machine, django_capture_on_commit_callbacks
):
    message = stored_mail(alice, b"only here")
    shared, other = stored_mail(alice, b"shared"), stored_mail(alice, b"shared")
    time_machine.move_to(timezone.now() + timedelta(hours=1))

    with django_capture_on_commit_callbacks(execute=True):
        erase_messages(message_ids=[message.pk, shared.pk])
        assert files.read(message.raw_key) == b"only here"

    with pytest.raises(FileNotFoundError):
        files.read(message.raw_key)
    assert files.read(other.raw_key) == b"shared"


def test_the_sync_counts_them_as_skipped(alice):
    message = stored_mail(alice, b"gone")
    folder = Folder.objects.create(inbox=message.sightings.get().inbox, remote_id="INBOX", name="INBOX", role="inbox")
    LedgerEntry.objects.create(
        inbox=folder.inbox,
        folder=folder,
        remote_id="1:7",
        state=LedgerState.LOGGED,
        message=message,
        fingerprint=b"x" * 32,
    )

    erase_messages(message_ids=[message.pk])

    assert LedgerEntry.objects.count() == 0
    assert [(page.folder, bytes(page.digests)) for page in HandledPage.objects.all()] == [(folder, digest("1:7"))]


def test_erasing_nothing_is_no_error():
    assert erase_messages(message_ids=[]) == 0
