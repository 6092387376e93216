"""What the acts of the audit log were done to: how it is called today, and where it is shown. Apps above register theirs."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.models import AuditEvent
from users.models import Invitation, User, WorkspaceDomain


@dataclass(frozen=True, slots=True)
class Target:
    """`url` is empty where there is no page, or none that the reader may open."""

    name: str
    url: str = ""


Finder = Callable[[Collection[str], User], Mapping[str, Target]]
"""Those of one kind that exist still, by their key as the log has it; for one reader, in a constant number of queries."""

_kinds: dict[str, tuple[Promise, Finder]] = {}


def register_target(target_type: str, label: Promise, find: Finder) -> None:
    """`label` says what such a thing is, also once it is gone."""
    _kinds[target_type] = (label, find)


def label_of(target_type: str) -> str:
    return str(_kinds[target_type][0]) if target_type in _kinds else target_type


def targets_of(events: Iterable[AuditEvent], *, reader: User) -> dict[tuple[str, str], Target]:
    """By (target_type, target_id), without what is gone."""
    keys: dict[str, set[str]] = defaultdict(set)
    for event in events:
        keys[event.target_type].add(event.target_id)
    return {
        (target_type, key): target
        for target_type, wanted in keys.items()
        if target_type in _kinds
        for key, target in _kinds[target_type][1](wanted, reader).items()
    }


def _people(keys: Collection[str], reader: User) -> dict[str, Target]:
    found = User.objects.visible_to(reader).filter(pk__in=keys)
    return {str(person.pk): Target(person.name, reverse("users:person", args=[person.code])) for person in found}


def _invitations(keys: Collection[str], reader: User) -> dict[str, Target]:
    found = Invitation.objects.visible_to(reader).filter(pk__in=keys)
    return {str(invitation.pk): Target(invitation.email, reverse("users:people")) for invitation in found}


def _domains(keys: Collection[str], reader: User) -> dict[str, Target]:
    found = WorkspaceDomain.objects.visible_to(reader).filter(pk__in=keys)
    return {str(domain.pk): Target(domain.domain, reverse("users:workspace")) for domain in found}


def _workspace(keys: Collection[str], reader: User) -> dict[str, Target]:
    return {key: Target("", reverse("users:workspace")) for key in keys}


register_target("users.user", _("Person"), _people)
register_target("users.invitation", _("Invitation"), _invitations)
register_target("users.workspacedomain", _("Domain of the workspace"), _domains)
register_target("users.workspace", _("Workspace"), _workspace)
