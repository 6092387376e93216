"""Which access is asked for at Google and Microsoft, in words that a person can decide by."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inboxes.models import AccessPlace, Credential, CredentialKind, Inbox, InboxKind, ProviderKind
from inboxes.oauth import scopes
from inboxes.oauth.clients import API_ISSUERS
from inboxes.oauth.grants import Grant


@dataclass(frozen=True, slots=True)
class Access:
    """One thing that is asked for. `called` is how the provider's own page calls it, where people can untick it there."""

    scope: str
    what: Promise
    why: Promise
    called: Promise | str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """All that is asked for to read a mailbox one way."""

    kind: CredentialKind
    provider: ProviderKind
    accesses: tuple[Access, ...]

    @property
    def scopes(self) -> tuple[str, ...]:
        return tuple(access.scope for access in self.accesses)

    def missing(self, grant: Grant) -> list[Access]:
        not_granted = set(grant.missing(self.scopes))
        return [access for access in self.accesses if access.scope in not_granted]


_GMAIL = Access(
    scopes.GMAIL_READ[0],
    _("Read your e-mails, their labels and the addresses you send from"),
    _("To find e-mails with your contacts, and to tell which were written by you."),
    _("View your email messages and settings"),
)
_GMAIL_OF_ALIAS = replace(
    _GMAIL,
    why=_(
        "Google knows no smaller access. Of your mailbox we show and keep the mail of the address you have named, no other."
    ),
)
_PROFILE = Access(
    scopes.GRAPH_READ[0],
    _("See your name and your addresses"),
    _("To tell whose mailbox it is, and which e-mails are yours."),
)
_MAIL = Access(
    scopes.GRAPH_READ[1],
    _("Read your e-mails, folders and categories"),
    _("To find e-mails with your contacts, also while you are not here."),
)
_SHARED = Access(
    scopes.GRAPH_READ_SHARED[-1],
    _("Read e-mails in mailboxes that are shared with you"),
    _("To read the one you have named. We open no other."),
)
_IMAP_WHY = _("IMAP knows no smaller access. We only read; nothing in the mailbox is changed.")
_ALL_OF_GMAIL = Access(scopes.GMAIL_IMAP[0], _("All access to your Gmail mailbox"), _IMAP_WHY)
_ALL_OF_OUTLOOK = Access(scopes.OUTLOOK_IMAP[0], _("All access to your mailbox by IMAP"), _IMAP_WHY)

_ASKED = (
    Asked(CredentialKind.GOOGLE, ProviderKind.GMAIL, (_GMAIL,)),
    Asked(CredentialKind.GOOGLE, ProviderKind.IMAP, (_ALL_OF_GMAIL,)),
    Asked(CredentialKind.MICROSOFT, ProviderKind.GRAPH, (_PROFILE, _MAIL)),
    Asked(CredentialKind.MICROSOFT, ProviderKind.IMAP, (_ALL_OF_OUTLOOK,)),
)
_BY_WAY: Mapping[tuple[str, str], Asked] = {(asked.kind, asked.provider): asked for asked in _ASKED}
API_OF: Mapping[CredentialKind, ProviderKind] = {issuer: provider for provider, issuer in API_ISSUERS.items()}


def asked_for(kind: CredentialKind, provider: ProviderKind, *, shared: bool = False) -> Asked:
    """`shared`: for a mailbox beside the account's own, or at Google for one more address in it."""
    asked = _BY_WAY[kind, provider]
    if not shared:
        return asked
    accesses = (_GMAIL_OF_ALIAS,) if provider == ProviderKind.GMAIL else (*asked.accesses, _SHARED)
    return replace(asked, accesses=accesses)


@dataclass(frozen=True, slots=True)
class Given:
    """The access that an inbox has: at whom, as whom, what for, and where its owner takes it back. `ends_at` as in `Credential`."""

    kind: CredentialKind
    account: str
    accesses: tuple[Access, ...]
    url: str
    ends_at: datetime | None


URLS = {
    AccessPlace.GOOGLE: "https://myaccount.google.com/connections",
    AccessPlace.MICROSOFT: "https://myapps.microsoft.com",
    AccessPlace.OUTLOOK: "https://account.live.com/consent/Manage",
}
_PERSONAL_ACCOUNTS = "9188040d-6c67-4c5b-b112-36a304b66dad."
"""How the ids of Outlook.com accounts begin: the tenant that they all are in."""


def may_be_shared(inbox: Inbox) -> bool:
    """Whether an inbox whose credential is gone may have been a mailbox beside the account's own: a team's whose owner has left."""
    return inbox.kind == InboxKind.TEAM and inbox.provider == ProviderKind.GRAPH


def alias_account(inbox: Inbox) -> str:
    """The Google account in which the mail of a team's alias or group address arrives, as far as we were ever told; "" for any other
    inbox. Known also once the access was given back, when its owner has left."""
    if inbox.provider != ProviderKind.GMAIL or inbox.kind != InboxKind.TEAM:
        return ""
    credentials = Credential.objects.filter(inbox=inbox).values_list("signed_in_as", flat=True)
    given_back = inbox.revocations.filter(place=AccessPlace.GOOGLE).order_by("-pk").values_list("account", flat=True)
    account = next(iter(credentials), None)
    if account is None:
        account = given_back.first() or ""
    return account if account != inbox.address else ""


def given_to(inbox: Inbox) -> Given | None:
    """None for an inbox that is entered with a password. One query."""
    credential = Credential.objects.filter(inbox=inbox).exclude(kind=CredentialKind.PASSWORD).defer("secret").first()
    if credential is None:
        return None
    kind = CredentialKind(credential.kind)
    accesses = asked_for(kind, ProviderKind(inbox.provider), shared=bool(credential.signed_in_as)).accesses
    return Given(
        kind, credential.signed_in_as or inbox.address, accesses, URLS[place_of(credential)], credential.expires_at
    )


def place_of(credential: Credential) -> AccessPlace:
    """Where its owner takes the access back."""
    match credential.kind:
        case CredentialKind.PASSWORD:
            return AccessPlace.SERVER
        case CredentialKind.GOOGLE:
            return AccessPlace.GOOGLE
    is_personal = credential.account_id.startswith(_PERSONAL_ACCOUNTS)
    return AccessPlace.OUTLOOK if is_personal else AccessPlace.MICROSOFT
