"""What each setting is at present and who said so, for the person it concerns."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from inboxes.models import Inbox, InboxKind
from logging_rules.facts import SETTING_NAMES, Level, Setting
from logging_rules.in_force import chosen, levels_of, under_ceiling
from logging_rules.models import InboxPolicy, LoggingSettings, PersonPolicy, WorkspacePolicy
from logging_rules.rules import Rules, said
from logging_rules.setting_words import SET_BY, SETTING_LABELS, TEAM_SET_BY, value_label
from users.models import User


@dataclass(frozen=True, slots=True)
class Standing:
    """One setting in force. `chosen` is what was asked for, which the workspace may have lowered; `is_kept`: the person never chose it,
    the workspace opened up and they did not."""

    name: str
    chosen: Setting[Any]
    in_force: Setting[Any]
    is_kept: bool = False
    of_team: bool = False

    @property
    def label(self) -> str:
        return str(SETTING_LABELS[self.name])

    @property
    def value(self) -> str:
        return value_label(self.name, self.in_force.value, of_team=self.of_team)

    @property
    def set_by(self) -> str:
        return str((TEAM_SET_BY if self.of_team else SET_BY)[self.in_force.level])

    @property
    def is_lowered(self) -> bool:
        return bool(self.chosen.value != self.in_force.value)

    @property
    def note(self) -> str:
        """Why it is not what one would expect; mostly empty."""
        if self.is_lowered:
            values = {
                "chosen": value_label(self.name, self.chosen.value, of_team=self.of_team),
                "most_open": self.value,
            }
            return _("You chose “%(chosen)s”; your workspace allows at most “%(most_open)s”.") % values
        if self.is_kept and self.in_force.level is Level.PERSON:
            return _("Kept for you as it was: the workspace has opened this up since, and you never chose that.")
        return ""


def standings_of(rules: Rules) -> dict[str, Standing]:
    """Of one inbox, by name. No query."""
    of_team = rules.inbox.kind == InboxKind.TEAM
    levels = levels_of(rules.inbox, rules.own, rules.person)
    return _standings(levels, rules.person, rules.workspace, of_team=of_team)


def standings_of_defaults(person: PersonPolicy, workspace: WorkspacePolicy) -> dict[str, Standing]:
    """Of the inboxes of a person that say nothing themselves, by name. No query."""
    return _standings([(Level.PERSON, person)], person, workspace)


def _standings(
    nearest: Collection[tuple[Level, LoggingSettings]],
    person: PersonPolicy,
    workspace: WorkspacePolicy,
    *,
    of_team: bool = False,
) -> dict[str, Standing]:
    asked = chosen(nearest, workspace)
    in_force = under_ceiling(asked, workspace)
    return {name: Standing(name, asked[name], in_force[name], name in person.kept, of_team) for name in SETTING_NAMES}


def exceptions_of(person: User) -> dict[str, list[str]]:
    """Which of the person's own inboxes say something themselves, by the name of the setting. One query."""
    own = InboxPolicy.objects.filter(inbox__in=Inbox.objects.personal_of(person)).select_related("inbox")
    policies = list(own.order_by("inbox__address"))
    return {
        name: [policy.inbox.address for policy in policies if said(policy, name) is not None] for name in SETTING_NAMES
    }
