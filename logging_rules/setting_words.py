"""The settings in words: what each is called, what it does, and its values."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from inboxes.models import VISIBILITY_LABELS
from inboxes.visibility import Visibility
from logging_rules.facts import ContactCreation, Level, Preset
from logging_rules.models import CONTACT_CREATION_LABELS, PRESET_LABELS, PRESET_SHOWS

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
SETTING_HELP: dict[str, Promise] = {
    "most_open_preset": gettext_lazy("Nobody can open their inbox further than this; everybody may be more private."),
    "log_incoming": gettext_lazy("Without it only e-mail you send is logged by itself."),
    "log_outgoing": gettext_lazy("Without it only e-mail you receive is logged by itself."),
    "store_attachments": gettext_lazy("Without it only the names of the files are kept, never what is in them."),
    "log_automatic_mail": gettext_lazy("Newsletters, confirmations and whatever else a machine sends."),
    "create_contacts": gettext_lazy(
        "Only from e-mail that is logged. Where all mail with known contacts is logged, the first e-mail you send to somebody"
        " makes them a contact and is logged, too. Never colleagues, machines, or anybody on a never-log list."
    ),
    "track_opens": gettext_lazy(
        "Applies to mail written in Genkan. An invisible picture tells when the recipient’s mail program loads it. Many programs"
        " block it or load it unasked, so it is a hint and no proof, and recipients are not asked."
    ),
    "track_clicks": gettext_lazy(
        "Applies to mail written in Genkan. Links lead through Genkan first, which notes the click; recipients can see that in"
        " the address of the link."
    ),
    "log_by_default": gettext_lazy(
        "Whether “Log” is ticked when you begin to write. You can change it for each e-mail."
    ),
    "hold_ambiguous": gettext_lazy(
        "E-mail that would be logged but looks private, or mixes private and business, waits for you. Nobody else sees it."
    ),
    "visibility": gettext_lazy("What colleagues see of e-mail that is logged. You can tighten it for a single e-mail."),
}
SETTING_VALUES: dict[str, Mapping[str, Promise]] = {
    "preset": {str(preset): label for preset, label in PRESET_LABELS.items()},
    "most_open_preset": {str(preset): label for preset, label in PRESET_LABELS.items()},
    "create_contacts": {str(choice): CONTACT_CREATION_LABELS[choice] for choice in ContactCreation},
    "visibility": {str(choice): VISIBILITY_LABELS[choice] for choice in Visibility},
}
_TYPES: dict[str, type[StrEnum]] = {
    "preset": Preset,
    "most_open_preset": Preset,
    "create_contacts": ContactCreation,
    "visibility": Visibility,
}
SET_BY: dict[Level, Promise] = {
    Level.INBOX: pgettext_lazy("a setting is set by", "you, for this inbox"),
    Level.PERSON: pgettext_lazy("a setting is set by", "you, for all your inboxes"),
    Level.WORKSPACE: pgettext_lazy("a setting is set by", "the workspace"),
}
TEAM_SET_BY: dict[Level, Promise] = SET_BY | {
    Level.INBOX: pgettext_lazy("a setting is set by", "the settings of this inbox"),
}


def value_label(name: str, value: Any, *, of_team: bool = False) -> str:
    if of_team and name == "visibility" and value == Visibility.PRIVATE:
        return _("Only its members and the participants who are users")
    if value is None:
        return _("as the default says")
    if isinstance(value, bool):
        return pgettext("a setting is on", "Yes") if value else pgettext("a setting is on", "No")
    return str(SETTING_VALUES[name][value])


TEAM_PRESET_SHOWS: dict[Preset, Promise] = {
    Preset.MANUAL: gettext_lazy("Only what members put on timelines by hand. Members read all the other mail here."),
    Preset.REPLIES: gettext_lazy(
        "Everybody sees e-mails that continue a conversation logged before. Members read all the other mail here."
    ),
    Preset.KNOWN: gettext_lazy(
        "Everybody sees every e-mail with a contact of your workspace. Members read all the other mail here."
    ),
}


def value_help(name: str, value: Any, *, of_team: bool = False) -> str:
    """What a value means, where its label is not enough."""
    shows = TEAM_PRESET_SHOWS if of_team else PRESET_SHOWS
    return str(shows[Preset(value)]) if name in ("preset", "most_open_preset") else ""


def choices_of(name: str) -> list[Any]:
    """Every value a setting may have."""
    return list(_TYPES.get(name, (True, False)))
