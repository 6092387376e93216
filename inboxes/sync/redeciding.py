"""Having single messages read and decided once more by the next slice, because somebody said something about them."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Count
from django.db.models.functions import TruncDate

from inboxes.models import DailyCount, Folder, Inbox, LedgerEntry, LedgerState
from inboxes.queries import skipped_among
from inboxes.sync.copying import merge_rows
from inboxes.sync.counting import Tally, codes_of, take_from_days
from inboxes.sync.lease import shut_workers_out
from inboxes.sync.ledger import FIELDS


class RemoteKey(NamedTuple):
    """A message of a mailbox, with the day it was sent (UTC) and the decision it has today: skipped mail leaves neither behind."""

    folder_id: str
    remote_id: str
    day: date
    code: str


@transaction.atomic
def decide_again(inbox_id: int, keys: Collection[RemoteKey], *, now: datetime) -> dict[RemoteKey, Folder]:
    """Puts the messages on the retry ladder, due at once; returns those that are not logged, with their folders.

    They leave the counts, and come back with their new decision. A slice that runs meanwhile loses its lease. Idempotent.
    """
    shut_workers_out([inbox_id])
    Inbox.objects.filter(pk=inbox_id).update(next_due_at=now)
    taken_up: dict[RemoteKey, Folder] = {}
    for folder in Folder.objects.filter(inbox=inbox_id, remote_id__in={key.folder_id for key in keys}):
        of_folder = {key.remote_id: key for key in keys if key.folder_id == folder.remote_id}
        taken_up |= {of_folder[remote_id]: folder for remote_id in _take_up(folder, of_folder, now)}
    return taken_up


def _take_up(folder: Folder, keys: Mapping[str, RemoteKey], now: datetime) -> list[str]:
    rows = LedgerEntry.objects.filter(folder=folder, remote_id__in=list(keys))
    known = {row.remote_id: row for row in rows}
    kept = {row.remote_id: row.code for row in known.values() if row.state == LedgerState.KEPT}
    once_logged = {row.remote_id: row.code for row in known.values() if row.message_id is None}
    logged = known.keys() - kept.keys() - once_logged.keys()
    waiting = [remote_id for remote_id in keys if remote_id not in logged]
    unknown = {(folder.remote_id, remote_id) for remote_id in waiting if remote_id not in known}
    skipped = {remote_id for _, remote_id in skipped_among(folder.inbox_id, unknown)}
    counted = Counter(
        (keys[remote_id].day, once_logged.get(remote_id) or keys[remote_id].code)
        for remote_id in waiting
        if remote_id in skipped or once_logged.get(remote_id)
    )
    _uncount(folder, counted, certain=Counter((keys[remote_id].day, code) for remote_id, code in kept.items()))
    values = [(folder.inbox_id, folder.pk, remote_id, LedgerState.RETRYING, "", "", 0, now) for remote_id in waiting]
    changes = ("state", "code", "cause", "attempts", "retry_at")
    merge_rows(LedgerEntry, FIELDS, values, conflict="folder_id, remote_id", update=changes)
    return waiting


def _uncount(folder: Folder, counted: Tally, *, certain: Tally) -> None:
    """What is stored is counted under the code of its row: that is `certain`. Settings may have changed since another mail was skipped,
    so that it was counted under another code than it would be today: then the most frequent one of that day gives way, and the
    sums are right."""
    skipped = _skipped_on(folder, {day for day, _ in counted})
    taken: Tally = Counter(certain)
    for day, code in counted.elements():
        others = Counter({key: messages for key, messages in (skipped - taken).items() if key[0] == day})
        likeliest = [(day, code)] if (day, code) in others else [key for key, _ in others.most_common(1)]
        taken.update(likeliest)
    take_from_days(folder, taken)
    folder.counts = dict(Counter(folder.counts) - codes_of(taken))
    folder.save(update_fields=["counts"])


def _skipped_on(folder: Folder, days: Collection[date]) -> Tally:
    """What was counted on the days but is not stored."""
    rows = DailyCount.objects.filter(folder=folder, day__in=days)
    counted: Tally = Counter({(day, code): number for day, code, number in rows.values_list("day", "code", "messages")})
    stored = LedgerEntry.objects.filter(folder=folder, message__isnull=False)
    dated = stored.annotate(day=TruncDate("message__sent_at", tzinfo=UTC)).filter(day__in=days)
    logged = dated.values_list("day", "code").annotate(messages=Count("pk"))
    return counted - Counter({(day, code): messages for day, code, messages in logged})
