"""What the members of a team inbox find in their list: its mail, logged or not, and the threads it belongs to.

Call everything here in the transaction that stores the mail, with the inbox's lease or its row locked: nobody else writes then.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import Exists, OuterRef

from inboxes.arrays import array_literal
from inboxes.lookups import among, among_keys
from inboxes.models import Folder, Inbox, InboxKind, LedgerEntry, LedgerState, Sighting, TeamMail, TeamThread
from inboxes.sync.copying import merge_rows
from inboxes.sync.intake import StoredMail, V
from inboxes.sync.ledger import recode

MAIL, THREAD = TeamMail._meta.db_table, TeamThread._meta.db_table

# What is logged says why in its sighting, and is kept out of no list.
WRITE_MAIL = f"""
    INSERT INTO {MAIL} AS known (inbox_id, message_id, team_thread_id, outgoing, code, filtered, received_at)
    SELECT thread.inbox_id, mail.message_id, thread.id, mail.outgoing, COALESCE(logged.reason, mail.code),
        CASE WHEN logged.id IS NULL THEN mail.filtered ELSE '' END, mail.received_at
    FROM unnest(%s::bigint[], %s::bigint[], %s::bool[], %s::text[], %s::text[], %s::timestamptz[])
        AS mail (message_id, thread_id, outgoing, code, filtered, received_at)
    JOIN {THREAD} thread ON thread.inbox_id = %s AND thread.thread_id = mail.thread_id
    LEFT JOIN {Sighting._meta.db_table} logged
        ON logged.inbox_id = thread.inbox_id AND logged.message_id = mail.message_id
    ON CONFLICT (message_id, inbox_id) DO UPDATE SET
        outgoing = known.outgoing OR EXCLUDED.outgoing,
        code = EXCLUDED.code,
        filtered = CASE WHEN known.restored_by_id IS NULL THEN EXCLUDED.filtered ELSE '' END,
        received_at = least(known.received_at, EXCLUDED.received_at)
"""  # noqa: S608 - the names of our own tables

COUNT_THREADS = f"""
    UPDATE {THREAD} thread SET newest_id = found.newest_id, newest_at = found.newest_at,
        newest_incoming_at = found.newest_incoming_at, mails = found.mails, filtered = found.filtered
    FROM (
        SELECT team_thread_id, count(*) AS mails, max(received_at) AS newest_at,
            max(received_at) FILTER (WHERE NOT outgoing) AS newest_incoming_at,
            (array_agg(message_id ORDER BY received_at DESC, id DESC))[1] AS newest_id,
            CASE WHEN bool_and(filtered <> '') THEN (array_agg(filtered ORDER BY received_at DESC, id DESC))[1]
                ELSE '' END AS filtered
        FROM {MAIL} WHERE team_thread_id = ANY(%s) GROUP BY team_thread_id
    ) found
    WHERE thread.id = found.team_thread_id
"""  # noqa: S608


NOTE_CODES = f"""
    UPDATE {MAIL} mail SET code = decided.code FROM unnest(%s::bigint[], %s::text[]) AS decided (message_id, code)
    WHERE mail.inbox_id = %s AND mail.message_id = decided.message_id AND decided.code <> ''
"""  # noqa: S608


class Arrival(NamedTuple):
    """One mail for a team's list; several copies of it are one."""

    message_pk: int
    thread_pk: int
    outgoing: bool
    code: str
    filtered: str
    received_at: datetime

    def with_copy(self, other: "Arrival") -> "Arrival":
        """What lies outside the junk folder as well is no spam."""
        return self._replace(
            outgoing=self.outgoing or other.outgoing,
            filtered=self.filtered and other.filtered,
            received_at=min(self.received_at, other.received_at),
        )


