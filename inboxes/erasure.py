"""Erasing stored e-mails with all that was derived from them, or the contents of their files alone."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from inboxes import files
from inboxes.filtered import NOBODY_KNOWN
from inboxes.lookups import among_keys
from inboxes.mime import guard
from inboxes.mime.rewriting import without_files
from inboxes.models import (
    LedgerEntry,
    LedgerState,
    Message,
    Sighting,
    TeamMail,
    Thread,
    ThreadReference,
)
from inboxes.models.message import MessageQuerySet
from inboxes.originals import read_headers
from inboxes.sync.ledger import pass_over
from inboxes.sync.storing import lock_conversations
from inboxes.threading import message_ids as ids_in


@transaction.atomic
def erase_messages(*, message_ids: Iterable[int]) -> int:
    """Delete these stored e-mails, their sightings, threads left empty and, after the commit, their files; return how many.

    For the sync they are then handled and skipped: neither a later sync nor a reconcile brings them back by itself. What the members
    of a team have in their list stays stored for them, and is logged no more.
    """
    asked = list(message_ids)
    listed = set(TeamMail.objects.filter(message__in=among_keys(asked)).values_list("message_id", flat=True))
    if listed:
        _leave_to_teams(listed)
    ids = [message_id for message_id in asked if message_id not in listed]
    messages = Message.objects.filter(pk__in=ids)
    threads = set(messages.values_list("thread_id", flat=True))
    keys = set(messages.values_list("raw_key", flat=True))
    pass_over(LedgerEntry.objects.filter(message__in=ids))
    _, deleted = messages.delete()
    Thread.objects.filter(pk__in=threads, messages=None).delete()
    _forget_references(threads)
    transaction.on_commit(lambda: _delete_files(keys - {""}), robust=True)
    return deleted.get(Message._meta.label, 0)


def _leave_to_teams(message_ids: Collection[int]) -> None:
    """No inbox logs these any more. Where none did, the reason why not stays."""
    sightings = Sighting.objects.filter(message__in=message_ids)
    logged = sightings.filter(message=OuterRef("message"), inbox=OuterRef("inbox"))
    TeamMail.objects.filter(Exists(logged), message__in=message_ids).update(code=NOBODY_KNOWN)
    sightings.delete()
    rows = LedgerEntry.objects.filter(message__in=message_ids)
    of_teams = rows.filter(message__team_mail__inbox=F("inbox"))
    rows.filter(pk__in=of_teams, state=LedgerState.LOGGED).update(state=LedgerState.KEPT)
    pass_over(rows.exclude(pk__in=of_teams))


def _forget_references(thread_ids: set[int]) -> None:
    """Message ids that only an erased e-mail named say that it existed. What the others name stands in their originals."""
    mentioned: defaultdict[int, set[str]] = defaultdict(set)
    left = Message.objects.filter(thread__in=thread_ids)
    for message in left.only("thread_id", "message_id", "raw_key", "sent_at", "size"):
        mentioned[message.thread_id] |= _ids_in_original(message)
    references = ThreadReference.objects.filter(thread__in=thread_ids)
    unmentioned = [
        pk
        for pk, thread_id, message_id in references.values_list("pk", "thread_id", "message_id")
        if message_id not in mentioned[thread_id]
    ]
    references.filter(pk__in=unmentioned).delete()


def _ids_in_original(message: Message) -> set[str]:
    """Its own alone if the original is gone."""
    envelope = read_headers(message)
    return set(ids_in(envelope)) if envelope else {message.message_id}


def drop_unwanted_attachments(messages: MessageQuerySet) -> int:
    """Rewrite the originals among these messages whose contents of files no inbox keeps any more; return how many. Idempotent."""
    unwanted = messages.with_unwanted_attachments().only("fingerprint", "raw_key")
    return sum(map(_drop_attachments, unwanted.iterator(chunk_size=500)))


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
