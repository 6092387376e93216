"""What would have to change for a mail that is not logged to be logged, and where its owner changes that."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inboxes.models import Inbox
from logging_rules.engine import Code
from logging_rules.reasons import Reason


@dataclass(frozen=True, slots=True)
class Remedy:
    """A sentence, and the page where it is done if it is one of ours. No address of a mail stands in the link."""

    text: str
    url: str = ""
    label: str = ""


_BY_HAND = _("Tick it to log this e-mail.")
_NOTHING = _("Nothing: such mail is never logged.")

_TEXTS: dict[str, Promise] = {
    Code.NOT_MAIL: _("Move it to another folder in your mail program; then it is decided like other mail."),
    Code.OUTSIDE_WINDOW: _BY_HAND,
    f"{Code.OUTSIDE_WINDOW} paused": _("Resume or reconnect the inbox."),
    Code.UNLOGGED_BY_OWNER: _("Tick it to log it again."),
    Code.MARKED_PRIVATE: _("Take it out of “CRM/Private” in your mail program; then it is decided again."),
    f"{Code.MARKED_PRIVATE} sensitivity": _NOTHING,
    Code.NEVER_LOG_WORKSPACE: _("A super admin can take the entry off the workspace’s never-log list."),
    Code.NEVER_LOG_PERSONAL: _("Take the entry off your never-log list."),
    Code.INTERNAL_ONLY: _NOTHING,
    Code.LOG_UNTICKED: _BY_HAND,
    Code.AUTOMATIC_MAIL: _("Tick it to log this e-mail, or have automatic mail logged."),
    Code.PRESET_TOO_NARROW: _("Tick it to log this e-mail, or log more of the inbox."),
    Code.NO_KNOWN_CONTACT: _("Tick it to log this e-mail, or add one of its people as a contact."),
    f"{Code.NO_KNOWN_CONTACT} never_log_address_only": _("Change the never-log entry."),
}

_LOGGING = ("inboxes:logging", _("What is logged"))
_NEVER_LOG = ("logging_rules:never-log", _("Your never-log list"))
_PAGES: dict[str, tuple[str, Promise]] = {
    f"{Code.OUTSIDE_WINDOW} paused": ("inboxes:inbox", _("To the inbox")),
    Code.NEVER_LOG_WORKSPACE: ("logging_rules:workspace-never-log", _("The workspace’s never-log list")),
    Code.NEVER_LOG_PERSONAL: _NEVER_LOG,
    Code.AUTOMATIC_MAIL: _LOGGING,
    Code.PRESET_TOO_NARROW: _LOGGING,
    Code.NO_KNOWN_CONTACT: ("contacts:contact-create", _("Add a contact")),
    f"{Code.NO_KNOWN_CONTACT} never_log_address_only": _NEVER_LOG,
}


def remedy_of(reason: Reason, inbox: Inbox) -> Remedy:
    """Of a decision not to log."""
    exact = f"{reason.code} {reason.rule}"
    text = _TEXTS.get(exact) or _TEXTS.get(reason.code, _BY_HAND)
    page = _PAGES.get(exact) if exact in _TEXTS else _PAGES.get(reason.code)
    if page is None:
        return Remedy(str(text))
    name, label = page
    return Remedy(str(text), reverse(name, args=[inbox.code] if name.startswith("inboxes:") else None), str(label))
