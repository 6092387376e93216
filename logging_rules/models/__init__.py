"""Settings of the three levels, never-log entries, and what is remembered of the past."""

from logging_rules.models.never_log import NEVER_LOG_KIND_LABELS, NEVER_LOG_SCOPE_LABELS, NeverLogEntry
from logging_rules.models.past import LookBack
from logging_rules.models.policies import (
    PRESET_LABELS,
    PRESET_SHOWS,
    InboxPolicy,
    PersonPolicy,
    WorkspacePolicy,
    new_tombstone_key,
)
from logging_rules.models.unlogging import Tombstone

__all__ = [
    "NEVER_LOG_KIND_LABELS",
    "NEVER_LOG_SCOPE_LABELS",
    "PRESET_LABELS",
    "PRESET_SHOWS",
    "InboxPolicy",
    "LookBack",
    "NeverLogEntry",
    "PersonPolicy",
    "Tombstone",
    "WorkspacePolicy",
    "new_tombstone_key",
]
