"""The settings in force: an inbox's own, else its owner's, else the workspace's; never more open than the workspace allows."""

from collections.abc import Collection
from typing import Any

from inboxes.models import Inbox, InboxKind, InboxStatus
from inboxes.visibility import Visibility
from logging_rules.facts import SETTING_NAMES, ContactCreation, Level, Policy, Preset, Setting, Settings
from logging_rules.models import InboxPolicy, LoggingSettings, PersonPolicy, WorkspacePolicy

STOPPED_STATUSES = (InboxStatus.PAUSED, InboxStatus.DISABLED)
_TYPES: dict[str, type] = {
    "preset": Preset,
    "most_open_preset": Preset,
    "create_contacts": ContactCreation,
    "visibility": Visibility,
}


def policy_of(inbox: Inbox, workspace: WorkspacePolicy) -> Policy:
    """The settings in force for one inbox. Two queries."""
    return policies_of([inbox], workspace)[inbox.pk]


def policies_of(inboxes: Collection[Inbox], workspace: WorkspacePolicy) -> dict[int, Policy]:
    """By the key of the inbox. Two queries, however many inboxes."""
    own = {policy.inbox_id: policy for policy in InboxPolicy.objects.filter(inbox__in=inboxes)}
    owners = {inbox.owner_id for inbox in inboxes if inbox.kind == InboxKind.PERSONAL}
    persons = {policy.person_id: policy for policy in PersonPolicy.objects.filter(person__in=owners)}
    return {
        inbox.pk: resolved_policy(inbox, own.get(inbox.pk), persons.get(inbox.owner_id), workspace) for inbox in inboxes
    }


def resolved_policy(
    inbox: Inbox, own: InboxPolicy | None, person: PersonPolicy | None, workspace: WorkspacePolicy
) -> Policy:
    """No query, and nothing need be saved: for asking “what if”."""
    return Policy(
        **under_ceiling(chosen(levels_of(inbox, own, person), workspace), workspace),
        owner_id=inbox.owner_id,
        keeps_all=inbox.kind == InboxKind.TEAM,
        history_since=inbox.history_since,
        paused=inbox.status in STOPPED_STATUSES,
        wider_since=own.wider_since if own else None,
        looked_back=frozenset(),
    )


def levels_of(
    inbox: Inbox, own: InboxPolicy | None, person: PersonPolicy | None
) -> list[tuple[Level, LoggingSettings]]:
    """Who speaks before the workspace does, the nearest first.

    A team inbox takes no settings from a person and logs all mail with known contacts unless told otherwise. None of its mail waits
    for somebody: its members read it anyway.
    """
    if inbox.kind == InboxKind.TEAM:
        return [
            (Level.INBOX, own or InboxPolicy()),
            (Level.INBOX, InboxPolicy(preset=Preset.KNOWN, hold_ambiguous=False)),
        ]
    return [(Level.INBOX, own or InboxPolicy()), (Level.PERSON, person or PersonPolicy())]


def defaults_of(person: PersonPolicy | None, workspace: WorkspacePolicy) -> Settings:
    """What holds for the inboxes of a person that say nothing themselves; without a person, for somebody new."""
    return Settings(**under_ceiling(chosen([(Level.PERSON, person or PersonPolicy())], workspace), workspace))


def chosen(nearest: Collection[tuple[Level, LoggingSettings]], workspace: WorkspacePolicy) -> dict[str, Setting[Any]]:
    """Every setting by name, from the first level that says anything: the given ones in order, then the workspace."""
    levels: list[tuple[Level, LoggingSettings | WorkspacePolicy]] = [*nearest, (Level.WORKSPACE, workspace)]
    return {name: _first(name, levels) for name in SETTING_NAMES}


def typed(name: str, value: str | bool | None) -> Any:
    """The value of a setting as a form or the browser holds it; None: as the next level says."""
    return None if value is None else _TYPES.get(name, bool)(value)


def _first(name: str, levels: Collection[tuple[Level, LoggingSettings | WorkspacePolicy]]) -> Setting[Any]:
    return next(
        Setting(typed(name, value), level)
        for level, policy in levels
        if (value := getattr(policy, name)) not in (None, "")
    )


def under_ceiling(settings: dict[str, Setting[Any]], workspace: WorkspacePolicy) -> dict[str, Setting[Any]]:
    """The same, with a preset that is more open than the workspace allows lowered to that."""
    most_open = Preset(workspace.most_open_preset)
    if settings["preset"].value.openness <= most_open.openness:
        return settings
    return settings | {"preset": Setting(most_open, Level.WORKSPACE)}
