"""The words for the details of an act: what each is called, and what its codes mean. Apps above register theirs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from audit.models import AuditEvent
from users.models import Role, User


@dataclass(frozen=True, slots=True)
class Detail:
    """`words` says what its codes mean. Where it `is_person`, its values are keys of people; where it `is_day`, ISO days or moments."""

    label: Promise | str
    words: Mapping[Any, Promise | str] = field(default_factory=dict)
    is_person: bool = False
    is_day: bool = False


_details: dict[tuple[str, str], Detail] = {}


def register_details(scope: str, /, **details: Detail) -> None:
    """`scope` is an act, or a group for those of its acts that register nothing under the same name."""
    _details.update({(scope, name): detail for name, detail in details.items()})


def told(event: AuditEvent, people: Mapping[int, str]) -> list[tuple[str, str]]:
    """Label and value of each detail. What nobody has words for stays as it was recorded."""
    return _told(event.action, event.details, people)


def people_in(events: Iterable[AuditEvent], *, reader: User) -> dict[int, str]:
    """The names of those the details speak of, by key."""
    keys = {key for event in events for key in _people_keys(event.action, event.details)}
    return dict(User.objects.visible_to(reader).filter(pk__in=keys).values_list("pk", "name"))


def _told(action: str, details: Mapping[str, Any], people: Mapping[int, str]) -> list[tuple[str, str]]:
    found = [(_detail(action, name), details[name]) for name in _in_order(action, details)]
    return [(str(detail.label), _text(action, detail, value, people)) for detail, value in found]


def _in_order(action: str, details: Mapping[str, Any]) -> list[str]:
    """As they were registered: PostgreSQL keeps the keys of JSON by their length."""
    known = [name for scope, name in _details if scope in _scopes(action) and name in details]
    return list(dict.fromkeys([*known, *details]))


def _detail(action: str, name: str) -> Detail:
    return next((_details[scope, name] for scope in _scopes(action) if (scope, name) in _details), Detail(name))


def _scopes(action: str) -> tuple[str, str]:
    return action, action.partition(".")[0]


def _people_keys(action: str, details: Mapping[str, Any]) -> Iterator[int]:
    for name, value in details.items():
        if isinstance(value, dict):
            yield from _people_keys(action, value)
        elif _detail(action, name).is_person:
            yield from value if isinstance(value, list) else [value]


def _text(action: str, detail: Detail, value: Any, people: Mapping[int, str]) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{label}: {text}" for label, text in _told(action, value, people))
    if isinstance(value, list):
        return ", ".join(_text(action, detail, each, people) for each in value)
    if isinstance(value, bool):
        return pgettext("a setting is on", "Yes") if value else pgettext("a setting is on", "No")
    if value is None or value == "":
        return "–"
    if detail.is_day:
        return _day(value)
    return str(people.get(value, value) if detail.is_person else detail.words.get(value, value))


def _day(written: str) -> str:
    """In the reader's zone, if it is a moment."""
    moment = datetime.fromisoformat(written)
    return date_format(localtime(moment) if moment.tzinfo else moment, "DATE_FORMAT")


_role = Detail(_("Role"), dict(Role.choices))
_account_access = Detail(_("Account access"))
register_details(
    "person", role=_role, account_access=_account_access, before=Detail(_("Before")), after=Detail(_("After"))
)
register_details("invitation", role=_role, account_access=_account_access, person=Detail(_("Person"), is_person=True))
register_details("workspace", domain=Detail(_("Domain")))
register_details(
    "audit",
    format=Detail(_("Format")),
    filter=Detail(_("Filter")),
    people=Detail(_("People"), is_person=True),
    since=Detail(_("From"), is_day=True),
    until=Detail(_("Until"), is_day=True),
)
