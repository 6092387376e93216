"""Finding or making the threads of e-mails about to be stored. Runs in the transaction that stores them, under its locks."""

from collections.abc import Collection, Sequence

from django.db import connection

from inboxes.arrays import array_literal
from inboxes.envelope import Envelope
from inboxes.lookups import among
from inboxes.models import Message, Thread, ThreadReference
from inboxes.sync.copying import merge_rows
from inboxes.threading import Addresses, Correspondence, ThreadGroup, correspondence, join_threads, outsiders

MESSAGES_READ = 50
"""Who takes part in a thread is read from this many of its newest messages."""

PARTICIPANTS = f"""
    SELECT wanted.pk, array_agg(DISTINCT person.email)
    FROM unnest(%s::bigint[]) AS wanted (pk),
    LATERAL (
        SELECT from_email, recipients FROM {Message._meta.db_table}
        WHERE thread_id = wanted.pk ORDER BY sent_at DESC LIMIT %s
    ) newest,
    LATERAL (
        SELECT newest.from_email AS email
        UNION ALL SELECT recipient ->> 1 FROM jsonb_array_elements(newest.recipients) recipient
    ) person
    GROUP BY wanted.pk
"""  # noqa: S608 - the name of our own table

MAKE_THREADS = f"""
    INSERT INTO {Thread._meta.db_table} (code) SELECT gen_random_uuid() FROM generate_series(1, %s) RETURNING id
"""  # noqa: S608


def threads_for(envelopes: Sequence[Envelope], colleagues: Addresses) -> list[int]:
    """The thread of each e-mail, made if need be, and the message ids that will lead later mail to it."""
    letters = [correspondence(envelope, colleagues) for envelope in envelopes]
    references = _references_to({message_id for letter in letters for message_id in letter.message_ids})
    participants = _participants({thread_pk for _, thread_pk in references})
    known = {pk: ThreadGroup(pk, set(outsiders(emails, colleagues))) for pk, emails in participants.items()}
    mentioned: dict[str, list[ThreadGroup]] = {}
    for message_id, thread_pk in references:
        mentioned.setdefault(message_id, []).append(known[thread_pk])
    return _write_threads(letters, join_threads(letters, mentioned))


def _write_threads(letters: Sequence[Correspondence], groups: Sequence[ThreadGroup]) -> list[int]:
    new = [group for group in dict.fromkeys(groups) if group.pk is None]
    for group, key in zip(new, _make_threads(len(new)), strict=True):
        group.pk = key
    rows = {
        (group.pk, message_id)
        for letter, group in zip(letters, groups, strict=True)
        for message_id in letter.message_ids
    }
    merge_rows(ThreadReference, ("thread", "message_id"), list(rows), conflict="message_id, thread_id")
    return [group.pk for group in groups if group.pk is not None]


def _make_threads(count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(MAKE_THREADS, [count])
        return [key for (key,) in cursor.fetchall()]


def _references_to(message_ids: Collection[str]) -> list[tuple[str, int]]:
    """The stored threads that mention the message ids, oldest first."""
    rows = ThreadReference.objects.filter(message_id__in=among(message_ids)).order_by("thread_id")
    return list(rows.values_list("message_id", "thread_id"))


def _participants(threads: Collection[int]) -> dict[int, list[str]]:
    with connection.cursor() as cursor:
        cursor.execute(PARTICIPANTS, [array_literal(threads), MESSAGES_READ])
        found: dict[int, list[str]] = dict(cursor.fetchall())
    return {thread_pk: found.get(thread_pk, []) for thread_pk in threads}
