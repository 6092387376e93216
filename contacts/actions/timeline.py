"""Putting logged e-mails on timelines."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Subquery

from contacts.actions.gone import ContactGone
from contacts.actions.indexing import index_messages
from contacts.models import Contact, MergedContact, TimelineEntry
from inboxes.arrays import array_literal
from inboxes.models import Message, Sighting, Visibility


@dataclass(frozen=True, slots=True)
class MailEntry:
    """A logged e-mail to stand on one contact's timeline."""

    contact_id: int
    message_id: int
    thread_id: int
    occurred_at: datetime


@transaction.atomic
def record_mail_entries(entries: Iterable[MailEntry]) -> int:
    """Put logged e-mails on timelines and move `last_activity_at` forward; return how many entries were new.

    Idempotent; a constant number of statements, whatever the number of entries. Contacts are locked in the order of their keys,
    so concurrent syncs cannot deadlock. An entry for a contact merged meanwhile goes to the contact it was merged into. Raises
    `ContactGone` for one that was deleted; then nothing is recorded.
    """
    wanted = list(entries)
    if not wanted:
        return 0
    contact_ids = {entry.contact_id for entry in wanted}
    survivors = lock_survivors(contact_ids)
    if not contact_ids <= survivors.keys():
        raise ContactGone
    rows = [
        (
            survivors[entry.contact_id],
            entry.message_id,
            entry.thread_id,
            entry.occurred_at,
        )
        for entry in wanted
    ]
    inserted = _insert_mail_rows(rows)
    index_messages({message_id for _, message_id, _, _ in rows}, new_only=True)
    return inserted


def lock_survivors(contact_ids: set[int]) -> dict[int, int]:
    """Map each contact key to the living contact that answers for it, locked until the transaction ends."""
    alive = _lock_contacts(contact_ids)
    survivors = {pk: pk for pk in alive}
    if gone := contact_ids - alive:
        merged = dict(MergedContact.objects.filter(former_id__in=gone).values_list("former_id", "contact_id"))
        alive |= _lock_contacts(set(merged.values()) - alive)
        survivors |= {former: pk for former, pk in merged.items() if pk in alive}
    return survivors


def _lock_contacts(contact_ids: set[int]) -> set[int]:
    alive = Contact.objects.filter(pk__in=contact_ids, withdrawn_at=None)
    locked = alive.order_by("pk").select_for_update(no_key=True)
    return set(locked.values_list("pk", flat=True))


INSERT_MAIL_ROWS = """
    INSERT INTO contacts_timelineentry (kind, contact_id, message_id, thread_id, occurred_at, private)
    SELECT 'mail', row.*, EXISTS (
        SELECT FROM inboxes_sighting sighting WHERE sighting.message_id = row.message_id AND visibility = 'private'
    )
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[]) AS row (contact_id, message_id)
    ON CONFLICT (contact_id, message_id) DO NOTHING
"""
RAISE_LAST_ACTIVITY = """
    UPDATE contacts_contact contact SET last_activity_at = newest.at
    FROM (
        SELECT contact_id AS id, max(occurred_at) AS at FROM contacts_timelineentry
        WHERE message_id = ANY(%s::bigint[]) AND contact_id = ANY(%s::bigint[]) AND NOT private GROUP BY contact_id
    ) newest
    WHERE contact.id = newest.id AND (contact.last_activity_at IS NULL OR contact.last_activity_at < newest.at)
"""


def _insert_mail_rows(rows: Sequence[tuple[int, int, int, datetime]]) -> int:
    """`last_activity_at` is for everybody's eyes: private e-mails do not move it."""
    if not rows:
        return 0
    contact_ids, message_ids, _, _ = columns = [array_literal(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(INSERT_MAIL_ROWS, columns)
        inserted: int = cursor.rowcount
        cursor.execute(RAISE_LAST_ACTIVITY, [message_ids, contact_ids])
    return inserted


def hold_mails(message_ids: Collection[int]) -> None:
    """Locks the contacts these e-mails stand with, then the e-mails, until the transaction ends.

    Whoever logs one of them in another inbox, un-logs or deletes it is through by now, or waits.
    """
    _lock_contacts(set(TimelineEntry.objects.filter(message__in=message_ids).values_list("contact_id", flat=True)))
    mails = Message.objects.filter(pk__in=message_ids).order_by("pk")
    list(mails.select_for_update(of=("self",)).values_list("pk", flat=True))


@transaction.atomic
def settle_privacy(*, message_ids: Iterable[int]) -> None:
    """Has timelines say what the sightings of these e-mails say by now. Call it in the transaction that changed a sighting
    of mail that was logged before; where one became less strict, `hold_mails` before that change.

    Idempotent; a constant number of statements, one if nothing has to change.
    """
    keys = list(message_ids)
    if not keys:
        return
    private = Exists(Sighting.objects.filter(message=OuterRef("message"), visibility=Visibility.PRIVATE))
    entries = TimelineEntry.objects.filter(message__in=keys).exclude(private=private)
    contact_ids = set(entries.values_list("contact_id", flat=True))
    if contact_ids:
        _lock_contacts(contact_ids)
        entries.update(private=private)
        settle_last_activity(contact_ids)


def settle_last_activity(contact_ids: Iterable[int]) -> None:
    """Reads it from the timelines anew."""
    known = TimelineEntry.objects.known_to_all().filter(contact=OuterRef("pk"))
    newest = known.order_by("-occurred_at", "-pk").values("occurred_at")[:1]
    Contact.objects.filter(pk__in=list(contact_ids)).update(last_activity_at=Subquery(newest))
