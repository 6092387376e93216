"""Erasing stored e-mails with all that was derived from them, or the contents of their files alone."""

from collections.abc import Iterable
from itertools import groupby

from django.db import transaction
from django.utils import timezone

from inboxes import files
from inboxes.mime import guard
from inboxes.mime.rewriting import without_files
from inboxes.models import HandledPage, LedgerEntry, Message, Thread
from inboxes.sync.handled import pack
from inboxes.sync.storing import lock_conversations


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


def drop_unwanted_attachments(*, message_ids: Iterable[int] | None = None) -> int:
    """Rewrite originals whose contents of files no inbox keeps any more, of these messages or of all; return how many.

    Call it after the commit that took sightings away. Idempotent; one that was missed is caught by the daily run.
    """
    unwanted = Message.objects.with_unwanted_attachments()
    if message_ids is not None:
        unwanted = unwanted.filter(pk__in=list(message_ids))
    return sum(map(_drop_attachments, unwanted.only("fingerprint", "raw_key").iterator(chunk_size=500)))


def _drop_attachments(message: Message) -> bool:
    """False when an inbox that keeps them was faster, or the original is gone."""
    try:
        raw = files.read(message.raw_key)
    except FileNotFoundError:
        return False
    key = files.store(without_files(raw, guard.parse(raw)))
    with transaction.atomic():
        lock_conversations([bytes(message.fingerprint)])
        rows = Message.objects.with_unwanted_attachments().filter(pk=message.pk, raw_key=message.raw_key)
        dropped = rows.update(raw_key=key, attachments_stored=False)
    _delete_files({message.raw_key})
    return dropped > 0


def _delete_files(keys: set[str]) -> None:
    files.delete_unreferenced(keys, now=timezone.now())
