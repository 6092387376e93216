"""Opening the mailbox behind an inbox."""

from django.conf import settings

from inboxes.encryption import InvalidToken, UnknownKey
from inboxes.models import Credential, Inbox, MailServer, Protocol
from inboxes.providers.base import MailboxWriter, MailProvider, Misconfigured
from inboxes.providers.imap.connection import ImapSettings
from inboxes.providers.imap.provider import ImapProvider
from inboxes.providers.imap.writer import ImapWriter
from inboxes.providers.network import Security


def open_provider(inbox: Inbox) -> MailProvider:
    """A provider that signs in on first use. Raises `Misconfigured` when the inbox has no usable server or credential."""
    return ImapProvider(imap_settings(inbox))


def open_writer(inbox: Inbox) -> MailboxWriter:
    """For what its owner allowed to be written; signs in on first use. Raises `Misconfigured`."""
    return ImapWriter(imap_settings(inbox))


def imap_server(inbox: Inbox) -> MailServer | None:
    """None for an inbox that is read through an API."""
    return next((server for server in inbox.servers.all() if server.protocol == Protocol.IMAP), None)


def imap_settings(inbox: Inbox) -> ImapSettings:
    """Raises `Misconfigured`."""
    try:
        secret = inbox.credential.secret
    except (Credential.DoesNotExist, UnknownKey, InvalidToken) as error:
        raise Misconfigured("credential_missing") from error
    server = imap_server(inbox)
    if server is None:
        raise Misconfigured("credential_missing")
    return ImapSettings(
        host=server.host,
        port=server.port,
        security=Security(server.security),
        username=server.username,
        password=secret,
        allowed_hosts=tuple(settings.MAIL_HOSTS_ALLOWED),
    )
