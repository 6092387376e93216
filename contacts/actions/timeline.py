"""Putting logged e-mails on timelines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from contacts.actions.indexing import index_messages
from contacts.models import Contact, MailIndex, MergedContact


@dataclass(frozen=True, slots=True)
class MailEntry:
    """A logged e-mail to stand on one contact's timeline."""

    contact_id: int
    message_id: int
    thread_id: int
    occurred_at: datetime


class ContactGone(Exception):
    """A contact was deleted after it was decided that an e-mail stands on its timeline."""


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
    survivors = _lock_survivors(contact_ids)
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
    _index_new_messages({message_id for _, message_id, _, _ in rows})
    return inserted


def _index_new_messages(message_ids: set[int]) -> None:
    known = set(MailIndex.objects.filter(pk__in=message_ids).values_list("pk", flat=True))
    index_messages(message_ids - known)


def _lock_survivors(contact_ids: set[int]) -> dict[int, int]:
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
    INSERT INTO contacts_timelineentry (kind, contact_id, message_id, thread_id, occurred_at)
    SELECT 'mail', * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[])
    ON CONFLICT (contact_id, message_id) DO NOTHING
"""
RAISE_LAST_ACTIVITY = """
    UPDATE contacts_contact contact SET last_activity_at = newest.at
    FROM (SELECT * FROM unnest(%s::bigint[], %s::timestamptz[]) AS rows (id, at)) newest
    WHERE contact.id = newest.id AND (contact.last_activity_at IS NULL OR contact.last_activity_at < newest.at)
"""


def _insert_mail_rows(rows: Sequence[tuple[int, int, int, datetime]]) -> int:
    if not rows:
        return 0
    newest: dict[int, datetime] = {}
    for contact_id, _, _, occurred_at in rows:
        newest[contact_id] = max(occurred_at, newest.get(contact_id, occurred_at))
    with connection.cursor() as cursor:
        cursor.execute(INSERT_MAIL_ROWS, [list(column) for column in zip(*rows, strict=True)])
        inserted: int = cursor.rowcount
        cursor.execute(RAISE_LAST_ACTIVITY, [list(newest.keys()), list(newest.values())])
    return inserted
