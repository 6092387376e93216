"""Quota units: what each method costs, and how many may be spent in a minute."""

import contextlib
import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from crm_project.demo.google.answers import Refused, rate_limited, too_many_concurrent

_MINUTE = timedelta(minutes=1)
OLD_COSTS: Mapping[str, int] = {
    "getProfile": 1,
    "watch": 100,
    "stop": 50,
    "messages.list": 5,
    "messages.get": 5,
    "messages.modify": 5,
    "messages.batchModify": 50,
    "messages.trash": 5,
    "messages.untrash": 5,
    "messages.attachments.get": 5,
    "threads.list": 10,
    "threads.get": 10,
    "history.list": 2,
    "labels.list": 1,
    "labels.get": 1,
    "labels.create": 5,
    "labels.update": 5,
    "labels.patch": 5,
    "labels.delete": 5,
    "settings.sendAs.list": 1,
    "settings.sendAs.get": 1,
}
# Projects that were made since May 2026.
NEW_COSTS: Mapping[str, int] = {
    **OLD_COSTS,
    "messages.get": 20,
    "messages.attachments.get": 20,
    "threads.get": 40,
}


@dataclass(slots=True)
class Limits:
    """None: not limited. `concurrent` counts the requests of one mailbox under way, and the parts of one batch."""

    user_units_per_minute: int | None = None
    project_units_per_minute: int | None = None
    concurrent: int | None = None
    costs: Mapping[str, int] = field(default_factory=lambda: NEW_COSTS)

    @classmethod
    def real(cls) -> "Limits":
        """What Google allows projects that were made since May 2026."""
        return cls(user_units_per_minute=6_000, project_units_per_minute=1_200_000, concurrent=50)


class _Minute:
    """The units spent within the last minute."""

    def __init__(self) -> None:
        self._spent: deque[tuple[datetime, int]] = deque()
        self._sum = 0

    def used(self, now: datetime) -> int:
        while self._spent and self._spent[0][0] <= now - _MINUTE:
            self._sum -= self._spent.popleft()[1]
        return self._sum

    def add(self, now: datetime, units: int) -> None:
        self._spent.append((now, units))
        self._sum += units


class Meter:
    """Raises `Refused` for what would exceed the limits; what was refused costs nothing."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._project = _Minute()
        self._users: dict[str, _Minute] = {}
        self.spent: Counter[str] = Counter()
        self._under_way: Counter[str] = Counter()
        self._lock = threading.Lock()

    def spend(self, mailbox: str, operation: str, now: datetime) -> None:
        units = self.limits.costs.get(operation, 1)
        user = self._users.setdefault(mailbox, _Minute())
        if _exceeds(user.used(now) + units, self.limits.user_units_per_minute):
            raise Refused(rate_limited())
        if _exceeds(self._project.used(now) + units, self.limits.project_units_per_minute):
            message = "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute'"
            raise Refused(rate_limited(message=message))
        user.add(now, units)
        self._project.add(now, units)
        self.spent[mailbox] += units

    def used(self, mailbox: str, now: datetime) -> int:
        """The units of one mailbox within the last minute."""
        return self._users[mailbox].used(now) if mailbox in self._users else 0

    @contextlib.contextmanager
    def under_way(self, mailbox: str) -> Iterator[None]:
        with self._lock:
            if _exceeds(self._under_way[mailbox] + 1, self.limits.concurrent):
                raise Refused(too_many_concurrent())
            self._under_way[mailbox] += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way[mailbox] -= 1


def _exceeds(amount: int, limit: int | None) -> bool:
    return limit is not None and amount > limit
