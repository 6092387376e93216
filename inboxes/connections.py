"""Opening the mailbox behind an inbox."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import timezone

from inboxes import pauses
from inboxes.encryption import InvalidToken, UnknownKey
from inboxes.models import Credential, Inbox, MailServer, Protocol, ProviderKind
from inboxes.providers.base import (
    MailboxWriter,
    MailProvider,
    Misconfigured,
    PaceReached,
    RateLimited,
    WritingNotOffered,
)
from inboxes.providers.imap.connection import ImapSettings
from inboxes.providers.imap.provider import ImapProvider
from inboxes.providers.imap.writer import ImapWriter
from inboxes.providers.network import Security


def open_provider(inbox: Inbox) -> MailProvider:
    """A provider that signs in on first use. Raises `Misconfigured` when the inbox has no usable server or credential."""
    return ImapProvider(imap_settings(inbox))


@contextmanager
def look_into(inbox: Inbox) -> Iterator[MailProvider]:
    """The mailbox, for somebody who waits for it. The provider is not called while it wants a pause; one that it asks for now holds
    for the sync too. Raises as `open_provider`, and `RateLimited` during a pause."""
    pauses.heed_own_pause(inbox, now=timezone.now())
    pauses.heed_shared_pause(inbox, now=timezone.now())
    try:
        with open_provider(inbox) as provider:
            yield provider
    except PaceReached:
        raise
    except pauses.EVERYBODYS as trouble:
        pauses.note_shared_trouble(inbox, trouble, now=timezone.now())
        raise
    except RateLimited as pause:
        pauses.note_own_pause(inbox, pause, now=timezone.now())
        raise


def is_writable(inbox: Inbox) -> bool:
    """What is asked for at Google and Microsoft is to read."""
    return inbox.provider == ProviderKind.IMAP


def open_writer(inbox: Inbox) -> MailboxWriter:
    """For what its owner allowed to be written; signs in on first use. Raises `Misconfigured`.

    What is asked for at Google and Microsoft is to read: there it is `WritingNotOffered`.
    """
    if not is_writable(inbox):
        raise WritingNotOffered
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
