"""What of a mailbox is read live for somebody's eyes: all of it for the owner of a personal inbox.

For members of a team inbox it is what the inbox reads anyway. What arrived before its window, drafts and trash stay with the person
whose mailbox it was, or is.
"""

from collections.abc import Iterable
from datetime import datetime

from inboxes.envelope import Envelope
from inboxes.models import Inbox, InboxKind
from inboxes.providers.base import MailProvider, RemoteFolder
from logging_rules.engine import NO_MAIL_ROLES, is_no_mail


def shown_since(inbox: Inbox, wanted: datetime | None = None) -> datetime | None:
    """From when on mail is looked through, `wanted` or later; None: all of the past."""
    starts = [wanted, inbox.history_since if _is_team(inbox) else None]
    return max(filter(None, starts), default=None)


def shown_folders(provider: MailProvider, inbox: Inbox) -> list[RemoteFolder]:
    """Raises `ProviderError`."""
    folders = provider.searchable_folders()
    return [folder for folder in folders if folder.role not in NO_MAIL_ROLES] if _is_team(inbox) else folders


def is_shown(envelope: Envelope, inbox: Inbox) -> bool:
    """By its arrival, to the second: what a provider finds since a moment may be of the whole day."""
    if not _is_team(inbox):
        return True
    since = shown_since(inbox)
    return not is_no_mail(envelope) and (since is None or envelope.received_at >= since)


def shown(envelopes: Iterable[Envelope], inbox: Inbox) -> list[Envelope]:
    return [envelope for envelope in envelopes if is_shown(envelope, inbox)]


def _is_team(inbox: Inbox) -> bool:
    return inbox.kind == InboxKind.TEAM
