"""Signing in at Google or Microsoft, to connect an inbox or to reconnect one: sent there, come back, and what came of it.

What the browser carries in between is a random state and nothing else. It is good once, for ten minutes, for the person who began, in
the session in which they began, at the provider they were sent to.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode, urlsplit

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from inboxes import actions
from inboxes.addresses import is_same_mailbox
from inboxes.allowed import refuse_connecting, refuse_reconnecting
from inboxes.causes import CAUSES, Cause, cause_of
from inboxes.first_look import finds_mailbox
from inboxes.models import CredentialKind, Inbox, InboxKind, InboxStatus, ProviderKind, SignIn
from inboxes.oauth.accesses import API_OF, Asked, alias_account, asked_for, given_to, may_be_shared
from inboxes.oauth.actions import remember_sign_in, use_sign_in
from inboxes.oauth.clients import API_ISSUERS, IMAP_HOSTS, oauth_client
from inboxes.oauth.grants import Account, Grant, SignInRefused
from inboxes.oauth.keeping import give_back_soon, is_same_account
from inboxes.providers.base import ProviderError
from inboxes.queries import inbox_with_address
from users.models import User

logger = structlog.get_logger(__name__)

USUAL_HISTORY = timedelta(days=90)
"""How far back is read unless the person chooses something else in the next step."""

ADMIN_STATE = "admin-consent"
"""Of an administrator's answer, which may come from anybody anywhere and changes nothing here."""

_support_code = re.compile(r"AADSTS\d+|(?<=Correlation ID: )[0-9a-f-]{36}", re.IGNORECASE).findall


class Way(StrEnum):
    """How a mailbox is connected: the account's own by the provider's API, which is the usual way, or by IMAP, or one beside its own.

    At Google the latter is the mail of one more address, an alias or a group, in the account's own mailbox.
    """

    API = ""
    IMAP = "imap"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class Errand:
    """What somebody signs in for. `address` is the mailbox they named, "" for whichever they choose there; with `shared` it is one
    beside their own. `hint` is the account that is expected. `inbox_kind` is what the mailbox becomes.
    """

    kind: CredentialKind
    provider: ProviderKind
    address: str = ""
    shared: bool = False
    inbox: Inbox | None = None
    hint: str = ""
    inbox_kind: InboxKind = InboxKind.PERSONAL

    @property
    def asked(self) -> Asked:
        return asked_for(self.kind, self.provider, shared=self.shared)

    @property
    def is_alias(self) -> bool:
        return self.shared and self.provider == ProviderKind.GMAIL

    @classmethod
    def to_connect(
        cls, kind: CredentialKind, way: Way, address: str = "", inbox_kind: InboxKind = InboxKind.PERSONAL
    ) -> "Errand":
        provider = ProviderKind.IMAP if way is Way.IMAP else API_OF[kind]
        shared = way is Way.SHARED
        return cls(kind, provider, address, shared, hint="" if shared else address, inbox_kind=inbox_kind)

    @classmethod
    def to_switch(cls, inbox: Inbox, kind: CredentialKind) -> "Errand":
        """`inbox` is read through another provider so far."""
        inbox_kind = InboxKind(inbox.kind)
        return cls(kind, API_OF[kind], inbox.address, inbox=inbox, hint=inbox.address, inbox_kind=inbox_kind)

    @property
    def is_switch(self) -> bool:
        return self.inbox is not None and self.inbox.provider != self.provider

    @classmethod
    def to_reconnect(cls, inbox: Inbox) -> "Errand":
        """`inbox` was connected by signing in before."""
        given = given_to(inbox)
        account = given.account if given else alias_account(inbox) or inbox.address
        shared = account != inbox.address or (given is None and may_be_shared(inbox))
        return cls(
            kind_of(inbox), ProviderKind(inbox.provider), inbox.address, shared, inbox, account, InboxKind(inbox.kind)
        )


