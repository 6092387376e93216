"""Mailboxes at Google, through the Gmail API."""

from inboxes.providers.gmail.provider import GmailProvider, GmailSettings

__all__ = ["GmailProvider", "GmailSettings"]
