"""Everything that decides about the mail of one inbox, as it is said on each level: to be asked “what if” without saving anything."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

from inboxes.models import Inbox, InboxKind
from logging_rules.facts import Level, NeverLog, Policy
from logging_rules.in_force import resolved_policy
from logging_rules.models import InboxPolicy, PersonPolicy, WorkspacePolicy
from logging_rules.queries import never_log_lists

Layer = InboxPolicy | PersonPolicy | WorkspacePolicy


@dataclass(frozen=True, slots=True)
class Rules:
    """What an inbox, its owner and the workspace say, and the never-log lists it obeys. The rows need not be saved ones."""

    inbox: Inbox
    own: InboxPolicy
    person: PersonPolicy
    workspace: WorkspacePolicy
    workspace_never_log: NeverLog
    personal_never_log: NeverLog

    @property
    def is_team(self) -> bool:
        return self.inbox.kind == InboxKind.TEAM

    @property
    def policy(self) -> Policy:
        """The settings in force. No query."""
        return resolved_policy(self.inbox, self.own, self.person, self.workspace)

    @property
    def effect(self) -> tuple[Policy, NeverLog, NeverLog]:
        """All that decides, wherever it is said."""
        return self.policy, self.workspace_never_log, self.personal_never_log

    def lists_are_those_of(self, other: "Rules") -> bool:
        return (self.workspace_never_log, self.personal_never_log) == (
            other.workspace_never_log,
            other.personal_never_log,
        )

    def layer(self, level: Level) -> Layer:
        if level is Level.WORKSPACE:
            return self.workspace
        return self.person if level is Level.PERSON else self.own

    def never_log_of(self, level: Level) -> NeverLog:
        """An inbox has no list of its own."""
        return {Level.WORKSPACE: self.workspace_never_log, Level.PERSON: self.personal_never_log}.get(level, NeverLog())


def rules_of(inbox: Inbox) -> Rules:
    """As they are saved. Four queries."""
    personal = inbox.kind == InboxKind.PERSONAL
    workspace_never_log, personal_never_log = never_log_lists(inbox)
    return Rules(
        inbox=inbox,
        own=InboxPolicy.objects.filter(inbox=inbox).first() or InboxPolicy(inbox=inbox),
        person=(PersonPolicy.objects.filter(person=inbox.owner_id).first() if personal else None)
        or PersonPolicy(person_id=inbox.owner_id),
        workspace=WorkspacePolicy.objects.current(),
        workspace_never_log=workspace_never_log,
        personal_never_log=personal_never_log,
    )


def said(layer: Layer, name: str) -> Any:
    """What a level says itself; None: nothing, the next level speaks."""
    value = getattr(layer, name)
    return None if value == "" else value


def saying(layer: Layer, values: Mapping[str, Any]) -> Any:
    """A copy of the level that says something else. Not saved."""
    changed = copy(layer)
    for name, value in values.items():
        is_open_text = value is None and not layer._meta.get_field(name).null
        setattr(changed, name, "" if is_open_text else value)
    return changed
