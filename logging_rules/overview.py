"""What the owner of an inbox sees of it: how far it is read, what was logged and what was not, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from inboxes.causes import Cause, cause_of
from inboxes.models import Inbox, InboxKind
from inboxes.queries import Completeness, completeness_of
from logging_rules.facts import Policy
from logging_rules.in_force import policies_of
from logging_rules.models import PRESET_LABELS, WorkspacePolicy
from logging_rules.reasons import LOGGING_CODES, label_of
from logging_rules.setting_words import value_help


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many messages got a decision, for one reason."""

    label: str
    count: int
    is_logged: bool


@dataclass(frozen=True, slots=True)
class InboxOverview:
    """An inbox together with its numbers and the settings in force. Holds no mail content."""

    inbox: Inbox
    numbers: Completeness
    policy: Policy
    now: datetime

    @property
    def is_importing(self) -> bool:
        """Whether the past is being read."""
        return self.inbox.is_importing

    @property
    def known(self) -> int:
        """How many messages there are, as far as the mailbox has told yet."""
        return self.numbers.scanned + self.numbers.remaining

    @property
    def done_at(self) -> datetime | None:
        """When the past will be read if it goes on as it did; None as long as nobody can tell."""
        spent = self.now - self.inbox.status_since
        if not (self.is_importing and self.numbers.scanned and self.numbers.remaining):
            return None
        return self.now + spent * (self.numbers.remaining / self.numbers.scanned)

    @property
    def cause(self) -> Cause | None:
        return cause_of(self.inbox.cause) if self.inbox.cause else None

    @property
    def preset_label(self) -> str:
        return str(PRESET_LABELS[self.policy.preset.value])

    @property
    def preset_shows(self) -> str:
        return value_help("preset", self.policy.preset.value, of_team=self.inbox.kind == InboxKind.TEAM)

    @property
    def parts(self) -> list[tuple[str, int, str]]:
        """The reasons for the `breakdown` component."""
        return [(reason.label, reason.count, "info" if reason.is_logged else "neutral") for reason in self.reasons]

    @property
    def reasons(self) -> list[ReasonCount]:
        """What was logged first, then what was not, each with the most frequent reason in front."""
        counts = [
            ReasonCount(label_of(code), count, code in LOGGING_CODES) for code, count in self.numbers.counts.items()
        ]
        return sorted(counts, key=lambda reason: (not reason.is_logged, -reason.count))


def overviews(inboxes: Sequence[Inbox], *, now: datetime) -> list[InboxOverview]:
    """A constant number of queries, however many inboxes."""
    numbers, policies = completeness_of(inboxes), policies_of(inboxes, WorkspacePolicy.objects.current())
    return [InboxOverview(inbox, numbers[inbox.pk], policies[inbox.pk], now) for inbox in inboxes]
