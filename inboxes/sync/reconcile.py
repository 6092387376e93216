"""Is everything accounted for? Once a day what the server holds is compared with what was handled, message by message.

A mailbox that takes longer to compare than a slice may last is compared folder by folder, over several slices.
"""

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet

from inboxes.lookups import among
from inboxes.models import Folder, HandledPage, Inbox, LedgerEntry, LedgerState
from inboxes.providers.base import RemoteFolder
from inboxes.sync.copying import merge_rows
from inboxes.sync.folders import tolerated
from inboxes.sync.handled import digest, unpack
from inboxes.sync.intake import V
from inboxes.sync.ledger import FIELDS, state_of_stored
from inboxes.sync.slice import Slice
from inboxes.sync.tracks import catch_up

logger = structlog.get_logger(__name__)

INTERVAL = timedelta(days=1)
A_DAY = timedelta(days=1)
"""Servers compare days, in time zones of their own."""
GAP_FOUND = "gap_found"

SURVEYED_AT_ONCE = 20
"""Folders: while they are compared, the keys of all that was handled in them are in memory."""

Handled = tuple[set[str], list[HandledPage]]
"""Of a folder: the keys in its ledger, and its pages of skipped mail."""


def is_due(inbox: Inbox, now: datetime) -> bool:
    """Every day, and when a person has asked for it since the last time."""
    if inbox.reconciled_at is None or now - inbox.reconciled_at >= INTERVAL:
        return True
    return inbox.check_wanted_at is not None and inbox.check_wanted_at > inbox.reconciled_at


def reconcile(run: Slice[V]) -> bool:
    """Compares the folders whose past was read, at least one of them; messages nobody handled go on the retry ladder.

    True when all are compared and this slice missed none."""
    gaps, left = 0, _not_compared(run)
    for start in range(0, len(left), SURVEYED_AT_ONCE):
        part = left[start : start + SURVEYED_AT_ONCE]
        handled = {folder.pk: _handled_before(folder) for folder, _ in part}
        run.provider.survey([remote for _, remote in part], since=run.inbox.history_since)
        for folder, remote in part:
            if run.is_over and folder is not left[0][0]:
                return False
            with tolerated(run, folder):
                gaps += _reconcile_folder(run, folder, remote, handled.pop(folder.pk))
            run.lease.keep()
    if _not_compared(run):
        return False
    with transaction.atomic():
        run.lease.guard()
        Inbox.objects.filter(pk=run.inbox.pk).update(reconciled_at=run.clock())
    return not gaps


def _not_compared(run: Slice[V]) -> list[tuple[Folder, RemoteFolder]]:
    """Those that the check under way has not come to yet."""
    read = [pair for pair in run.readable_folders if pair[0].backfill_done_at]
    return [(folder, remote) for folder, remote in read if not _is_compared(run.inbox, folder)]


def _is_compared(inbox: Inbox, folder: Folder) -> bool:
    at, last, wanted = folder.reconciled_at, inbox.reconciled_at, inbox.check_wanted_at
    return at is not None and (last is None or at > last) and (wanted is None or at >= wanted)


def _handled_before(folder: Folder) -> Handled:
    keys = LedgerEntry.objects.filter(folder=folder).values_list("remote_id", flat=True)
    return set(keys), list(HandledPage.objects.filter(folder=folder))


def _reconcile_folder(run: Slice[V], folder: Folder, remote: RemoteFolder, handled: Handled) -> int:
    """What arrives while we compare is neither missed nor taken for missed: ledger first, then server, then new mail."""
    before, pages = handled
    on_server = run.provider.remote_ids(remote, since=run.inbox.history_since)
    if not catch_up(run, folder, remote):
        return 0
    ledger = dict(LedgerEntry.objects.filter(folder=folder).values_list("remote_id", "state"))
    skipped = {part for page in pages for part in unpack(bytes(page.digests))}
    arrived = {part for page in _pages_since(folder, pages) for part in unpack(bytes(page.digests))}
    digests = {remote_id: digest(remote_id) for remote_id in on_server - ledger.keys()}
    gaps = [remote_id for remote_id, part in digests.items() if part not in skipped and part not in arrived]
    back = [remote_id for remote_id, state in ledger.items() if state == LedgerState.GONE and remote_id in on_server]
    gone = before - on_server
    gone -= _before_the_window(run, folder, remote, gone)
    now = run.clock()
    with transaction.atomic():
        run.lease.guard()
        _note_gaps(folder, gaps, now)
        _note_gone(folder, gone)
        _note_back(folder, back, now)
        _merge_pages(folder, pages, keep=b"".join(part for part in digests.values() if part in skipped))
        found = Folder.objects.filter(pk=folder.pk)
        found.update(server_total=len(on_server), missed=len(gaps), reconciled_at=now)
    folder.reconciled_at = now
    if gaps:
        logger.warning("sync_gap_found", inbox_id=folder.inbox_id, folder_id=folder.pk, messages=len(gaps))
    return len(gaps)


def _before_the_window(run: Slice[V], folder: Folder, remote: RemoteFolder, unlisted: set[str]) -> set[str]:
    """Those that are there although the window does not list them: their owner picked them by hand. Only what may be so is asked for,
    of which nothing is known yet or that was sent earlier."""
    since = run.inbox.history_since
    if since is None or not unlisted:
        return set()
    rows = LedgerEntry.objects.filter(folder=folder, remote_id__in=among(unlisted)).exclude(state=LedgerState.GONE)
    earlier = rows.filter(Q(message=None) | Q(message__sent_at__lt=since + A_DAY))
    keys = sorted(earlier.values_list("remote_id", flat=True))
    there: set[str] = set()
    for start in range(0, len(keys), run.batch):
        envelopes, unreadable = run.provider.envelopes(remote, keys[start : start + run.batch])
        there.update(envelope.remote_id for envelope in envelopes)
        there.update(message.remote_id for message in unreadable)
        run.lease.keep()
    return there


def _note_gaps(folder: Folder, remote_ids: list[str], now: datetime) -> None:
    rows = [
        (folder.inbox_id, folder.pk, remote_id, LedgerState.RETRYING, "", GAP_FOUND, 0, now) for remote_id in remote_ids
    ]
    merge_rows(LedgerEntry, FIELDS, rows, conflict="folder_id, remote_id")


def _note_gone(folder: Folder, remote_ids: set[str]) -> None:
    rows = LedgerEntry.objects.filter(folder=folder, remote_id__in=remote_ids)
    rows.exclude(state=LedgerState.GONE).update(state=LedgerState.GONE, retry_at=None)


def _note_back(folder: Folder, remote_ids: list[str], now: datetime) -> None:
    """A server may hide mail for a while. Stored mail is what it was; the rest gets another try."""
    rows = LedgerEntry.objects.filter(folder=folder, remote_id__in=remote_ids)
    rows.filter(message=None).update(state=LedgerState.RETRYING, attempts=0, retry_at=now)
    rows.filter(message__isnull=False).update(state=state_of_stored())


def _pages_since(folder: Folder, pages: list[HandledPage]) -> QuerySet[HandledPage]:
    return HandledPage.objects.filter(folder=folder).exclude(pk__in=[page.pk for page in pages])


def _merge_pages(folder: Folder, pages: list[HandledPage], *, keep: bytes) -> None:
    """One row instead of many, and nothing about messages the server no longer holds."""
    HandledPage.objects.filter(pk__in=[page.pk for page in pages]).delete()
    HandledPage.objects.create(folder=folder, digests=keep)