@dataclass(frozen=True, slots=True)
class Stop:
    """Why no inbox came of a sign-in, as JSON can hold it: for the person who signed in, until their next try.

    `address` was wanted and `account` signed in; `connected` is the code of an inbox of their own that is in the way. `missing` are
    the scopes that were not granted, `support` the provider's own codes for the case.
    """

    cause: str
    kind: str
    provider: str
    address: str = ""
    shared: bool = False
    account: str = ""
    inbox: str = ""
    connected: str = ""
    missing: tuple[str, ...] = ()
    support: tuple[str, ...] = ()
    inbox_kind: str = InboxKind.PERSONAL.value

    @property
    def way(self) -> Way:
        if self.shared:
            return Way.SHARED
        return Way.IMAP if self.provider == ProviderKind.IMAP else Way.API

    def kept(self) -> dict[str, Any]:
        return asdict(self)


class SignInStopped(Exception):
    """A sign-in that no inbox came of."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(stop.cause)
        self.stop = stop


@dataclass(frozen=True, slots=True)
class Opened:
    """The inbox that a sign-in has opened, for the first time or once more."""

    inbox: Inbox
    is_new: bool
    is_switched: bool = False


def kind_of(inbox: Inbox) -> CredentialKind:
    """At whom its owner signs in; `PASSWORD` for one that is entered with a password. Knows it also once the credential is gone."""
    if inbox.provider in API_ISSUERS:
        return API_ISSUERS[ProviderKind(inbox.provider)]
    given = given_to(inbox)
    return given.kind if given else CredentialKind.PASSWORD


def begin(errand: Errand, *, by: User, session_key: str, now: datetime | None = None) -> str:
    """Where to send the person.

    Raises `ProviderError`, `SignInStopped` for what the workspace does not allow, PermissionDenied for a team inbox without account
    access.
    """
    if errand.inbox_kind is InboxKind.TEAM and not by.has_account_access:
        raise PermissionDenied
    _refuse_not_allowed(errand, by)
    state = secrets.token_urlsafe(32)
    beginning = oauth_client(errand.kind).begin(
        redirect_uri=redirect_uri(errand.kind), state=state, scopes=errand.asked.scopes, login_hint=errand.hint
    )
    remember_sign_in(
        kind=errand.kind,
        provider=errand.provider,
        state=state,
        session_key=session_key,
        kept=beginning.kept,
        address=errand.address,
        shared=errand.shared,
        inbox_kind=errand.inbox_kind,
        inbox=errand.inbox,
        by=by,
        now=now or timezone.now(),
    )
    return beginning.url


def finish(
    kind: CredentialKind, answer: Mapping[str, str], *, by: User, session_key: str, now: datetime | None = None
) -> Opened:
    """The inbox that the sign-in was for. Asks the provider, so never call it inside a transaction. Raises `SignInStopped`."""
    now = now or timezone.now()
    try:
        sign_in, kept = use_sign_in(kind=kind, state=answer.get("state", ""), session_key=session_key, by=by, now=now)
    except SignInRefused as refusal:
        raise SignInStopped(Stop(refusal.cause, kind, API_OF[kind])) from None
    errand = _errand_of(sign_in)
    if errand.inbox_kind is InboxKind.TEAM and not by.has_account_access:
        raise stopped(errand, "account_access_needed")
    _refuse_not_allowed(errand, by)
    try:
        grant, account = _granted(errand, kept, answer)
        return _open(errand, grant, account, by=by, now=now)
    except ProviderError as error:
        logger.info("sign_in_stopped", cause=error.cause, kind=kind, sign_in_id=sign_in.pk)
        raise stopped(errand, error.cause, support=tuple(_support_code(error.detail))) from None


def refused(errand: Errand, by: User) -> Cause | None:
    """Why the workspace would not let the person go."""
    try:
        _refuse_not_allowed(errand, by)
    except SignInStopped as refusal:
        return cause_of(refusal.stop.cause)
    return None


def _refuse_not_allowed(errand: Errand, by: User) -> None:
    """By the rules of the workspace: before the person is sent away, and once more when they are back."""
    host = IMAP_HOSTS[errand.kind] if errand.provider == ProviderKind.IMAP else ""
    try:
        if errand.inbox is not None and not errand.is_switch:
            refuse_reconnecting(errand.inbox)
        else:
            refuse_connecting(by=by, provider=errand.provider, kind=errand.inbox_kind, imap_host=host)
    except ValidationError as refusal:
        raise stopped(errand, str(refusal.code)) from None


def _errand_of(sign_in: SignIn) -> Errand:
    """What the person was sent there for, as we noted it: nothing that came back with them says so."""
    return Errand(
        kind=CredentialKind(sign_in.kind),
        provider=ProviderKind(sign_in.provider),
        address=sign_in.address,
        shared=sign_in.shared,
        inbox=sign_in.inbox,
        inbox_kind=InboxKind(sign_in.inbox_kind),
    )


def stopped(errand: Errand, cause: str, **more: Any) -> SignInStopped:
    inbox = str(errand.inbox.code) if errand.inbox else ""
    about = {"inbox": inbox, "inbox_kind": errand.inbox_kind.value, **more}
    return SignInStopped(Stop(cause, errand.kind, errand.provider, errand.address, errand.shared, **about))


def _granted(errand: Errand, kept: Mapping[str, Any], answer: Mapping[str, str]) -> tuple[Grant, Account]:
    client = oauth_client(errand.kind)
    grant = client.finish(kept=kept, answer=answer)
    if missing := errand.asked.missing(grant):
        raise stopped(errand, "scope_missing", missing=tuple(access.scope for access in missing))
    account = client.account(grant) if errand.provider != ProviderKind.IMAP else _named(errand, grant)
    wanted = errand.address if errand.shared else ""
    try:
        _refuse_other_account(errand, account)
        if not finds_mailbox(errand.provider, errand.kind, grant, account, shared_mailbox=wanted):
            raise stopped(errand, "address_not_found", account=account.address)
    except SignInStopped:
        give_back_soon(kind=errand.kind, account=account, grant=grant)
        raise
    return grant, account


def _refuse_other_account(errand: Errand, account: Account) -> None:
    """An alias is as good as the address at Microsoft; Google lists other people's addresses among them."""
    if errand.is_alias and errand.inbox is not None and not is_same_account(inbox=errand.inbox, account=account):
        raise stopped(errand, "other_account_of_alias", account=account.address)
    if errand.is_alias and is_same_mailbox(errand.address, account.address):
        raise stopped(errand, "account_is_no_alias", account=account.address)
    if errand.shared or not errand.address:
        return
    if errand.inbox is not None and not errand.is_switch:
        if not is_same_account(inbox=errand.inbox, account=account):
            raise stopped(errand, "other_account", account=account.address)
        return
    own = [account.address] if errand.kind == CredentialKind.GOOGLE else account.addresses
    if not any(is_same_mailbox(errand.address, address) for address in own):
        cause = "other_account" if errand.is_switch else "other_account_than_typed"
        raise stopped(errand, cause, account=account.address)


