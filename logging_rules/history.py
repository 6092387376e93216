"""What happened to an inbox, in words for its owner."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.models import AuditEvent
from inboxes.causes import cause_of
from inboxes.models import Inbox
from logging_rules.models import PRESET_LABELS

LATEST = 20

_WORDS: dict[str, Promise] = {
    "inbox.connected": _("Connected"),
    "inbox.history_chosen": _("How far back was chosen"),
    "inbox.started": _("Started"),
    "inbox.paused": _("Paused"),
    "inbox.resumed": _("Resumed"),
    "inbox.reconnected": _("Reconnected"),
    "inbox.disabled": _("Disconnected"),
    "inbox.sync_requested": _("A sync was asked for"),
    "inbox.smtp_server_set": _("Sending was set up"),
    "inbox.quarantine_replayed": _("Messages that were set aside are tried again"),
    "inbox.read_again": _("The mailbox is read once more"),
    "inbox.needs_reconnect": _("Stopped: %(cause)s"),
    "logging.unlogged": _("E-mails un-logged: %(messages)s"),
    "logging.unlogging_undone": _("Un-logging undone, e-mails: %(messages)s"),
    "logging.erasure_asked": _("Un-logged e-mails are to be erased at once"),
    "logging.unlogged_erased": _("Un-logged e-mails erased for good: %(messages)s"),
    "logging.marks_set": _("Folders and labels in the mail program were set"),
    "logging.mark_folders_created": _("Folders were created in the mailbox"),
    "logging.inbox_policy_set": _("What is logged: %(preset)s"),
}
_PRESETS = {str(preset): label for preset, label in PRESET_LABELS.items()}
_AS_DEFAULT = _("as your default says")


@dataclass(frozen=True, slots=True)
class Happening:
    """`by` is empty for what the system did by itself."""

    text: str
    by: str
    at: datetime


def history(inbox: Inbox) -> list[Happening]:
    """The latest first. One query."""
    events = AuditEvent.objects.about(inbox).filter(action__in=_WORDS).select_related("actor")[:LATEST]
    return [Happening(_text(event), str(event.actor or ""), event.created_at) for event in events]


def _text(event: AuditEvent) -> str:
    words = {
        "messages": event.details.get("messages", ""),
        "cause": cause_of(event.details.get("cause", "")).title,
        "preset": _PRESETS.get(event.details.get("preset") or "", _AS_DEFAULT),
    }
    return str(_WORDS[event.action]) % words
