"""Every change to what is logged. A change holds for mail decided from now on; what was logged before stays.

Each action says who may do it and raises PermissionDenied for anybody else, ValidationError for what cannot be.
"""

from logging_rules.actions.access import ask_access, decline_access, end_access, grant_access
from logging_rules.actions.changes import apply_change, finish_past_changes
from logging_rules.actions.choosing import log_by_hand, note_logged_by_hand
from logging_rules.actions.converting import convert_to_personal, convert_to_team, settle_marks
from logging_rules.actions.holding import (
    decide_later,
    forget_held,
    forget_keys,
    keep_private,
    note_held,
    set_sensitive_words,
)
from logging_rules.actions.leaving import leave
from logging_rules.actions.marks import (
    MarkChoices,
    create_mark_folders,
    note_label,
    note_private_copies,
    set_marks,
    unlog_unlabelled,
    withdraw,
)
from logging_rules.actions.never_log import (
    add_never_log_entry,
    add_never_log_lines,
    edit_never_log_entry,
    remove_never_log_entry,
)
from logging_rules.actions.past import (
    apply_to_past,
    finish_look_backs,
    follow_merge,
    look_back,
    note_open_conversations,
    settle_conversations,
)
from logging_rules.actions.removing import clear_some, erase_removed, finish_removal, pick_lost
from logging_rules.actions.settings import set_inbox_policy, set_person_policy, set_workspace_policy
from logging_rules.actions.unlogging import UNDO_PERIOD, erase_expired, erase_now, undo_unlogging, unlog
from logging_rules.actions.visibility import (
    apply_visibility,
    apply_visibility_slice,
    pick_waiting_visibility,
    set_visibility,
)

__all__ = [
    "UNDO_PERIOD",
    "MarkChoices",
    "add_never_log_entry",
    "add_never_log_lines",
    "apply_change",
    "apply_to_past",
    "apply_visibility",
    "apply_visibility_slice",
    "ask_access",
    "clear_some",
    "convert_to_personal",
    "convert_to_team",
    "create_mark_folders",
    "decide_later",
    "decline_access",
    "edit_never_log_entry",
    "end_access",
    "erase_expired",
    "erase_now",
    "erase_removed",
    "finish_look_backs",
    "finish_past_changes",
    "finish_removal",
    "follow_merge",
    "forget_held",
    "forget_keys",
    "grant_access",
    "keep_private",
    "leave",
    "log_by_hand",
    "look_back",
    "note_held",
    "note_label",
    "note_logged_by_hand",
    "note_open_conversations",
    "note_private_copies",
    "pick_lost",
    "pick_waiting_visibility",
    "remove_never_log_entry",
    "set_inbox_policy",
    "set_marks",
    "set_person_policy",
    "set_sensitive_words",
    "set_visibility",
    "set_workspace_policy",
    "settle_conversations",
    "settle_marks",
    "undo_unlogging",
    "unlog",
    "unlog_unlabelled",
    "withdraw",
]
