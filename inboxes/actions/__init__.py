"""Every change people make to inboxes. All are audited; a worker that is syncing the inbox meanwhile writes nothing more.

Each action says who may do it and raises PermissionDenied for anybody else, ValidationError for what cannot be.
"""

from inboxes.actions.connecting import choose_history, connect_api_inbox, connect_imap_inbox, set_smtp_server
from inboxes.actions.converting import convert_to_personal, convert_to_team
from inboxes.actions.ending import delete_team_inbox, disable, discard, disconnect_who_left, enable, remove
from inboxes.actions.handing_over import hand_over
from inboxes.actions.members import add_members, choose_members, leave, remove_member
from inboxes.actions.overseeing import force_disconnect, note_export, take_off
from inboxes.actions.policy import except_person, set_connection_policy
from inboxes.actions.reconnecting import reconnect, reconnect_api_inbox
from inboxes.actions.refusing import refuse_part_of_mailbox
from inboxes.actions.running import check_now, pause, replay, resume, start, sync_now
from inboxes.actions.senders import choose_default_inbox, set_aliases
from inboxes.actions.servers import ConnectionDetails, ServerLogin
from inboxes.actions.switching import has_to_be_disabled_first, switch_to_api, switch_to_imap
from inboxes.actions.teams import name_team_inbox

__all__ = [
    "ConnectionDetails",
    "ServerLogin",
    "add_members",
    "check_now",
    "choose_default_inbox",
    "choose_history",
    "choose_members",
    "connect_api_inbox",
    "connect_imap_inbox",
    "convert_to_personal",
    "convert_to_team",
    "delete_team_inbox",
    "disable",
    "discard",
    "disconnect_who_left",
    "enable",
    "except_person",
    "force_disconnect",
    "hand_over",
    "has_to_be_disabled_first",
    "leave",
    "name_team_inbox",
    "note_export",
    "pause",
    "reconnect",
    "reconnect_api_inbox",
    "refuse_part_of_mailbox",
    "remove",
    "remove_member",
    "replay",
    "resume",
    "set_aliases",
    "set_connection_policy",
    "set_smtp_server",
    "start",
    "switch_to_api",
    "switch_to_imap",
    "sync_now",
    "take_off",
]
