"""Erasing stored e-mails with all that was derived from them."""

from collections.abc import Iterable
from itertools import groupby

from django.db import transaction
from django.utils import timezone

from inboxes import files
from inboxes.models import HandledPage, LedgerEntry, Message, Thread
from inboxes.sync.handled import pack


@transaction.atomic
def erase_messages(*, message_ids: Iterable[int]) -> int:
    """Delete these stored e-mails, their sightings, threads left empty and, after the commit, their files; return how many.

    For the sync they are then handled and skipped: neither a later sync nor a reconcile brings them back by itself.
    """
    ids = list(message_ids)
    messages = Message.objects.filter(pk__in=ids)
    threads = set(messages.values_list("thread_id", flat=True))
    keys = set(messages.values_list("raw_key", flat=True))
    _count_as_skipped(ids)
    _, deleted = messages.delete()
    Thread.objects.filter(pk__in=threads, messages=None).delete()
    transaction.on_commit(lambda: _delete_files(keys - {""}), robust=True)
    return deleted.get(Message._meta.label, 0)


def _count_as_skipped(message_ids: list[int]) -> None:
    """A ledger row would keep the e-mail's fingerprint; without any trace a reconcile would take the e-mail for missed."""
    rows = LedgerEntry.objects.filter(message__in=message_ids)
    keys = rows.order_by("folder_id", "pk").values_list("folder_id", "remote_id")
    HandledPage.objects.bulk_create(
        HandledPage(folder_id=folder_id, digests=pack(remote_id for _, remote_id in group))
        for folder_id, group in groupby(keys, key=lambda key: key[0])
    )
    rows.delete()


def _delete_files(keys: set[str]) -> None:
    files.delete_unreferenced(keys, now=timezone.now())
