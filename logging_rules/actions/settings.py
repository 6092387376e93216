"""What is logged of an inbox, of a person's inboxes, of everybody's."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record
from inboxes.models import Inbox, InboxKind
from logging_rules.facts import Preset
from logging_rules.models import PRESET_LABELS, InboxPolicy, PersonPolicy, WorkspacePolicy
from users.models import User


@transaction.atomic
def set_inbox_policy(
    *, inbox: Inbox, preset: Preset | None, log_automatic_mail: bool | None = None, by: User
) -> InboxPolicy:
    """For the owner of a personal inbox, or whoever holds account access for a team inbox. None: as the next level says."""
    allowed = by.has_account_access if inbox.kind == InboxKind.TEAM else by.is_active and by == inbox.owner
    if not allowed:
        raise PermissionDenied
    _refuse_too_open(preset)
    policy, _created = InboxPolicy.objects.update_or_create(
        inbox=inbox, defaults={"preset": preset or "", "log_automatic_mail": log_automatic_mail}
    )
    record(
        by=by,
        action="logging.inbox_policy_set",
        target=inbox,
        details={"preset": preset, "log_automatic_mail": log_automatic_mail},
    )
    return policy


@transaction.atomic
def choose_preset(*, inbox: Inbox, preset: Preset, by: User) -> None:
    """Like `set_inbox_policy`, with everything else that is set for the inbox left as it is."""
    own = InboxPolicy.objects.filter(inbox=inbox).first() or InboxPolicy()
    set_inbox_policy(inbox=inbox, preset=preset, log_automatic_mail=own.log_automatic_mail, by=by)


@transaction.atomic
def set_person_policy(
    *, person: User, preset: Preset | None, log_automatic_mail: bool | None = None, by: User
) -> PersonPolicy:
    """For the person alone, about all their personal inboxes that have no setting of their own."""
    if not by.is_active or by != person:
        raise PermissionDenied
    _refuse_too_open(preset)
    policy, _created = PersonPolicy.objects.update_or_create(
        person=person, defaults={"preset": preset or "", "log_automatic_mail": log_automatic_mail}
    )
    record(
        by=by,
        action="logging.person_policy_set",
        target=person,
        details={"preset": preset, "log_automatic_mail": log_automatic_mail},
    )
    return policy


@transaction.atomic
def set_workspace_policy(
    *, default_preset: Preset, most_open_preset: Preset, log_automatic_mail: bool, by: User
) -> WorkspacePolicy:
    """For super admins. A narrower `most_open_preset` narrows every inbox at once; nobody's own choice is overwritten."""
    if not by.is_super_admin:
        raise PermissionDenied
    if default_preset.openness > most_open_preset.openness:
        raise ValidationError(
            {"default_preset": _("The default cannot be more open than the most open setting people may choose.")},
            code="default_too_open",
        )
    policy = WorkspacePolicy.objects.current()
    policy.default_preset = default_preset
    policy.most_open_preset = most_open_preset
    policy.log_automatic_mail = log_automatic_mail
    policy.save(update_fields=["default_preset", "most_open_preset", "log_automatic_mail"])
    record(
        by=by,
        action="logging.workspace_policy_set",
        target=policy,
        details={
            "default_preset": default_preset,
            "most_open_preset": most_open_preset,
            "log_automatic_mail": log_automatic_mail,
        },
    )
    return policy


def _refuse_too_open(preset: Preset | None) -> None:
    most_open = Preset(WorkspacePolicy.objects.current().most_open_preset)
    if preset and preset.openness > most_open.openness:
        raise ValidationError(
            _("The most open setting your workspace allows is “%(preset)s”.") % {"preset": PRESET_LABELS[most_open]},
            code="preset_too_open",
        )
