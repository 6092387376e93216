"""What notices are about, as people choose how to be told of it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from users.models import User


class Topic(StrEnum):
    SECURITY = "security"
    OWN_INBOXES = "own_inboxes"
    TEAM_INBOXES = "team_inboxes"
    LOGGING = "logging"
    ACCESS_REQUESTS = "access_requests"
    PEOPLE = "people"
    INSTALLATION = "installation"


@dataclass(frozen=True, slots=True)
class Wish:
    """How somebody wants to be told of a topic; with neither they are not told at all."""

    in_app: bool = True
    by_e_mail: bool = True


@dataclass(frozen=True, slots=True)
class Subject:
    """A topic in words. `is_for` says whose page of preferences shows it: nobody else is ever told of it."""

    label: Promise
    explanation: Promise
    is_for: Callable[[User], bool] = lambda person: True


SUBJECTS: dict[Topic, Subject] = {
    Topic.OWN_INBOXES: Subject(
        _("My inboxes"),
        _("One of them needs you, cannot be read for a while, or works again."),
    ),
    Topic.TEAM_INBOXES: Subject(
        _("Team inboxes"),
        _(
            "One of them stops, needs somebody, or works again. Told to those who manage team inboxes or connected this one."
        ),
    ),
    Topic.LOGGING: Subject(
        pgettext_lazy("topic of a notification", "What is logged"),
        _("A change you asked for is done, or the workspace's policy changes what is logged of your inboxes."),
    ),
    Topic.ACCESS_REQUESTS: Subject(
        _("Requests to open an e-mail"),
        _("A colleague asks to open an e-mail of yours, or answers when you asked."),
    ),
    Topic.PEOPLE: Subject(
        _("People"),
        _("Somebody you invited has joined."),
        lambda person: person.is_super_admin,
    ),
    Topic.INSTALLATION: Subject(
        _("This installation"),
        _("Google or Microsoft refuses this installation, or its registration there runs out."),
        lambda person: person.is_super_admin,
    ),
    Topic.SECURITY: Subject(
        _("Security"),
        _(
            "Your role changes, somebody stops or removes an inbox of yours, or you may read or no longer read a team inbox."
        ),
    ),
}

ALWAYS_TOLD = frozenset({Topic.SECURITY})
"""Whoever changes what a person may do or see must not be able to do so unseen, from that person's own account neither."""

MUST_REACH_SOMEBODY = frozenset({Topic.TEAM_INBOXES, Topic.INSTALLATION})
"""When all who would be told have switched a topic off altogether, the super admins among them are told in the product all the same."""
