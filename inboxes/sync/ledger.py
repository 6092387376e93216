"""Ledger rows of messages that failed (the retry ladder and quarantine), and of logged ones that are logged no more."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import TruncDate

from inboxes.arrays import array_literal
from inboxes.lookups import among, among_keys
from inboxes.models import Folder, HandledPage, LedgerEntry, LedgerState, Sighting, TeamMail
from inboxes.providers.base import MessageGone, PaceReached
from inboxes.sync.copying import merge_rows
from inboxes.sync.counting import Moves, recount
from inboxes.sync.handled import pack

LADDER = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
"""How long to wait after the first, second … failure of a message; after one more it is quarantined."""

GONE_AFTER = 3
"""A message that the server did not return so many times is taken to be deleted; the reconcile would bring it back."""

STATE_OF_STORED = f"""
    CASE WHEN EXISTS (SELECT FROM {TeamMail._meta.db_table} kept
            WHERE (kept.message_id, kept.inbox_id) = ({{row}}.message_id, {{row}}.inbox_id))
        AND NOT EXISTS (SELECT FROM {Sighting._meta.db_table} logged
            WHERE (logged.message_id, logged.inbox_id) = ({{row}}.message_id, {{row}}.inbox_id))
    THEN '{LedgerState.KEPT}' ELSE '{LedgerState.LOGGED}' END
"""  # noqa: S608 - names of our own; `row` is what the statement calls the ledger's row

SETTLED = (LedgerState.LOGGED, LedgerState.KEPT)

RECODE = f"""
    UPDATE {LedgerEntry._meta.db_table} row SET code = changed.code,
        state = CASE WHEN row.state = ANY(%s) THEN %s ELSE row.state END
    FROM unnest(%s::bigint[], %s::text[]) AS changed (id, code) WHERE row.id = changed.id
"""  # noqa: S608 - the name of our own table

FIELDS = ("inbox", "folder", "remote_id", "state", "code", "cause", "attempts", "retry_at")
CHANGES = ("state", "cause", "attempts", "retry_at")


@dataclass(frozen=True, slots=True)
class Failure:
    """A message that could not be handled this time; `cause` is a code of `inboxes.causes`."""

    remote_id: str
    cause: str


class StoredAs(NamedTuple):
    """The message and thread that a message of the mailbox was stored as, and what its ledger row says."""

    message_pk: int
    thread_pk: int
    state: str
    code: str


def settled(folder: Folder, remote_ids: Collection[str]) -> dict[str, StoredAs | None]:
    """Those of the messages that have a ledger row; None for one that is not stored."""
    if not remote_ids:
        return {}
    rows = LedgerEntry.objects.filter(folder=folder, remote_id__in=among(remote_ids))
    found = rows.values_list("remote_id", "message_id", "message__thread_id", "state", "code")
    return {
        remote_id: StoredAs(message_pk, thread_pk, state, code) if message_pk and thread_pk else None
        for remote_id, message_pk, thread_pk, state, code in found
    }


def state_of_stored() -> RawSQL:
    """What the row of a stored message says while the mailbox holds it: logged, unless it is only kept for a team. For `update`."""
    return RawSQL(STATE_OF_STORED.format(row=LedgerEntry._meta.db_table), [])  # noqa: S611 - no value from outside


def record_failures(folder: Folder, failures: Sequence[Failure], *, now: datetime) -> list[str]:
    """Moves each message one rung up the ladder; returns those that are quarantined by it."""
    if not failures:
        return []
    attempts = dict(
        LedgerEntry.objects.filter(
            folder=folder, remote_id__in=[failure.remote_id for failure in failures]
        ).values_list("remote_id", "attempts")
    )
    rows, quarantined = [], []
    for failure in failures:
        count = attempts.get(failure.remote_id, 0) + (failure.cause != PaceReached.cause)
        state, retry_at = after_failure(count, failure.cause, now)
        if state == LedgerState.QUARANTINED:
            quarantined.append(failure.remote_id)
        rows.append((folder.inbox_id, folder.pk, failure.remote_id, state, "", failure.cause, count, retry_at))
    merge_rows(LedgerEntry, FIELDS, rows, conflict="folder_id, remote_id", update=CHANGES)
    return quarantined


def after_failure(attempts: int, cause: str, now: datetime) -> tuple[LedgerState, datetime | None]:
    """What follows the n-th failure of a message. That a pace was reached is none of its failures."""
    if cause == PaceReached.cause:
        return LedgerState.RETRYING, now
    if cause == MessageGone.cause and attempts >= GONE_AFTER:
        return LedgerState.GONE, None
    if attempts > len(LADDER):
        return LedgerState.QUARANTINED, None
    return LedgerState.RETRYING, now + LADDER[attempts - 1]


def recode(rows: "QuerySet[LedgerEntry]", codes: Mapping[int, str], *, state: LedgerState) -> None:
    """These stored messages have another decision, by the key of the message, and its code is counted instead of theirs.

    Rows of messages that are gone from the mailbox, or wait for another try, keep their state. A constant number of statements, and
    a few for each folder.
    """
    moves: Moves = Counter()
    changes: list[tuple[int, str]] = []
    dated = rows.filter(message__in=among_keys(codes)).annotate(day=TruncDate("message__sent_at", tzinfo=UTC))
    for pk, folder_id, message_pk, day, before in dated.order_by("folder_id", "pk").values_list(
        "pk", "folder_id", "message_id", "day", "code"
    ):
        after = codes[message_pk] or before
        changes.append((pk, after))
        if before and before != after:
            moves[folder_id, day, before, after] += 1
    with connection.cursor() as cursor:
        cursor.execute(
            RECODE, [[*SETTLED], state, *map(array_literal, zip(*changes, strict=True) if changes else ((), ()))]
        )
    recount(moves)


def pass_over(rows: "QuerySet[LedgerEntry]", *, code: str = "") -> None:
    """From now on these stored messages are handled and skipped: with a `code`, they are counted under it instead of their own.

    A ledger row would keep the e-mail's fingerprint; without any trace a reconcile would take the e-mail for missed.
    """
    by_folder: defaultdict[int, list[str]] = defaultdict(list)
    counted: Moves = Counter()
    dated = rows.annotate(day=TruncDate("message__sent_at", tzinfo=UTC)).order_by("folder_id", "pk")
    for folder_id, remote_id, day, before in dated.values_list("folder_id", "remote_id", "day", "code"):
        by_folder[folder_id].append(remote_id)
        counted[folder_id, day, before, code] += 1
    HandledPage.objects.bulk_create(
        HandledPage(folder_id=folder_id, digests=pack(remote_ids)) for folder_id, remote_ids in by_folder.items()
    )
    if code:
        recount(counted)
    rows.delete()
