"""What happened to an inbox, in words for its owner."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.models import AuditEvent
from inboxes.causes import cause_of
from inboxes.models import Inbox
from logging_rules.setting_words import SETTING_LABELS, value_label

LATEST = 20

_WORDS: dict[str, Promise] = {
    "inbox.connected": _("Connected"),
    "inbox.history_chosen": _("How far back was chosen"),
    "inbox.started": _("Started"),
    "inbox.paused": _("Paused"),
    "inbox.resumed": _("Resumed"),
    "inbox.reconnected": _("Reconnected"),
    "inbox.disabled": _("Disabled"),
    "inbox.enabled": _("Enabled again"),
    "inbox.sync_requested": _("A sync was asked for"),
    "inbox.smtp_server_set": _("Sending was set up"),
    "inbox.named": _("Named “%(name)s”"),
    "inbox.member_added": _("A member was added"),
    "inbox.member_removed": _("A member was removed"),
    "inbox.member_left": _("A member left"),
    "inbox.aliases_set": _("Further addresses were set"),
    "inbox.check_requested": _("A check of completeness was asked for"),
    "inbox.quarantine_replayed": _("Messages that were set aside are tried again"),
    "inbox.read_again": _("The mailbox is read once more"),
    "inbox.needs_reconnect": _("Stopped: %(cause)s"),
    "logging.unlogged": _("E-mails un-logged: %(messages)s"),
    "logging.unlogging_undone": _("Un-logging undone, e-mails: %(messages)s"),
    "logging.erasure_asked": _("Un-logged e-mails are to be erased at once"),
    "logging.unlogged_erased": _("Un-logged e-mails erased for good: %(messages)s"),
    "logging.marks_set": _("Folders and labels in the mail program were set"),
    "logging.mark_folders_created": _("Folders were created in the mailbox"),
    "logging.inbox_policy_set": _("Settings changed: %(settings)s"),
}


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
        "name": event.details.get("name", ""),
        "cause": cause_of(event.details.get("cause", "")).title,
        "settings": _changed_settings(event.details),
    }
    return str(_WORDS[event.action]) % words


def _changed_settings(details: dict[str, Any]) -> str:
    changed = [name for name in details if name in SETTING_LABELS]
    return " · ".join(f"{SETTING_LABELS[name]}: {value_label(name, details[name])}" for name in changed)
