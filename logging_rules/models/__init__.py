"""Settings of the three levels, never-log entries, and what is remembered of the past."""

from logging_rules.models.changes import PastChange
from logging_rules.models.choices import HandChoice
from logging_rules.models.held import HeldMail
from logging_rules.models.marks import DEFAULT_LOGGED_NAME, MarkSettings
from logging_rules.models.never_log import NEVER_LOG_KIND_LABELS, NEVER_LOG_SCOPE_LABELS, NeverLogEntry
from logging_rules.models.past import LookBack
from logging_rules.models.policies import (
    CONTACT_CREATION_LABELS,
    PRESET_LABELS,
    PRESET_SHOWS,
    InboxPolicy,
    LoggingSettings,
    PersonPolicy,
    WorkspacePolicy,
    new_tombstone_key,
)
from logging_rules.models.unlogging import Tombstone, UnloggedSighting, Unlogging, UnloggingState

__all__ = [
    "CONTACT_CREATION_LABELS",
    "DEFAULT_LOGGED_NAME",
    "NEVER_LOG_KIND_LABELS",
    "NEVER_LOG_SCOPE_LABELS",
    "PRESET_LABELS",
    "PRESET_SHOWS",
    "HandChoice",
    "HeldMail",
    "InboxPolicy",
    "LoggingSettings",
    "LookBack",
    "MarkSettings",
    "NeverLogEntry",
    "PastChange",
    "PersonPolicy",
    "Tombstone",
    "UnloggedSighting",
    "Unlogging",
    "UnloggingState",
    "WorkspacePolicy",
    "new_tombstone_key",
]
