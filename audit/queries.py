"""Reading the audit log: whoever calls passes the reader on, who has to be a super admin to find anything."""

from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from audit.acts import words_of
from audit.details import people_in, told
from audit.models import AuditEvent, AuditEventQuerySet, group_of_action
from audit.targets import Target, label_of, targets_of
from users.keyset import Cursor
from users.models import User

PAGE = 50
MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Filter:
    """Empty fields leave nothing out. `person` is a part of a name or an address, or a code; `about` is "type:key" of a target; days
    are the reader's, both included."""

    person: str = ""
    group: str = ""
    about: str = ""
    request: str = ""
    since: date | None = None
    until: date | None = None

    def as_details(self) -> dict[str, Any]:
        """What was asked for, for the log itself: people by their keys, as what is typed to find them stays out of it."""
        fields = {name: str(value) for name, value in asdict(self).items() if value and name != "person"}
        return fields | ({"people": _people(self.person)[:MOST_NAMED]} if self.person else {})


@dataclass(frozen=True, slots=True)
class Line:
    """An event as it is read. `target` is None for what is gone."""

    event: AuditEvent
    target: Target | None
    details: list[tuple[str, str]]

    @property
    def words(self) -> str:
        return words_of(self.event.action)

    @property
    def kind(self) -> str:
        """Of what it was done to."""
        return label_of(self.event.target_type)

    @property
    def about(self) -> str:
        return f"{self.event.target_type}:{self.event.target_id}"


@dataclass(frozen=True, slots=True)
class Page:
    """`older` is where the next page begins, None on the last one."""

    lines: list[Line]
    older: Cursor | None


def events_of(reader: User, wanted: Filter) -> AuditEventQuerySet:
    """Newest first."""
    found = AuditEvent.objects.visible_to(reader).select_related("actor").order_by("-created_at", "-id")
    if wanted.person:
        found = found.filter(actor__in=_people(wanted.person))
    if wanted.group:
        found = found.alias(group=group_of_action(F("action"))).filter(group=wanted.group)
    if wanted.about:
        target_type, _, key = wanted.about.partition(":")
        found = found.filter(target_type=target_type, target_id=key)
    if wanted.request:
        found = found.filter(request_id=wanted.request)
    if wanted.since:
        found = found.filter(created_at__gte=_beginning(wanted.since))
    if wanted.until:
        found = found.filter(created_at__lt=_beginning(wanted.until + timedelta(days=1)))
    return found


def page_of(reader: User, wanted: Filter, *, before: Cursor | None = None) -> Page:
    """A constant number of queries, and as fast far back as at the beginning."""
    found = events_of(reader, wanted)
    if before is not None:
        found = found.filter(before.older("created_at"))
    events = list(found[: PAGE + 1])
    shown = events[:PAGE]
    targets = targets_of(shown, reader=reader)
    people = people_in(shown, reader=reader)
    lines = [Line(event, targets.get((event.target_type, event.target_id)), told(event, people)) for event in shown]
    return Page(lines, Cursor(shown[-1].created_at, shown[-1].pk) if len(events) > PAGE else None)


def _people(text: str) -> list[int]:
    """Asked first: with the keys at hand PostgreSQL reads their events in order and stops after a page."""
    named = Q(name__icontains=text) | Q(email__icontains=text)
    return list(User.objects.filter(named).values_list("pk", flat=True))


def _beginning(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
