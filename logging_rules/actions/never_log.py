"""The never-log lists: the workspace's and each person's own."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record
from logging_rules.facts import NeverLogScope
from logging_rules.models import NeverLogEntry
from logging_rules.never_log import parse_target, refuse_own
from logging_rules.queries import addresses_of, everybody_inside
from users.models import User


@transaction.atomic
def add_never_log_entry(
    *,
    text: str,
    by: User,
    owner: User | None,
    scope: NeverLogScope = NeverLogScope.WHOLE_MESSAGE,
    note: str = "",
) -> NeverLogEntry:
    """To a person's own list, or without `owner` to the workspace's (super admins). `text` as `parse_target` reads it."""
    _refuse_other_lists(owner, by)
    target = parse_target(text)
    refuse_own(target, addresses=addresses_of(owner) if owner else (), domains=everybody_inside().domains)
    entry, created = NeverLogEntry.objects.get_or_create(
        owner=owner,
        kind=target.kind,
        value=target.value,
        defaults={"scope": scope, "note": note.strip(), "created_by": by},
    )
    if not created:
        raise ValidationError(_("This is on the list already."), code="already_listed")
    # No address goes into the audit log, which everybody in charge can read and nobody can erase.
    record(
        by=by,
        action="logging.never_log_added",
        target=entry,
        details={"kind": target.kind, "scope": scope, "personal": owner is not None},
    )
    return entry


@transaction.atomic
def remove_never_log_entry(*, entry: NeverLogEntry, by: User) -> None:
    _refuse_other_lists(entry.owner, by)
    record(
        by=by,
        action="logging.never_log_removed",
        target=entry,
        details={"kind": entry.kind, "scope": entry.scope, "personal": entry.owner is not None},
    )
    entry.delete()


def _refuse_other_lists(owner: User | None, by: User) -> None:
    if not (by.is_super_admin if owner is None else by.is_active and by == owner):
        raise PermissionDenied
