"""The clients that this installation is registered with.

The libraries of a provider take 8 MB and more: a process loads them once it needs them.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from inboxes.models import CredentialKind, ProviderKind
from inboxes.oauth.scopes import GMAIL_IMAP, GMAIL_READ, GRAPH_READ, GRAPH_READ_SHARED, OUTLOOK_IMAP
from inboxes.providers.base import ClientMisconfigured

if TYPE_CHECKING:
    from inboxes.providers.gmail.oauth import GoogleOAuth
    from inboxes.providers.graph.oauth import MicrosoftOAuth

Clock = Callable[[], datetime]
API_ISSUERS = {ProviderKind.GMAIL: CredentialKind.GOOGLE, ProviderKind.GRAPH: CredentialKind.MICROSOFT}
IMAP_HOSTS = {CredentialKind.GOOGLE: "imap.gmail.com", CredentialKind.MICROSOFT: "outlook.office365.com"}


def is_offered(kind: CredentialKind) -> bool:
    """Whether a client was registered; without one nobody can sign in there."""
    return bool(settings.GOOGLE_CLIENT_ID if kind == CredentialKind.GOOGLE else settings.MICROSOFT_CLIENT_ID)


def read_scopes(kind: ProviderKind, issuer: CredentialKind, *, shared: bool = False) -> tuple[str, ...]:
    """What has to be granted before mail can be read; `shared`: in a mailbox beside the account's own."""
    match kind, issuer:
        case ProviderKind.GMAIL, _:
            return GMAIL_READ
        case ProviderKind.GRAPH, _:
            return GRAPH_READ_SHARED if shared else GRAPH_READ
        case _, CredentialKind.GOOGLE:
            return GMAIL_IMAP
        case _:
            return OUTLOOK_IMAP


def oauth_client(kind: CredentialKind, *, now: Clock = timezone.now) -> "GoogleOAuth | MicrosoftOAuth":
    """Raises `ClientMisconfigured` where none is registered."""
    if not is_offered(kind):
        raise ClientMisconfigured("client_missing")
    return google(now) if kind == CredentialKind.GOOGLE else microsoft(now)


def google(now: Clock = timezone.now) -> "GoogleOAuth":
    from inboxes.providers.gmail.oauth import GoogleClient, GoogleOAuth  # noqa: PLC0415 - see above

    return GoogleOAuth(
        GoogleClient(
            client_id=settings.GOOGLE_CLIENT_ID,
            client_secret=settings.GOOGLE_CLIENT_SECRET,
            authorize_url=settings.GOOGLE_AUTHORIZE_URL,
            token_url=settings.GOOGLE_TOKEN_URL,
            revoke_url=settings.GOOGLE_REVOKE_URL,
            api_root=settings.GOOGLE_API_ROOT,
        ),
        now=now,
    )


def microsoft(now: Clock = timezone.now) -> "MicrosoftOAuth":
    from inboxes.providers.graph.oauth import MicrosoftClient, MicrosoftOAuth  # noqa: PLC0415 - see above

    return MicrosoftOAuth(
        MicrosoftClient(
            client_id=settings.MICROSOFT_CLIENT_ID,
            client_secret=settings.MICROSOFT_CLIENT_SECRET,
            authority=settings.MICROSOFT_AUTHORITY,
            graph_root=settings.GRAPH_ROOT,
        ),
        now=now,
    )
