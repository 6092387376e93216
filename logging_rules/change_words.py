"""A change to what is logged, and what its dry run counted, in words."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from contacts.models import Contact
from logging_rules.changes import Change, Entry, Value
from logging_rules.facts import Level, NeverLogScope
from logging_rules.reasons import LOGGING_CODES, label_of
from logging_rules.setting_words import SETTING_LABELS, value_label
from logging_rules.what_if import Side, WhatIf
from users.models import User

CONTACTS_NAMED = 12


def sentences(change: Change) -> list[str]:
    """What it would change, one line for each part."""
    return [
        *(_set(name, value) for name, value in change.settings),
        *(_listed(entry) for entry in change.listed),
        *(_("Taken off the never-log list: %(entry)s") % {"entry": entry.text} for entry in change.unlisted),
    ]


def place(change: Change, *, inbox: str) -> str:
    """What it would hold for."""
    if change.level is Level.WORKSPACE:
        return _("For everybody in the workspace")
    return _("For all your inboxes") if change.level is Level.PERSON else _("For %(inbox)s") % {"inbox": inbox}


def _set(name: str, value: Value) -> str:
    return f"{SETTING_LABELS[name]}: {value_label(name, value)}"


def _listed(entry: Entry) -> str:
    if entry.scope is NeverLogScope.ADDRESS_ONLY:
        return _("Never link e-mail to %(entry)s") % {"entry": entry.text}
    return _("Never log e-mail with %(entry)s") % {"entry": entry.text}


@dataclass(frozen=True, slots=True)
class Row:
    """A reason, or the sum of all reasons of one outcome, before the change and after it."""

    label: str
    before: int
    after: int
    is_sum: bool = False

    @property
    def difference(self) -> int:
        return self.after - self.before


def before_and_after(state: WhatIf) -> list[Row]:
    """First what is logged, then what is not; under each sum its reasons, those that change most in front."""
    codes = sorted(
        {*state.before, *state.after},
        key=lambda code: (-abs(state.after.get(code, 0) - state.before.get(code, 0)), -state.before.get(code, 0)),
    )
    rows = []
    for label, logged in ((_("E-mails that are logged"), True), (_("E-mails that stay private"), False)):
        part = [code for code in codes if (code in LOGGING_CODES) is logged]
        rows.append(_row(label, part, state, is_sum=True))
        rows += [_row(label_of(code), [code], state) for code in part]
    return rows


def _row(label: str, codes: Iterable[str], state: WhatIf, *, is_sum: bool = False) -> Row:
    codes = list(codes)
    return Row(
        label,
        before=sum(state.before.get(code, 0) for code in codes),
        after=sum(state.after.get(code, 0) for code in codes),
        is_sum=is_sum,
    )


@dataclass(frozen=True, slots=True)
class ContactCount:
    """A contact and how many e-mails with them come to, or leave, the timeline."""

    contact: Contact
    mails: int


@dataclass(frozen=True, slots=True)
class Direction:
    """More or fewer, in numbers and names. `others` counts the contacts that are not named."""

    mails: int
    contacts: list[ContactCount]
    others: int


def direction(side: Side, *, viewer: User) -> Direction:
    """The contacts with most e-mails in front. One query."""
    frequent = sorted(side.contacts, key=lambda key: (-side.contacts[key], int(key)))[:CONTACTS_NAMED]
    found = {str(contact.pk): contact for contact in Contact.objects.visible_to(viewer).filter(pk__in=frequent)}
    named = [ContactCount(found[key], side.contacts[key]) for key in frequent if key in found]
    return Direction(side.mails, named, len(side.contacts) - len(named))