def _named(errand: Errand, grant: Grant) -> Account:
    """Where the API is closed it cannot be asked whose the mailbox is; the IMAP server lets nobody else in than its owner."""
    return Account(id=grant.account_id or errand.address, address=errand.address)


def _open(errand: Errand, grant: Grant, account: Account, *, by: User, now: datetime) -> Opened:
    """A grant that opens nothing is given back soon."""
    try:
        return _opened(errand, grant, account, by=by, now=now)
    except (SignInStopped, PermissionDenied, Inbox.DoesNotExist) as refusal:
        give_back_soon(kind=errand.kind, account=account, grant=grant)
        raise stopped(errand, "inbox_gone") if isinstance(refusal, Inbox.DoesNotExist) else refusal from None


def _opened(errand: Errand, grant: Grant, account: Account, *, by: User, now: datetime) -> Opened:
    if errand.inbox is not None:
        return _reopened(errand, errand.inbox, grant, account, by=by, now=now)
    address = errand.address if errand.shared else account.address
    if (known := _left_half_way(address, errand, by) or _read_elsewhere(address, errand, by)) is not None:
        return _reopened(errand, known, grant, account, by=by, now=now)
    try:
        inbox = actions.connect_api_inbox(
            kind=errand.provider,
            account=account,
            grant=grant,
            history_since=now - USUAL_HISTORY,
            by=by,
            signed_in_at=errand.kind,
            shared_mailbox=errand.address if errand.shared else "",
            inbox_kind=errand.inbox_kind,
        )
    except ValidationError as refusal:
        if refusal.code != "already_connected":
            raise stopped(errand, str(refusal.code), account=account.address) from None
        raise _in_the_way(errand, address, account, by) from None
    return Opened(inbox, is_new=True)


