"""The kinds of notices and their words. Apps above register theirs when they get ready."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from notifications.topics import Topic
from users.models import Role

Words = Mapping[str, Any]


class Tone(StrEnum):
    INFO = "info"
    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification as its reader sees it."""

    title: str
    text: str
    action: str
    tone: Tone
    icon: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of notice.

    `title` and `text` may hold `%(name)s` for each of `fields`, which are the keys a context must have. `words` turns the stored
    ids, codes and times into words when the notice is read, in the reader's language and time zone.
    """

    code: str
    topic: Topic
    title: Promise
    text: Promise
    action: Promise
    fields: frozenset[str]
    tone: Tone = Tone.INFO
    icon: str = "bell"
    by_e_mail: bool = True
    words: Callable[[Words], Words] = dict

    def notice(self, context: Words) -> Notice:
        words = {**context, **self.words(context)}
        return Notice(
            title=str(self.title) % words,
            text=str(self.text) % words,
            action=str(self.action),
            tone=self.tone,
            icon=self.icon,
        )


class UnknownKind(LookupError):
    """No such kind of notice, or a context without one of its fields."""


_kinds: dict[str, Kind] = {}


def register(*new: Kind) -> None:
    _kinds.update({kind.code: kind for kind in new})


def kind(code: str) -> Kind:
    """Raises UnknownKind."""
    try:
        return _kinds[code]
    except KeyError:
        raise UnknownKind(code) from None


def codes() -> list[str]:
    return list(_kinds)


def topics() -> dict[Topic, bool]:
    """Those that somebody can be told of, and whether any of it goes by e-mail."""
    known = {kind.topic for kind in _kinds.values()}
    by_e_mail = {kind.topic for kind in _kinds.values() if kind.by_e_mail}
    return {topic: topic in by_e_mail for topic in Topic if topic in known}


def _role_words(context: Words) -> Words:
    access = _("with account access") if context["account_access"] else _("without account access")
    return {"role": Role(context["role"]).label, "access": access, "by": context["by"] or _("The system")}


register(
    Kind(
        code="invitation_accepted",
        topic=Topic.PEOPLE,
        title=_("%(person)s joined the workspace"),
        text=_("%(person)s accepted your invitation and can sign in now."),
        action=_("See people"),
        fields=frozenset({"person"}),
        tone=Tone.OK,
        icon="user-plus",
    ),
    Kind(
        code="role_changed",
        topic=Topic.SECURITY,
        title=_("Your role is now: %(role)s, %(access)s"),
        text=_("%(by)s changed what you may do in this workspace."),
        action=_("See your profile"),
        fields=frozenset({"role", "account_access", "by"}),
        icon="shield",
        words=_role_words,
    ),
)
