"""The words for what the audit log records. Apps above register theirs when they get ready."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_acts: dict[str, Promise] = {}
_groups: dict[str, Promise] = {}


def register_acts(label: Promise, *, group: str, acts: Mapping[str, Promise]) -> None:
    """The codes of one group, which begin with its name and a dot. Each is said in a few words, without who did it and to what."""
    _groups[group] = label
    _acts.update({f"{group}.{name}": words for name, words in acts.items()})


def words_of(code: str) -> str:
    """The code itself where nobody has words for it any more."""
    return str(_acts.get(code, code))


def codes() -> list[str]:
    return list(_acts)


def groups() -> list[tuple[str, str]]:
    """Name and label, by label."""
    return sorted(((name, str(label)) for name, label in _groups.items()), key=lambda group: group[1])


register_acts(
    _("People"),
    group="person",
    acts={
        "created": _("Person added"),
        "profile_edited": _("Profile changed"),
        "role_changed": _("Role or account access changed"),
        "deactivated": _("Person deactivated"),
        "reactivated": _("Person let in again"),
        "signed_in": _("Signed in"),
        "signed_out": _("Signed out"),
        "sign_in_refused": _("Sign-in refused"),
        "password_changed": _("Password changed"),
        "password_reset": _("Password set anew by e-mail"),
    },
)
register_acts(
    _("Invitations"),
    group="invitation",
    acts={
        "sent": _("Invitation sent"),
        "resent": _("Invitation sent again"),
        "withdrawn": _("Invitation withdrawn"),
        "accepted": _("Invitation accepted"),
    },
)
register_acts(
    _("Workspace"),
    group="workspace",
    acts={
        "renamed": _("Workspace renamed"),
        "domain_added": _("Domain of the workspace added"),
        "domain_removed": _("Domain of the workspace removed"),
    },
)
register_acts(_("Audit log"), group="audit", acts={"exported": _("Audit log exported")})