def _left_half_way(address: str, errand: Errand, by: User) -> Inbox | None:
    """An inbox that was connected the same way and never started: signing in once more is a way to go on with it."""
    own = Inbox.objects.decided_by(by).filter(status=InboxStatus.CONNECTING, provider=errand.provider)
    return own.filter(kind=errand.inbox_kind, address=address, credential__kind=errand.kind).first()


def _read_elsewhere(address: str, errand: Errand, by: User) -> Inbox | None:
    """An inbox of theirs with this address that another provider's API reads: signing in here ends that connection."""
    if errand.provider == ProviderKind.IMAP or errand.shared:
        return None
    others = Inbox.objects.decided_by(by).exclude(provider=errand.provider)
    return others.filter(address=address).first()


def _reopened(errand: Errand, inbox: Inbox, grant: Grant, account: Account, *, by: User, now: datetime) -> Opened:
    """Through the same provider, or through another from now on."""
    is_switched = inbox.provider != errand.provider
    try:
        if is_switched:
            actions.switch_to_api(inbox=inbox, provider=errand.provider, account=account, grant=grant, by=by, now=now)
        else:
            actions.reconnect_api_inbox(inbox=inbox, account=account, grant=grant, by=by, now=now)
    except ValidationError as refusal:
        cause = str(refusal.code) if refusal.code in CAUSES else "not_possible_now"
        connected = str(inbox.code) if refusal.code == "disconnect_first" else ""
        raise stopped(errand, cause, account=account.address, connected=connected) from None
    return Opened(inbox, is_new=inbox.status == InboxStatus.CONNECTING, is_switched=is_switched)


def _in_the_way(errand: Errand, address: str, account: Account, by: User) -> SignInStopped:
    """Of an inbox that is not theirs, a person learns of what kind it is and nothing more."""
    other = inbox_with_address(address)
    if other is not None and Inbox.objects.decided_by(by).filter(pk=other.pk).exists():
        return stopped(errand, "connected_by_you", account=account.address, connected=str(other.code))
    is_team = other is not None and other.kind == InboxKind.TEAM
    return stopped(errand, "connected_as_team" if is_team else "connected_by_colleague", account=account.address)


def redirect_uri(kind: CredentialKind) -> str:
    """Where the provider sends people back to; it has to be registered there letter by letter."""
    return f"{settings.BASE_URL}{reverse('inboxes:oauth-callback', args=[kind.value])}"


def page_host(kind: CredentialKind) -> str:
    """Where the forms that begin a sign-in lead, for the Content-Security-Policy."""
    pages = {
        CredentialKind.GOOGLE: settings.GOOGLE_AUTHORIZE_URL,
        CredentialKind.MICROSOFT: settings.MICROSOFT_AUTHORITY,
    }
    page = urlsplit(pages[kind])
    return f"{page.scheme}://{page.netloc}"


def admin_consent_url() -> str:
    """Where an administrator of a Microsoft 365 organisation allows everybody there to connect their mailbox for reading."""
    # Personal accounts have no administrators, so the page knows no common address for both.
    authority = re.sub(r"/common$", "/organizations", settings.MICROSOFT_AUTHORITY)
    parameters = {
        "client_id": settings.MICROSOFT_CLIENT_ID,
        "scope": " ".join(
            f"https://graph.microsoft.com/{scope}"
            for scope in asked_for(CredentialKind.MICROSOFT, ProviderKind.GRAPH).scopes
        ),
        "redirect_uri": redirect_uri(CredentialKind.MICROSOFT),
        "state": ADMIN_STATE,
    }
    return f"{authority}/v2.0/adminconsent?{urlencode(parameters)}"
