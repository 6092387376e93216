"""From all mail that was seen to the mail that was logged, reason by reason: numbers alone, from the counters of the sync."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Sum

from inboxes.models import DailyCount, FolderState, Inbox
from logging_rules.engine import Code
from logging_rules.reasons import LOGGING_CODES, label_of

PERIODS = (7, 30, 90)
"""Days one can look back; 0 stands for all of the past."""

RECENT = 30
"""Days the page of an inbox shows."""

_ORDER = {str(code): place for place, code in enumerate(Code)}


@dataclass(frozen=True, slots=True)
class Step:
    """A reason, and how many mails it decided. `share` and `start`, where its bar begins in the picture, are parts of all seen."""

    code: str
    count: int
    is_logged: bool
    share: float
    start: float

    @property
    def label(self) -> str:
        return label_of(self.code)

    @property
    def x(self) -> str:
        return f"{100 * self.start:.2f}"

    @property
    def width(self) -> str:
        return f"{100 * self.share:.2f}"


@dataclass(frozen=True, slots=True)
class Funnel:
    """Steps in the order in which the rules decide: what was left out, then what was logged."""

    seen: int
    logged: int
    steps: list[Step]

    @property
    def skipped(self) -> int:
        return self.seen - self.logged

    @property
    def share_logged(self) -> float:
        return self.logged / self.seen if self.seen else 0.0

    @property
    def width_logged(self) -> str:
        return f"{100 * self.share_logged:.2f}"


def funnel_of(inbox: Inbox, *, days: int, now: datetime) -> Funnel:
    """Of mail sent during the last `days` days (UTC), today included; 0: of all mail. As decided when it was last read. One query."""
    counts = DailyCount.objects.filter(folder__inbox=inbox).exclude(folder__state=FolderState.RETIRED)
    if days:
        counts = counts.filter(day__gt=now.astimezone(UTC).date() - timedelta(days=days))
    return _funnel(Counter(dict(counts.values_list("code").annotate(messages=Sum("messages")).order_by())))


def _funnel(counts: "Counter[str]") -> Funnel:
    seen = counts.total()
    steps, left = [], seen
    for code in sorted(counts, key=lambda code: (code in LOGGING_CODES, _ORDER.get(code, len(_ORDER)))):
        left -= counts[code]
        steps.append(Step(code, counts[code], code in LOGGING_CODES, counts[code] / seen, left / seen))
    return Funnel(seen, sum(step.count for step in steps if step.is_logged), steps)