def write_team_mail(inbox: Inbox, stored: Sequence[StoredMail[V]]) -> None:
    """Has the list of a team inbox say what became of these mails, after their sightings were written. Idempotent.

    A constant number of statements; none for a personal inbox. What a member has taken back stays so.
    """
    if inbox.kind != InboxKind.TEAM or not stored:
        return
    arrivals: dict[int, Arrival] = {}
    for mail in stored:
        arrival = _arrival(mail)
        known = arrivals.get(arrival.message_pk)
        arrivals[arrival.message_pk] = known.with_copy(arrival) if known else arrival
    _make_threads(inbox, {arrival.thread_pk: arrival.received_at for arrival in arrivals.values()})
    with connection.cursor() as cursor:
        cursor.execute(WRITE_MAIL, [*map(array_literal, zip(*arrivals.values(), strict=True)), inbox.pk])
    threads = TeamThread.objects.filter(
        inbox=inbox, thread__in=among_keys({one.thread_pk for one in arrivals.values()})
    )
    count_threads(threads.values_list("pk", flat=True))


def kept_among(inbox: Inbox, message_pks: Collection[int]) -> set[int]:
    """Those of the stored messages that the inbox only keeps for its team. One query, none for a personal inbox."""
    if inbox.kind != InboxKind.TEAM or not message_pks:
        return set()
    logged = Sighting.objects.filter(inbox=inbox, message=OuterRef("message"))
    kept = TeamMail.objects.filter(~Exists(logged), inbox=inbox, message__in=among_keys(message_pks))
    return set(kept.values_list("message_id", flat=True))


def filtered_among(folder: Folder, remote_ids: Sequence[str]) -> list[str]:
    """Those of the kept messages that are kept out of the list. No query for none of them."""
    if not remote_ids:
        return []
    here = TeamMail.objects.filter(
        inbox=folder.inbox_id, message__ledger__folder=folder, message__ledger__remote_id__in=among(remote_ids)
    )
    return list(here.exclude(filtered="").values_list("message__ledger__remote_id", flat=True))


def note_decisions(inbox: Inbox, codes: Mapping[int, str]) -> set[int]:
    """The list of a team says what is decided of these stored messages by now, and so does the ledger; returns those on the list.

    Call it when their sightings have changed, with their rows of the inbox locked against its workers. An empty code: as before.
    None for a personal inbox, and no query.
    """
    if inbox.kind != InboxKind.TEAM:
        return set()
    listed = TeamMail.objects.filter(inbox=inbox, message__in=among_keys(codes))
    keys = set(listed.values_list("message_id", flat=True))
    logged = set(
        Sighting.objects.filter(inbox=inbox, message__in=among_keys(keys)).values_list("message_id", flat=True)
    )
    for state, here in ((LedgerState.LOGGED, logged), (LedgerState.KEPT, keys - logged)):
        ledger = LedgerEntry.objects.filter(inbox=inbox, message__in=among_keys(here))
        recode(ledger, {key: codes[key] for key in here}, state=state)
    with connection.cursor() as cursor:
        cursor.execute(NOTE_CODES, [array_literal(keys), array_literal([codes[key] for key in keys]), inbox.pk])
    return keys


def _arrival(mail: StoredMail[V]) -> Arrival:
    envelope, verdict = mail.envelope, mail.verdict
    return Arrival(
        mail.message_pk, mail.thread_pk, envelope.sent_by_owner, verdict.code, verdict.filtered, envelope.received_at
    )


def _make_threads(inbox: Inbox, threads: dict[int, datetime]) -> None:
    rows = [(uuid.uuid4(), inbox.pk, thread_pk, at, 0, "") for thread_pk, at in sorted(threads.items())]
    fields = ("code", "inbox", "thread", "newest_at", "mails", "filtered")
    merge_rows(TeamThread, fields, rows, conflict="inbox_id, thread_id")


def count_threads(team_thread_pks: Collection[int]) -> None:
    """Brings the numbers of these threads in line with their mails; threads without any go."""
    keys = list(team_thread_pks)
    with connection.cursor() as cursor:
        cursor.execute(COUNT_THREADS, [keys])
    TeamThread.objects.filter(pk__in=among_keys(keys), team_mail=None).delete()
