"""What was un-logged of an inbox, in words for whoever decides about it: numbers and codes, never the mail itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from contacts.models import Contact
from inboxes.models import Inbox
from logging_rules.models import Unlogging, UnloggingState
from logging_rules.reasons import label_of
from users.models import User


@dataclass(frozen=True, slots=True)
class Unlogged:
    """One un-logging as its page shows it. `left`: mails still kept, which become fewer while they are being erased."""

    unlogging: Unlogging
    state: UnloggingState
    chosen: list[str]
    left: int

    @property
    def done(self) -> int:
        return self.unlogging.messages - self.left

    @property
    def contacts(self) -> int:
        return len(self.unlogging.withdrawn_contacts)


def unloggings_of(inbox: Inbox, viewer: User) -> "QuerySet[Unlogging]":
    """The latest first."""
    found = Unlogging.objects.visible_to(viewer).filter(inbox=inbox).select_related("inbox", "by")
    return found.annotate(left=Count("sightings__message", distinct=True)).order_by("-at", "-pk")


def in_words(unloggings: Sequence[Unlogging], *, viewer: User, now: datetime) -> list[Unlogged]:
    """One query for the names of contacts. The un-loggings come from `unloggings_of`."""
    keys = {unlogging.chosen["contact"] for unlogging in unloggings if "contact" in unlogging.chosen}
    names = dict(Contact.objects.visible_to(viewer).filter(pk__in=keys).values_list("pk", "name"))
    return [
        Unlogged(
            unlogging=unlogging,
            state=unlogging.state(now),
            chosen=_words(unlogging.chosen, names),
            left=getattr(unlogging, "left", 0),
        )
        for unlogging in unloggings
    ]


def _words(chosen: dict[str, Any], names: dict[int, str]) -> list[str]:
    words: dict[str, Callable[[Any], str]] = {
        "messages": lambda _number: "" if "rules" in chosen else _("Chosen one by one"),
        "rules": lambda _given: _("By a change of the rules"),
        "thread": lambda _key: _("A conversation"),
        "code": label_of,
        "rule": str,
        "contact": lambda key: _("With %(contact)s") % {"contact": names.get(key, _("a contact"))},
        "address": lambda _given: _("With one address"),
        "domain": lambda _given: _("With one domain"),
        "since": lambda text: _("From %(day)s") % {"day": _day(text)},
        "until": lambda text: _("Until %(day)s") % {"day": _day(text, before=True)},
    }
    said = [words[name](value) for name, value in chosen.items() if name in words]
    return list(filter(None, said)) or [_("All of the inbox")]


def _day(text: str, *, before: bool = False) -> str:
    """In the viewer's zone; a moment at which a period ends belongs to the day before."""
    moment = parse_datetime(text)
    if moment is None:
        return text
    day: date = localtime(moment - timedelta(microseconds=1) if before else moment).date()
    return date_format(day, pgettext("a day, in Django's format", "j M Y"))
