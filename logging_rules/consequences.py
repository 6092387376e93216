"""What another workspace policy would mean for people: whose inboxes would log, keep or show less, and who keeps what they have."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from inboxes.models import Inbox, InboxStatus
from logging_rules.facts import SETTING_NAMES, opens
from logging_rules.in_force import policies_of
from logging_rules.models import PersonPolicy, WorkspacePolicy
from logging_rules.setting_words import SETTING_LABELS, value_label
from users.models import User


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A setting of an inbox that would get stricter."""

    name: str
    before: Any
    after: Any

    @property
    def label(self) -> str:
        return str(SETTING_LABELS[self.name])

    @property
    def before_label(self) -> str:
        return value_label(self.name, self.before)

    @property
    def after_label(self) -> str:
        return value_label(self.name, self.after)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """An inbox that would log, keep or show less than it does."""

    inbox: Inbox
    narrowings: list[Narrowing]


@dataclass(frozen=True, slots=True)
class Consequences:
    """Of a change of the workspace's policy. `keeping` is how many people follow the workspace in something that would open up: they
    keep what they have."""

    narrowed: list[Narrowed]
    widened: list[str]
    keeping: int

    @property
    def widened_labels(self) -> list[str]:
        return [str(SETTING_LABELS[name]) for name in self.widened]

    def __bool__(self) -> bool:
        return bool(self.narrowed or self.keeping)


def consequences_of(values: Mapping[str, Any], workspace: WorkspacePolicy) -> Consequences:
    """A constant number of queries. `values` are the settings that would be different, `workspace` is the policy as it is."""
    changed = WorkspacePolicy(**{name: getattr(workspace, name) for name in (*SETTING_NAMES, "most_open_preset")})
    for name, value in values.items():
        setattr(changed, name, value)
    widened = [name for name in values if name in SETTING_NAMES and opens(name, getattr(workspace, name), values[name])]
    return Consequences(_narrowed(workspace, changed), widened, followers_of(*widened).count() if widened else 0)


def followers_of(*names: str) -> QuerySet[User]:
    """People who leave one of the settings to the workspace."""
    decided = PersonPolicy.objects.all()
    for name in names:
        decided = decided.exclude(left_open(name))
    followers: QuerySet[User] = User.objects.exclude(pk__in=decided.values("person"))
    return followers


def left_open(name: str) -> Q:
    """For policies that say nothing about the setting."""
    return Q(**{f"{name}__isnull": True}) if PersonPolicy._meta.get_field(name).null else Q(**{name: ""})


def _narrowed(workspace: WorkspacePolicy, changed: WorkspacePolicy) -> list[Narrowed]:
    inboxes = list(Inbox.objects.exclude(status=InboxStatus.DISABLED).select_related("owner").order_by("address"))
    before, after = policies_of(inboxes, workspace), policies_of(inboxes, changed)
    found = []
    for inbox in inboxes:
        was, would_be = before[inbox.pk], after[inbox.pk]
        pairs = [Narrowing(name, getattr(was, name).value, getattr(would_be, name).value) for name in SETTING_NAMES]
        if narrowings := [pair for pair in pairs if opens(pair.name, pair.after, pair.before)]:
            found.append(Narrowed(inbox, narrowings))
    return found
