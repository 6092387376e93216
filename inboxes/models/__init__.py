"""Connected mailboxes, what was seen in them, and the messages that were stored."""

from inboxes.models.access import AccessRequest, AccessRequestQuerySet, OpenedPart, Opening
from inboxes.models.counts import DailyCount
from inboxes.models.default import DefaultInbox
from inboxes.models.departure import Departure, DepartureQuerySet
from inboxes.models.episodes import Episode, Outage
from inboxes.models.inbox import (
    SYNCING_STATUSES,
    Credential,
    CredentialKind,
    Inbox,
    InboxKind,
    InboxQuerySet,
    InboxStatus,
    MailServer,
    Protocol,
    ProviderKind,
    Security,
)
from inboxes.models.ledger import Folder, FolderState, HandledPage, LedgerEntry, LedgerState
from inboxes.models.marks import MarkedMail, MarkState
from inboxes.models.message import (
    VISIBILITY_LABELS,
    Attachment,
    Message,
    MessageQuerySet,
    MessageState,
    Sighting,
    Thread,
    ThreadReference,
)
from inboxes.models.policy import ConnectionException, ConnectionPolicy, WhoMayConnect
from inboxes.models.providers import ProviderHealth
from inboxes.models.push import PushSubscription
from inboxes.models.removal import AccessPlace, Removal, Revocation, RevocationState
from inboxes.models.sign_in import SignIn
from inboxes.models.team import (
    InboxMember,
    TeamMail,
    TeamMailQuerySet,
    TeamThread,
    TeamThreadQuerySet,
)
from inboxes.models.viewer import Viewer
from inboxes.models.withdrawal import WithdrawnGrant
from inboxes.visibility import Visibility

__all__ = [
    "SYNCING_STATUSES",
    "VISIBILITY_LABELS",
    "AccessPlace",
    "AccessRequest",
    "AccessRequestQuerySet",
    "Attachment",
    "ConnectionException",
    "ConnectionPolicy",
    "Credential",
    "CredentialKind",
    "DailyCount",
    "DefaultInbox",
    "Departure",
    "DepartureQuerySet",
    "Episode",
    "Folder",
    "FolderState",
    "HandledPage",
    "Inbox",
    "InboxKind",
    "InboxMember",
    "InboxQuerySet",
    "InboxStatus",
    "LedgerEntry",
    "LedgerState",
    "MailServer",
    "MarkState",
    "MarkedMail",
    "Message",
    "MessageQuerySet",
    "MessageState",
    "OpenedPart",
    "Opening",
    "Outage",
    "Protocol",
    "ProviderHealth",
    "ProviderKind",
    "PushSubscription",
    "Removal",
    "Revocation",
    "RevocationState",
    "Security",
    "Sighting",
    "SignIn",
    "TeamMail",
    "TeamMailQuerySet",
    "TeamThread",
    "TeamThreadQuerySet",
    "Thread",
    "ThreadReference",
    "Viewer",
    "Visibility",
    "WhoMayConnect",
    "WithdrawnGrant",
]
