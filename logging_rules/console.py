"""Every connection of the workspace for those who look after it: how it is, and numbers. Nothing of any e-mail, nor of who wrote it."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Q

from inboxes.actions.overseeing import NOTHING_TO_STOP
from inboxes.allowed import not_allowed_any_more
from inboxes.causes import Cause, cause_of
from inboxes.models import (
    ConnectionPolicy,
    Folder,
    FolderState,
    Inbox,
    InboxKind,
    InboxStatus,
    LedgerEntry,
    LedgerState,
    ProviderKind,
)
from inboxes.models.inbox import InboxQuerySet
from logging_rules.reasons import LOGGING_CODES
from users.models import User

STALE_AFTER = timedelta(days=1)
_S = InboxStatus

ORDERS = {
    "address": (F("address").asc(),),
    "-address": (F("address").desc(),),
    "owner": (F("owner__name").asc(), F("address").asc()),
    "-owner": (F("owner__name").desc(), F("address").asc()),
    "status": (F("status").asc(), F("address").asc()),
    "-status": (F("status").desc(), F("address").asc()),
    "read": (F("live_synced_at").asc(nulls_first=True), F("pk").asc()),
    "-read": (F("live_synced_at").desc(nulls_last=True), F("pk").asc()),
    "since": (F("created_at").asc(), F("pk").asc()),
    "-since": (F("created_at").desc(), F("pk").asc()),
}
DEFAULT_ORDER = "address"

STATUS_MARKS: dict[str, tuple[str, str]] = {
    _S.CONNECTING: ("neutral", "circle-dashed"),
    _S.ACTIVE: ("ok", "check"),
    _S.DEGRADED: ("warn", "triangle-alert"),
    _S.NEEDS_RECONNECT: ("bad", "plug"),
    _S.PAUSED: ("neutral", "pause"),
    _S.DISABLED: ("neutral", "circle-off"),
}
"""Colour and icon."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which connections, as the address of the page says. Empty fields leave nothing out; what is not known counts as empty."""

    text: str = ""
    status: str = ""
    kind: str = ""
    provider: str = ""
    owner: str = ""
    attention: bool = False
    unmet: bool = False
    sort: str = DEFAULT_ORDER

    @property
    def is_filtered(self) -> bool:
        return self != Wanted(sort=self.sort)


@dataclass(frozen=True, slots=True)
class Summary:
    """How many there are, of the whole workspace."""

    connected: int
    active: int
    troubled: int
    waiting: int
    disabled: int
    attention: int


@dataclass(frozen=True, slots=True)
class Connection:
    """One line of the console. `share` of the messages that are known of are settled; `open` wait for another try or were set aside."""

    inbox: Inbox
    logged: int
    share: float
    open: int

    @property
    def tone(self) -> str:
        return STATUS_MARKS[self.inbox.status][0]

    @property
    def icon(self) -> str:
        return STATUS_MARKS[self.inbox.status][1]

    @property
    def cause(self) -> Cause | None:
        return cause_of(self.inbox.cause) if self.inbox.cause else None

    @property
    def can_be_stopped(self) -> bool:
        return self.inbox.status not in NOTHING_TO_STOP

    @property
    def is_off(self) -> bool:
        return self.inbox.status == InboxStatus.DISABLED


def connections(reader: User, wanted: Wanted, *, now: datetime) -> InboxQuerySet:
    """In the order that is wanted, with their owners."""
    found = Inbox.objects.overseen_by(reader)
    for condition in _conditions(wanted, now):
        found = found.filter(condition)
    if wanted.unmet:
        found = found.filter(pk__in=not_allowed_any_more(ConnectionPolicy.objects.current()).values("pk"))
    return found.select_related("owner").order_by(*ORDERS.get(wanted.sort, ORDERS[DEFAULT_ORDER]))


def _conditions(wanted: Wanted, now: datetime) -> list[Q]:
    asked: list[tuple[object, Callable[[], Q]]] = [
        (wanted.text, lambda: _about(wanted.text)),
        (wanted.status in InboxStatus.values, lambda: Q(status=wanted.status)),
        (wanted.kind in InboxKind.values, lambda: Q(kind=wanted.kind)),
        (wanted.provider in ProviderKind.values, lambda: Q(provider=wanted.provider)),
        (wanted.owner, lambda: Q(owner__email=wanted.owner.lower())),
        (wanted.attention, lambda: needs_attention(now)),
    ]
    return [condition() for is_asked, condition in asked if is_asked]


def _about(text: str) -> Q:
    fields = ("address", "name", "owner__name", "owner__email")
    conditions = Q(aliases__contains=[text.lower()])
    for field in fields:
        conditions |= Q(**{f"{field}__icontains": text})
    return conditions


def needs_attention(now: datetime) -> Q:
    """Somebody has to do something, or nobody has noticed yet that nothing comes in."""
    is_silent = Q(status=InboxStatus.ACTIVE, live_synced_at__lt=now - STALE_AFTER)
    return Q(status__in=(InboxStatus.DEGRADED, InboxStatus.NEEDS_RECONNECT)) | is_silent


def summary(reader: User, *, now: datetime) -> Summary:
    """One query."""

    def of(*statuses: InboxStatus) -> Count:
        return Count("pk", filter=Q(status__in=statuses))

    return Summary(
        **Inbox.objects.overseen_by(reader).aggregate(
            connected=Count("pk"),
            active=of(_S.ACTIVE),
            troubled=of(_S.DEGRADED),
            waiting=of(_S.NEEDS_RECONNECT),
            disabled=of(_S.DISABLED),
            attention=Count("pk", filter=needs_attention(now)),
        )
    )


def with_numbers(inboxes: Sequence[Inbox]) -> list[Connection]:
    """Two queries, however many. The numbers are those the sync has written down: no e-mail is counted anew."""
    decided, logged, remaining = _decided(inboxes)
    waiting = _waiting(inboxes)
    return [
        Connection(
            inbox,
            logged=logged[inbox.pk],
            share=_share(decided[inbox.pk], waiting[inbox.pk] + remaining[inbox.pk]),
            open=waiting[inbox.pk],
        )
        for inbox in inboxes
    ]


def _decided(inboxes: Collection[Inbox]) -> tuple[dict[int, int], dict[int, int], dict[int, int]]:
    decided, logged, remaining = defaultdict[int, int](int), defaultdict[int, int](int), defaultdict[int, int](int)
    folders = Folder.objects.filter(inbox__in=inboxes).exclude(state=FolderState.RETIRED)
    for inbox_id, counts, still_to_read in folders.values_list("inbox_id", "counts", "remaining"):
        decided[inbox_id] += sum(counts.values())
        logged[inbox_id] += sum(count for code, count in counts.items() if code in LOGGING_CODES)
        remaining[inbox_id] += still_to_read
    return decided, logged, remaining


def _waiting(inboxes: Collection[Inbox]) -> dict[int, int]:
    rows = LedgerEntry.objects.filter(inbox__in=inboxes, state__in=(LedgerState.RETRYING, LedgerState.QUARANTINED))
    found: dict[int, int] = dict(rows.values_list("inbox_id").annotate(messages=Count("pk")).order_by())
    return defaultdict(int, found)


def _share(settled: int, unsettled: int) -> float:
    """In whole percents, rounded down: only what is complete is 1.0."""
    known = settled + unsettled
    return settled * 100 // known / 100 if known else 1.0
