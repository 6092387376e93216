"""Reads of inboxes and of how far they are synced. Whoever calls has checked with `visible_to` that the person may see them."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q, QuerySet

from inboxes.causes import Cause, cause_of
from inboxes.models import Folder, FolderState, HandledPage, Inbox, LedgerEntry, LedgerState, Sighting, TeamMail
from inboxes.sync.handled import digest, unpack

ONCE_LOGGED = (LedgerState.LOGGED, LedgerState.GONE)


@dataclass(frozen=True, slots=True)
class Completeness:
    """What became of the messages in an inbox's window.

    `counts` are the decision codes of mail that was logged or skipped; `remaining` is the provider's estimate of what the first
    sync has still to read. At `checked_at`, the last daily check, the server held `on_server` of them (None before the first one);
    `missed` of these had been handled by nobody, and were put in line then.
    """

    counts: dict[str, int]
    logged: int
    skipped: int
    retrying: int
    quarantined: int
    remaining: int
    on_server: int | None
    missed: int
    checked_at: datetime | None

    @property
    def scanned(self) -> int:
        return self.logged + self.skipped + self.retrying + self.quarantined

    @property
    def accounted_for(self) -> int | None:
        """Of those on the server at the last check, how many were logged, skipped, retrying or quarantined."""
        return None if self.on_server is None else self.on_server - self.missed

    @property
    def settled(self) -> int:
        return self.logged + self.skipped

    @property
    def share(self) -> float:
        """Of the messages known to be there, how many are logged or skipped; 1.0 when none is left."""
        known = self.scanned + self.remaining
        return self.settled / known if known else 1.0


@dataclass(frozen=True, slots=True)
class TroubledMessages:
    """Messages that wait for another try, or that were set aside, for the same cause. Nothing of them is known but that."""

    cause: str
    is_quarantined: bool
    count: int
    retry_at: datetime | None

    @property
    def problem(self) -> Cause:
        return cause_of(self.cause)


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


def inbox_with_address(address: str) -> Inbox | None:
    """Whoever's it is: an address can be connected only once, as the address of an inbox or as an alias of one."""
    return Inbox.objects.filter(Q(address=address) | Q(aliases__contains=[address])).first()


def mails_of(inbox: Inbox, *, logged: bool) -> "QuerySet[Any, Any]":
    """The keys of stored e-mails that the inbox holds, as a query: all that lies in it as a team's, and what it `logged`."""
    held = TeamMail.objects.filter(inbox=inbox).values_list("message_id", flat=True)
    return held.union(Sighting.objects.filter(inbox=inbox).values_list("message_id", flat=True)) if logged else held


def completeness(inbox: Inbox) -> Completeness:
    return completeness_of([inbox])[inbox.pk]


def completeness_of(inboxes: Collection[Inbox]) -> dict[int, Completeness]:
    """By the key of the inbox. A constant number of queries, however many there are."""
    folders: dict[int, list[Folder]] = {inbox.pk: [] for inbox in inboxes}
    for folder in Folder.objects.filter(inbox__in=inboxes).exclude(state=FolderState.RETIRED):
        folders[folder.inbox_id].append(folder)
    states: dict[int, Counter[str]] = {inbox.pk: Counter() for inbox in inboxes}
    stored: Counter[int] = Counter()
    rows = LedgerEntry.objects.filter(inbox__in=inboxes).exclude(folder__state=FolderState.RETIRED)
    has_message = Count("pk", filter=Q(state__in=ONCE_LOGGED, message__isnull=False))
    counted = rows.values_list("inbox", "state").annotate(messages=Count("pk"), once_logged=has_message)
    for key, state, messages, once_logged in counted:
        states[key][state] = messages
        stored[key] += once_logged
    return {
        inbox.pk: _completeness(inbox, folders[inbox.pk], states[inbox.pk], once_logged=stored[inbox.pk])
        for inbox in inboxes
    }


def _completeness(inbox: Inbox, folders: list[Folder], states: Counter[str], *, once_logged: int) -> Completeness:
    counts: Counter[str] = Counter()
    for folder in folders:
        counts.update(folder.counts)
    totals = [folder.server_total for folder in folders if folder.server_total is not None]
    return Completeness(
        counts=dict(counts.most_common()),
        logged=states[LedgerState.LOGGED],
        skipped=max(0, counts.total() - once_logged),
        retrying=states[LedgerState.RETRYING],
        quarantined=states[LedgerState.QUARANTINED],
        remaining=sum(folder.remaining for folder in folders),
        on_server=sum(totals) if totals else None,
        missed=sum(folder.missed for folder in folders if folder.server_total is not None),
        checked_at=inbox.reconciled_at,
    )


def folder_sizes(inbox: Inbox) -> dict[str, int]:
    """How many messages each folder is known to hold in the inbox's window, by the provider's name of it. One query."""
    rows = Folder.objects.filter(inbox=inbox).exclude(state=FolderState.RETIRED).values_list("remote_id", "counts")
    return {remote_id: sum(counts.values()) for remote_id, counts in rows}


def troubled_messages(inbox: Inbox) -> list[TroubledMessages]:
    """What could not be read or stored, by cause; most first. One query."""
    rows = LedgerEntry.objects.filter(inbox=inbox, state__in=(LedgerState.RETRYING, LedgerState.QUARANTINED))
    groups = (
        rows.values_list("state", "cause")
        .annotate(messages=Count("pk"), next_try=Min("retry_at"))
        .order_by("-messages")
    )
    return [
        TroubledMessages(cause=cause, is_quarantined=state == LedgerState.QUARANTINED, count=count, retry_at=retry_at)
        for state, cause, count, retry_at in groups
    ]


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


def skipped_among(inbox_id: int, keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the messages, by (folder's remote id, remote id), that were read and not logged. Two queries at most."""
    folders = Folder.objects.filter(inbox=inbox_id, remote_id__in={folder_id for folder_id, _ in keys})
    wanted = {
        (folder.pk, digest(remote_id)): (folder_id, remote_id)
        for folder in folders
        for folder_id, remote_id in keys
        if folder_id == folder.remote_id
    }
    pages = HandledPage.objects.filter(folder__in={folder_pk for folder_pk, _ in wanted})
    found = ((page.folder_id, part) for page in pages.iterator() for part in unpack(bytes(page.digests)))
    return {wanted[key] for key in found if key in wanted}
