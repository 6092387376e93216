"""A change to what is logged, and what its dry run counted, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.models import Contact
from inboxes.models import VISIBILITY_LABELS
from inboxes.visibility import Visibility
from logging_rules.changes import Change, Entry, Value
from logging_rules.facts import ContactCreation, Level, NeverLogScope
from logging_rules.models import CONTACT_CREATION_LABELS, PRESET_LABELS
from logging_rules.reasons import LOGGING_CODES, label_of
from logging_rules.what_if import Side, WhatIf
from users.models import User

CONTACTS_NAMED = 12

SETTING_LABELS: dict[str, Promise] = {
    "preset": gettext_lazy("What is logged"),
    "most_open_preset": gettext_lazy("Most open setting anybody may choose"),
    "log_incoming": gettext_lazy("Log e-mail you receive"),
    "log_outgoing": gettext_lazy("Log e-mail you send"),
    "store_attachments": gettext_lazy("Keep attachments"),
    "log_automatic_mail": gettext_lazy("Log automatic e-mail"),
    "create_contacts": gettext_lazy("Create contacts"),
    "track_opens": gettext_lazy("Track opens"),
    "track_clicks": gettext_lazy("Track clicks"),
    "log_by_default": gettext_lazy("Log e-mail written in Genkan"),
    "hold_ambiguous": gettext_lazy("Ask you first when it is not clear"),
    "visibility": gettext_lazy("Who can see it"),
}
_VALUES: dict[str, Mapping[str, Promise]] = {
    "preset": {str(preset): label for preset, label in PRESET_LABELS.items()},
    "most_open_preset": {str(preset): label for preset, label in PRESET_LABELS.items()},
    "create_contacts": {str(choice): CONTACT_CREATION_LABELS[choice] for choice in ContactCreation},
    "visibility": {str(choice): VISIBILITY_LABELS[choice] for choice in Visibility},
}


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


def value_label(name: str, value: Value) -> str:
    if value is None:
        return _("as the default says")
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return str(_VALUES[name][value])


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
