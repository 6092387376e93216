"""Opening the mailbox behind an inbox.

The libraries of Google and Microsoft take 12 MB: a worker loads them once an inbox of theirs is read.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import timezone

from inboxes import pauses
from inboxes.encryption import InvalidToken, UnknownKey
from inboxes.models import Credential, CredentialKind, Inbox, InboxKind, MailServer, Protocol, ProviderKind
from inboxes.oauth.clients import IMAP_HOSTS
from inboxes.oauth.tokens import InboxToken
from inboxes.pace import pace_of
from inboxes.providers.base import (
    AccessToken,
    MailboxWriter,
    MailProvider,
    Misconfigured,
    NoPace,
    Pace,
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
    # What a server takes for spam is nobody's to read but the owner's; a team sees it apart, and can take it back.
    with_junk = inbox.kind == InboxKind.TEAM
    match kind := ProviderKind(inbox.provider):
        case ProviderKind.GMAIL:
            token, pace = _token(inbox), pace_of(kind, inbox.pk)
            if account := inbox.credential.signed_in_as:
                return _gmail(account, token, pace, with_junk=with_junk, only=inbox.address)
            return _gmail(inbox.address, token, pace, with_junk=with_junk)
        case ProviderKind.GRAPH:
            token = _token(inbox)
            shared = inbox.address if inbox.credential.signed_in_as else ""
            pace = pace_of(kind, inbox.pk)
            return _graph(shared, token, pace, careful=inbox.failures > 0, with_junk=with_junk)
        case _:
            return ImapProvider(imap_settings(inbox), with_junk=with_junk)


def open_granted(
    kind: ProviderKind, issuer: CredentialKind, token: AccessToken, *, address: str, shared: bool
) -> MailProvider:
    """A mailbox that is no inbox yet, for somebody who has just signed in. `shared`: it is not the account's own. At Google
    that is the part of it which is mail of `address`."""
    match kind:
        case ProviderKind.GMAIL:
            return _gmail("", token, NoPace(), only=address) if shared else _gmail(address, token, NoPace())
        case ProviderKind.GRAPH:
            return _graph(address if shared else "", token, NoPace())
        case _:
            return ImapProvider(
                ImapSettings(IMAP_HOSTS[issuer], address, token=token, allowed_hosts=tuple(settings.MAIL_HOSTS_ALLOWED))
            )


def _gmail(address: str, token: AccessToken, pace: Pace, *, with_junk: bool = False, only: str = "") -> MailProvider:
    from inboxes.providers.gmail.provider import GmailProvider, GmailSettings  # noqa: PLC0415 - see above

    return GmailProvider(GmailSettings(settings.GOOGLE_API_ROOT, address, with_junk, only), token, pace)


def _graph(
    shared: str, token: AccessToken, pace: Pace, *, careful: bool = False, with_junk: bool = False
) -> MailProvider:
    from inboxes.providers.graph.client import GraphSettings  # noqa: PLC0415 - see above
    from inboxes.providers.graph.provider import GraphProvider  # noqa: PLC0415 - see above

    wanted = GraphSettings(settings.GRAPH_ROOT, shared, careful=careful, with_junk=with_junk)
    return GraphProvider(wanted, token, pace)


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
    """For what its owner allowed to be written; signs in on first use. Raises `Misconfigured`, and `RateLimited` during a pause.

    What is asked for at Google and Microsoft is to read: there it is `WritingNotOffered`.
    """
    if not is_writable(inbox):
        raise WritingNotOffered
    pauses.heed_own_pause(inbox, now=timezone.now())
    return ImapWriter(imap_settings(inbox))


def imap_server(inbox: Inbox) -> MailServer | None:
    """None for an inbox that is read through an API."""
    return next((server for server in inbox.servers.all() if server.protocol == Protocol.IMAP), None)


def imap_settings(inbox: Inbox) -> ImapSettings:
    """With a password, or with an access token where Google or Microsoft let us in. Raises `Misconfigured`."""
    credential, server = _credential(inbox), imap_server(inbox)
    if server is None:
        raise Misconfigured("credential_missing")
    by_password = credential.kind == CredentialKind.PASSWORD
    return ImapSettings(
        host=server.host,
        port=server.port,
        security=Security(server.security),
        username=server.username,
        password=credential.secret if by_password else "",
        token=None if by_password else _token(inbox),
        allowed_hosts=tuple(settings.MAIL_HOSTS_ALLOWED),
    )


def _credential(inbox: Inbox) -> Credential:
    try:
        return inbox.credential
    except (Credential.DoesNotExist, UnknownKey, InvalidToken) as error:
        raise Misconfigured("credential_missing") from error


def _token(inbox: Inbox) -> AccessToken:
    """Who finds out whether a provider accepts us again must not do so with a token from before."""
    if _credential(inbox).kind == CredentialKind.PASSWORD:
        raise Misconfigured("credential_missing")
    token = InboxToken(inbox.pk)
    if pauses.is_probe(inbox):
        token.renew(token.get())
    return token
