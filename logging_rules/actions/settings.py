"""What is logged of an inbox, of a person's inboxes, of everybody's."""

from collections.abc import Mapping
from typing import Any, TypedDict, Unpack

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F, Func, Value
from django.utils.translation import gettext as _

from audit.actions import record
from inboxes.models import Inbox, InboxKind
from inboxes.visibility import Visibility
from logging_rules import notices
from logging_rules.actions.widening import from_now_on
from logging_rules.consequences import consequences_of, left_open
from logging_rules.facts import ContactCreation, Preset
from logging_rules.models import PRESET_LABELS, InboxPolicy, LoggingSettings, PersonPolicy, WorkspacePolicy
from users.models import User


class SettingValues(TypedDict, total=False):
    """Settings to change, by name; None: as the next level says. What is not named stays as it is."""

    preset: Preset | None
    log_incoming: bool | None
    log_outgoing: bool | None
    store_attachments: bool | None
    log_automatic_mail: bool | None
    create_contacts: ContactCreation | None
    track_opens: bool | None
    track_clicks: bool | None
    log_by_default: bool | None
    hold_ambiguous: bool | None
    visibility: Visibility | None


class WorkspaceValues(TypedDict, total=False):
    """Settings of the workspace to change, by name. What is not named stays as it is."""

    preset: Preset
    most_open_preset: Preset
    log_incoming: bool
    log_outgoing: bool
    store_attachments: bool
    log_automatic_mail: bool
    create_contacts: ContactCreation
    track_opens: bool
    track_clicks: bool
    log_by_default: bool
    hold_ambiguous: bool
    visibility: Visibility


@transaction.atomic
def set_inbox_policy(*, inbox: Inbox, by: User, **values: Unpack[SettingValues]) -> InboxPolicy:
    """For the owner of a personal inbox, or whoever holds account access for a team inbox."""
    allowed = by.has_account_access if inbox.kind == InboxKind.TEAM else by.is_active and by == inbox.owner
    if not allowed:
        raise PermissionDenied
    _refuse_too_open(values.get("preset"))
    policy, _created = InboxPolicy.objects.get_or_create(inbox=inbox)
    _assign(policy, values)
    with from_now_on([inbox]):
        policy.save(update_fields=values.keys())
    record(by=by, action="logging.inbox_policy_set", target=inbox, details=dict(values))
    return policy


@transaction.atomic
def set_person_policy(*, person: User, by: User, **values: Unpack[SettingValues]) -> PersonPolicy:
    """For the person alone, about all their personal inboxes that have no setting of their own."""
    if not by.is_active or by != person:
        raise PermissionDenied
    _refuse_too_open(values.get("preset"))
    policy, _created = PersonPolicy.objects.select_for_update().get_or_create(person=person)
    _assign(policy, values)
    policy.kept = [name for name in policy.kept if name not in values]
    with from_now_on(Inbox.objects.filter(owner=person, kind=InboxKind.PERSONAL)):
        policy.save(update_fields=[*values, "kept"])
    record(by=by, action="logging.person_policy_set", target=person, details=dict(values))
    return policy


@transaction.atomic
def set_workspace_policy(*, by: User, **values: Unpack[WorkspaceValues]) -> WorkspacePolicy:
    """For super admins. Nobody's own choice is overwritten, and nobody is made more open than they were: in whatever opens up, people
    who followed the workspace keep what they had. Where inboxes log, keep or show less from now on, their people are told.
    """
    if not by.is_super_admin:
        raise PermissionDenied
    WorkspacePolicy.objects.current()
    policy = WorkspacePolicy.objects.select_for_update().get()
    consequences = consequences_of(values, policy)
    for name in consequences.widened:
        _keep_for_followers(name, getattr(policy, name))
    for name, value in values.items():
        setattr(policy, name, value)
    if Preset(policy.preset).openness > Preset(policy.most_open_preset).openness:
        raise ValidationError(
            {"preset": _("The default cannot be more open than the most open setting people may choose.")},
            code="default_too_open",
        )
    with from_now_on(Inbox.objects.all()):
        policy.save(update_fields=values.keys())
    event = record(by=by, action="logging.workspace_policy_set", target=policy, details=dict(values))
    notices.tell_of_narrowing(consequences.narrowed, by=by, episode=f"workspace_policy:{event.pk}")
    return policy


def _keep_for_followers(name: str, value: Any) -> None:
    """Everybody who left the setting to the workspace has it as their own from now on."""
    nobody_yet = User.objects.filter(logging_policy=None)
    PersonPolicy.objects.bulk_create([PersonPolicy(person=person) for person in nobody_yet], ignore_conflicts=True)
    kept = Func(F("kept"), Value(name), function="array_append")
    PersonPolicy.objects.filter(left_open(name)).update(**{name: value, "kept": kept})


def _assign(policy: LoggingSettings, values: Mapping[str, Any]) -> None:
    """A text column that says nothing is empty; any other is NULL."""
    for name, value in values.items():
        is_open_text = value is None and not policy._meta.get_field(name).null
        setattr(policy, name, "" if is_open_text else value)


def _refuse_too_open(preset: Preset | None) -> None:
    most_open = Preset(WorkspacePolicy.objects.current().most_open_preset)
    if preset and preset.openness > most_open.openness:
        raise ValidationError(
            _("The most open setting your workspace allows is “%(preset)s”.") % {"preset": PRESET_LABELS[most_open]},
            code="preset_too_open",
        )
