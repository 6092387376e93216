"""Any mailbox that speaks IMAP."""

from inboxes.providers.imap.connection import ImapSettings
from inboxes.providers.imap.provider import ImapProvider

__all__ = ["ImapProvider", "ImapSettings"]
