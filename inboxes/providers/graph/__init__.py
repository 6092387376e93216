"""Mailboxes of Microsoft 365 and Outlook.com, through Microsoft Graph."""

from inboxes.providers.graph.client import GraphSettings
from inboxes.providers.graph.provider import GraphProvider

__all__ = ["GraphProvider", "GraphSettings"]
