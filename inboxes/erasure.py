"""Erasing stored e-mails with all that was derived from them."""

from collections.abc import Iterable

from django.db import transaction

from inboxes.models import LedgerEntry, Message, Thread


@transaction.atomic
def erase_messages(*, message_ids: Iterable[int]) -> int:
    """Delete these stored e-mails, their sightings, ledger rows and threads left empty; return how many there were.

    Without a ledger row a message counts as handled and skipped: a later sync does not bring it back by itself.
    """
    ids = list(message_ids)
    messages = Message.objects.filter(pk__in=ids)
    threads = list(messages.order_by().values_list("thread_id", flat=True).distinct())
    LedgerEntry.objects.filter(message__in=ids).delete()
    _, deleted = messages.delete()
    Thread.objects.filter(pk__in=threads, messages=None).delete()
    return deleted.get(Message._meta.label, 0)
