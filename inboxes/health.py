"""How an inbox is and was: how fresh, what keeps it from being read now, and what it was like on each of the last days.

Whoever calls has checked with `visible_to` that the person may see it. Of any e-mail nothing is here but numbers.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from inboxes.causes import Cause, cause_of
from inboxes.models import CredentialKind, Episode, Inbox, InboxStatus, ProviderKind, PushSubscription
from inboxes.pauses import shared_trouble
from inboxes.sync.engine import POLLS

DAYS = 90
"""How many the picture of an inbox shows."""

LATE_AFTER = timedelta(minutes=15)

WORST_FIRST = (InboxStatus.NEEDS_RECONNECT, InboxStatus.DEGRADED, InboxStatus.DISABLED, InboxStatus.PAUSED)


@dataclass(frozen=True, slots=True)
class Freshness:
    """When a mailbox was last read, and how we hear of new mail: it is asked `every` so often, whatever else there is.

    `is_pushed`: its provider tells us, which it does within seconds. `is_listened_to`: a mail server that can (IMAP IDLE) does too.
    """

    read_at: datetime | None
    every: timedelta
    is_pushed: bool
    is_listened_to: bool
    is_late: bool

    @property
    def every_minutes(self) -> int:
        return round(self.every.total_seconds() / 60)


def freshness_of(inboxes: Collection[Inbox], *, now: datetime) -> dict[int, Freshness]:
    """By the key of the inbox. One query, however many there are."""
    subscriptions = PushSubscription.objects.filter(inbox__in=inboxes, expires_at__gt=now)
    pushed = set(subscriptions.values_list("inbox", flat=True))
    return {
        inbox.pk: Freshness(
            read_at=inbox.live_synced_at,
            every=POLLS[ProviderKind(inbox.provider)],
            is_pushed=inbox.pk in pushed,
            is_listened_to=inbox.provider == ProviderKind.IMAP,
            is_late=inbox.live_synced_at is None or now - inbox.live_synced_at > LATE_AFTER,
        )
        for inbox in inboxes
    }


@dataclass(frozen=True, slots=True)
class Pause:
    """The provider wants no calls until then: for this mailbox, or (`is_shared`) for all of this installation since `since`."""

    until: datetime
    problem: Cause
    is_shared: bool
    provider: str
    since: datetime | None = None


def pauses_of(inbox: Inbox, *, now: datetime) -> list[Pause]:
    """Two queries at most."""
    found = []
    if inbox.no_calls_until is not None and inbox.no_calls_until > now:
        own = cause_of(inbox.cause or "rate_limited")
        found.append(Pause(inbox.no_calls_until, own, is_shared=False, provider=inbox.get_provider_display()))
    if (trouble := shared_trouble(inbox)) is not None:
        name = str(CredentialKind(trouble.kind).label)
        found.append(Pause(trouble.until, cause_of(trouble.cause), is_shared=True, provider=name, since=trouble.since))
    return found


@dataclass(frozen=True, slots=True)
class Stretch:
    """An episode for people. `length` is up to now for one that has not ended."""

    code: UUID
    status: str
    cause: str
    began_at: datetime
    ended_at: datetime | None
    length: timedelta

    @property
    def label(self) -> str:
        return str(InboxStatus(self.status).label)

    @property
    def problem(self) -> Cause | None:
        return cause_of(self.cause) if self.cause else None


def stretches_of(inbox: Inbox, *, now: datetime, latest: int, before: UUID | None = None) -> list[Stretch]:
    """The latest first, those that began before the episode `before` if it is given. One query."""
    rows = Episode.objects.filter(inbox=inbox).order_by("-began_at", "-pk")
    if before is not None:
        older = Episode.objects.filter(inbox=inbox, code=before).values("began_at", "pk")
        last = older.first()
        if last is None:
            return []
        rows = rows.filter(Q(began_at__lt=last["began_at"]) | Q(began_at=last["began_at"], pk__lt=last["pk"]))
    return [
        Stretch(
            code=row.code,
            status=row.status,
            cause=row.cause,
            began_at=row.began_at,
            ended_at=row.ended_at,
            length=max(timedelta(), (row.ended_at or now) - row.began_at),
        )
        for row in rows[:latest]
    ]


@dataclass(frozen=True, slots=True)
class Day:
    """One day in the viewer's time zone. `spent` says how long the inbox had which status other than active; `place` counts from 0."""

    date: date
    place: int
    spent: Mapping[str, timedelta]
    is_before_connection: bool

    @property
    def worst(self) -> str:
        """The status that matters most among those of the day; empty for a day without any."""
        return next((status.value for status in WORST_FIRST if status in self.spent), "")

    @property
    def worst_label(self) -> str:
        return str(InboxStatus(self.worst).label)

    @property
    def worst_for(self) -> timedelta:
        return self.spent[self.worst]


@dataclass(frozen=True, slots=True)
class Picture:
    """The last days of an inbox, the oldest first."""

    days: Sequence[Day]

    def total(self, *statuses: str) -> timedelta:
        return sum((day.spent.get(status, timedelta()) for day in self.days for status in statuses), timedelta())

    @property
    def unreadable(self) -> timedelta:
        return self.total(InboxStatus.DEGRADED, InboxStatus.NEEDS_RECONNECT)

    @property
    def stopped(self) -> timedelta:
        return self.total(InboxStatus.PAUSED, InboxStatus.DISABLED)

    @property
    def legend(self) -> list[tuple[str, str, timedelta]]:
        """Each state of an inbox, what people call it, and how long it lasted; of an active one only the first two."""
        named = [(status.value, str(status.label), self.total(status)) for status in WORST_FIRST]
        return [("", str(InboxStatus.ACTIVE.label), timedelta()), *named]

    @property
    def troubled_days(self) -> int:
        return sum(1 for day in self.days if day.worst in (InboxStatus.DEGRADED, InboxStatus.NEEDS_RECONNECT))


def picture_of(inbox: Inbox, *, now: datetime) -> Picture:
    """One query, and at most four rows a day, however often the inbox changed its status."""
    today = timezone.localdate(now)
    first = today - timedelta(days=DAYS - 1)
    spent: dict[date, dict[str, timedelta]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            SPENT,
            {"inbox": inbox.pk, "now": now, "first": first, "zone": timezone.get_current_timezone_name()},
        )
        for day, status, length in cursor.fetchall():
            spent.setdefault(day, {})[status] = length
    connected_on = timezone.localdate(inbox.created_at)
    days = (first + timedelta(days=place) for place in range(DAYS))
    return Picture([Day(day, place, spent.get(day, {}), day < connected_on) for place, day in enumerate(days)])


SPENT = """
SELECT day::date, status, sum(
    least(coalesce(ended_at, %(now)s), (day + interval '1 day') AT TIME ZONE %(zone)s)
    - greatest(began_at, day AT TIME ZONE %(zone)s))
FROM inboxes_episode, LATERAL generate_series(
    date_trunc('day', greatest(began_at AT TIME ZONE %(zone)s, %(first)s::timestamp)),
    coalesce(ended_at, %(now)s) AT TIME ZONE %(zone)s,
    interval '1 day') AS day
WHERE inbox_id = %(inbox)s AND coalesce(ended_at, %(now)s) > %(first)s::timestamp AT TIME ZONE %(zone)s
GROUP BY 1, 2
"""
"""How long which status lasted on which day of a time zone. An episode is laid out over its own days, no others."""
