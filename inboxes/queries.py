"""Reads of inboxes and of how far they are synced. Whoever calls has checked with `visible_to` that the person may see them."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from inboxes.models import Folder, FolderState, Inbox, LedgerEntry, LedgerState


@dataclass(frozen=True, slots=True)
class Completeness:
    """What became of the messages in an inbox's window.

    `counts` are the decision codes of mail that was logged or skipped; `remaining` is the provider's estimate of what the first
    sync has still to read; `on_server` is what the last daily check found there, None before the first one.
    """

    counts: dict[str, int]
    logged: int
    skipped: int
    retrying: int
    quarantined: int
    remaining: int
    on_server: int | None
    checked_at: datetime | None

    @property
    def scanned(self) -> int:
        return self.logged + self.skipped + self.retrying + self.quarantined

    @property
    def settled(self) -> int:
        return self.logged + self.skipped

    @property
    def share(self) -> float:
        """Of the messages known to be there, how many are logged or skipped; 1.0 when none is left."""
        known = self.scanned + self.remaining
        return self.settled / known if known else 1.0


@dataclass(frozen=True, slots=True)
class FolderProgress:
    """How fresh one folder is."""

    name: str
    role: str
    state: str
    last_ok_at: datetime | None
    backfill_done_at: datetime | None
    remaining: int
    server_total: int | None


def completeness(inbox: Inbox) -> Completeness:
    """A constant number of queries."""
    folders = list(Folder.objects.filter(inbox=inbox).exclude(state=FolderState.RETIRED))
    rows = LedgerEntry.objects.filter(inbox=inbox, folder__in=folders)
    states = dict(rows.values_list("state").annotate(Count("pk")).values_list("state", "pk__count"))
    once_logged = rows.filter(state__in=(LedgerState.LOGGED, LedgerState.GONE), message__isnull=False).count()
    counts: Counter[str] = Counter()
    for folder in folders:
        counts.update(folder.counts)
    totals = [folder.server_total for folder in folders if folder.server_total is not None]
    return Completeness(
        counts=dict(counts.most_common()),
        logged=states.get(LedgerState.LOGGED, 0),
        skipped=max(0, counts.total() - once_logged),
        retrying=states.get(LedgerState.RETRYING, 0),
        quarantined=states.get(LedgerState.QUARANTINED, 0),
        remaining=sum(folder.remaining for folder in folders),
        on_server=sum(totals) if totals else None,
        checked_at=inbox.reconciled_at,
    )


def folder_progress(inbox: Inbox) -> list[FolderProgress]:
    """Inbox and Sent first, retired folders last. One query."""
    order = {"inbox": 0, "sent": 1}
    folders = sorted(
        Folder.objects.filter(inbox=inbox),
        key=lambda folder: (folder.state == FolderState.RETIRED, order.get(folder.role, 2), folder.name),
    )
    return [
        FolderProgress(
            name=folder.name,
            role=folder.role,
            state=folder.state,
            last_ok_at=folder.last_ok_at,
            backfill_done_at=folder.backfill_done_at,
            remaining=folder.remaining,
            server_total=folder.server_total,
        )
        for folder in folders
    ]
