"""Every change people make to inboxes. All are audited; a worker that is syncing the inbox meanwhile writes nothing more.

Each action says who may do it and raises PermissionDenied for anybody else, ValidationError for what cannot be.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.actions import record
from inboxes import life
from inboxes.addresses import InvalidAddress, normalise
from inboxes.life import Event
from inboxes.models import (
    Credential,
    CredentialKind,
    Inbox,
    InboxKind,
    InboxStatus,
    LedgerEntry,
    LedgerState,
    MailServer,
    Protocol,
    ProviderKind,
    Security,
)
from inboxes.oauth.clients import API_ISSUERS, IMAP_HOSTS, read_scopes
from inboxes.oauth.grants import Account, Grant
from inboxes.oauth.keeping import is_same_account, keep_grant, keep_password, withdraw_grants
from inboxes.queries import inbox_with_address
from inboxes.signals import sync_wanted
from users.models import User
from users.signals import send_on_commit

IMPATIENCE_HURTS = frozenset({"sign_in_refused", "rate_limited"})
"""Causes that asking the server again makes worse: it locks accounts, or throttles longer."""


@dataclass(frozen=True, slots=True)
class ServerLogin:
    """One mail server, and the name to sign in with."""

    host: str
    port: int
    security: Security
    username: str


@dataclass(frozen=True, slots=True)
class ConnectionDetails:
    """All it takes to connect an IMAP inbox. `smtp` is optional: without it nothing can be sent from the inbox."""

    address: str
    imap: ServerLogin
    password: str = field(repr=False)
    smtp: ServerLogin | None = None


@transaction.atomic
def connect_imap_inbox(*, details: ConnectionDetails, history_since: datetime | None, by: User) -> Inbox:
    """A personal inbox of `by`, not syncing yet: `start` it once its logging is chosen. `history_since` None: all of the past.

    Nothing is tried here; check the servers first (`inboxes.providers.checks`).
    """
    if not by.is_active:
        raise PermissionDenied
    address = _valid_address(details.address)
    _refuse_taken(address)
    inbox = Inbox(owner=by, connected_by=by, kind=InboxKind.PERSONAL, address=address, history_since=history_since)
    _insert(inbox)
    _write_servers(inbox, details.imap, details.smtp)
    Credential.objects.create(inbox=inbox, secret=details.password)
    record(by=by, action="inbox.connected", target=inbox, details={"provider": inbox.provider, "kind": inbox.kind})
    return inbox


@transaction.atomic
def connect_api_inbox(
    *,
    kind: ProviderKind,
    account: Account,
    grant: Grant,
    history_since: datetime | None,
    by: User,
    signed_in_at: CredentialKind | None = None,
    shared_mailbox: str = "",
) -> Inbox:
    """As `connect_imap_inbox`, for a mailbox that was opened by signing in at Google or Microsoft.

    `signed_in_at` is needed for IMAP, which both speak. `shared_mailbox` is the address of a mailbox that the account may read beside
    its own (Microsoft only). Raises ValidationError with the code `scope_missing` when the grant does not allow mail to be read.
    """
    if not by.is_active:
        raise PermissionDenied
    issuer = signed_in_at or API_ISSUERS[kind]
    address = _valid_address(shared_mailbox or account.address)
    _refuse_taken(address)
    _refuse_without_reading(kind, issuer, grant, shared=bool(shared_mailbox))
    inbox = Inbox(
        owner=by,
        connected_by=by,
        kind=InboxKind.PERSONAL,
        provider=kind,
        address=address,
        aliases=[] if shared_mailbox else _own_aliases(account, address),
        history_since=history_since,
    )
    _insert(inbox)
    if kind == ProviderKind.IMAP:
        _write_server(inbox, Protocol.IMAP, ServerLogin(IMAP_HOSTS[issuer], 993, Security.TLS, address))
    keep_grant(inbox=inbox, kind=issuer, account=account, grant=grant, shared=bool(shared_mailbox))
    record(by=by, action="inbox.connected", target=inbox, details={"provider": inbox.provider, "kind": inbox.kind})
    return inbox


@transaction.atomic
def choose_history(*, inbox: Inbox, history_since: datetime | None, by: User) -> None:
    """How far back to read, as long as the inbox is not syncing yet. None: all of the past."""
    inbox = _held(inbox, _owner_only, by)
    _refuse_unless_connecting(inbox)
    inbox.history_since = history_since
    inbox.save(update_fields=["history_since"])
    details = {"since": history_since.isoformat() if history_since else ""}
    record(by=by, action="inbox.history_chosen", target=inbox, details=details)


@transaction.atomic
def set_smtp_server(*, inbox: Inbox, smtp: ServerLogin, by: User) -> None:
    """The server to send by, signed in to with the password the inbox has."""
    inbox = _held(inbox, _owner_only, by)
    _refuse_unless_by_password(inbox)
    _write_server(inbox, Protocol.SMTP, smtp)
    record(by=by, action="inbox.smtp_server_set", target=inbox)


@transaction.atomic
def discard(*, inbox: Inbox, by: User) -> None:
    """Forgets an inbox that was never started: its servers and password too. Nothing was read, so nothing was stored."""
    inbox = _held(inbox, _owner_only, by)
    _refuse_unless_connecting(inbox)
    record(by=by, action="inbox.discarded", target=inbox)
    withdraw_grants(Credential.objects.filter(inbox=inbox))
    inbox.delete()


@transaction.atomic
def start(*, inbox: Inbox, by: User, now: datetime | None = None) -> None:
    """Begins to sync an inbox that was connected."""
    inbox = _held(inbox, _owner_only, by)
    _move(inbox, Event.STARTED, now=now)
    record(by=by, action="inbox.started", target=inbox)
    _want_sync(inbox, now)


@transaction.atomic
def pause(*, inbox: Inbox, by: User, now: datetime | None = None) -> None:
    """Stops reading and logging until `resume`; what arrives meanwhile is read then."""
    inbox = _held(inbox, _may_manage, by)
    _shut_workers_out(inbox)
    _move(inbox, Event.PAUSED, now=now)
    record(by=by, action="inbox.paused", target=inbox)


@transaction.atomic
def resume(*, inbox: Inbox, by: User, now: datetime | None = None) -> None:
    inbox = _held(inbox, _may_manage, by)
    _move(inbox, Event.RESUMED, now=now)
    record(by=by, action="inbox.resumed", target=inbox)
    _want_sync(inbox, now)


@transaction.atomic
def disable(*, inbox: Inbox, by: User, now: datetime | None = None) -> None:
    """Stops everything the inbox does; nothing is deleted. `reconnect` brings it back."""
    inbox = _held(inbox, _may_manage, by)
    _shut_workers_out(inbox)
    _move(inbox, Event.DISABLED, now=now)
    record(by=by, action="inbox.disabled", target=inbox)


@transaction.atomic
def disconnect_who_left(*, person: User, by: User | None, now: datetime | None = None) -> None:
    """Stops the personal inboxes of a deactivated person and forgets their passwords; what was logged stays.

    Does nothing for somebody who is active. Idempotent.
    """
    own = Inbox.objects.filter(owner=person, kind=InboxKind.PERSONAL, owner__is_active=False)
    for inbox in own.exclude(status=InboxStatus.DISABLED).select_for_update(of=("self",)):
        _shut_workers_out(inbox)
        _move(inbox, Event.DISABLED, now=now)
        record(by=by, action="inbox.disabled", target=inbox)
    withdraw_grants(Credential.objects.filter(inbox__in=own))
    Credential.objects.filter(inbox__in=own).delete()


@transaction.atomic
def reconnect(*, inbox: Inbox, details: ConnectionDetails, by: User, now: datetime | None = None) -> None:
    """A new password, and perhaps new servers, for the same address. Goes on from the last good cursors."""
    inbox = _held(inbox, _owner_only, by)
    if _valid_address(details.address) != inbox.address:
        raise ValidationError(
            _("This inbox is %(address)s. To use another address, connect it as an inbox of its own."),
            params={"address": inbox.address},
            code="other_address",
        )
    _refuse_unless_by_password(inbox)
    _shut_workers_out(inbox)
    _write_servers(inbox, details.imap, details.smtp)
    keep_password(inbox=inbox, password=details.password)
    _begin_again(inbox, by, now)


@transaction.atomic
def reconnect_api_inbox(*, inbox: Inbox, account: Account, grant: Grant, by: User, now: datetime | None = None) -> None:
    """A new grant of the same account; for a shared mailbox, of any account that may read it. Goes on from the last good cursors, or
    in the wizard if the inbox was never started.

    Raises ValidationError with the codes `other_account`, `scope_missing`, or `other_provider` for an inbox with a password.
    """
    inbox = _held(inbox, _owner_only, by)
    kind = ProviderKind(inbox.provider)
    credential = Credential.objects.defer("secret").filter(inbox=inbox).exclude(kind=CredentialKind.PASSWORD).first()
    issuer = CredentialKind(credential.kind) if credential else API_ISSUERS.get(kind)
    if issuer is None:
        raise ValidationError(_("This inbox is read with a password. Reconnect it with one."), code="other_provider")
    shared = credential is not None and bool(credential.signed_in_as)
    if not (shared or is_same_account(inbox=inbox, account=account)):
        raise ValidationError(
            _("This inbox is %(address)s, and you signed in as %(other)s. Sign in with the account of this inbox."),
            params={"address": inbox.address, "other": account.address},
            code="other_account",
        )
    _refuse_without_reading(kind, issuer, grant, shared=shared)
    _shut_workers_out(inbox)
    keep_grant(inbox=inbox, kind=issuer, account=account, grant=grant, shared=shared)
    inbox.aliases = [] if shared else _own_aliases(account, inbox.address)
    inbox.save(update_fields=["aliases"])
    if inbox.status != InboxStatus.CONNECTING:
        _begin_again(inbox, by, now)


@transaction.atomic
def sync_now(*, inbox: Inbox, by: User, now: datetime | None = None) -> datetime:
    """Makes the inbox due; returns when it is. That is later where asking the server again at once would do harm."""
    inbox = _held(inbox, _may_manage, by)
    if not inbox.is_syncing:
        raise ValidationError(_("This inbox is not syncing. Resume or reconnect it first."), code="not_syncing")
    record(by=by, action="inbox.sync_requested", target=inbox)
    return _want_sync(inbox, now)


@transaction.atomic
def replay_quarantined(*, inbox: Inbox, by: User, now: datetime | None = None) -> int:
    """Tries every quarantined message again, from the bottom of the ladder; returns how many there are."""
    inbox = _held(inbox, _owner_only, by)
    now = now or timezone.now()
    quarantined = LedgerEntry.objects.filter(inbox=inbox, state=LedgerState.QUARANTINED)
    count = quarantined.update(state=LedgerState.RETRYING, attempts=0, retry_at=now)
    record(by=by, action="inbox.quarantine_replayed", target=inbox, details={"messages": count})
    if inbox.is_syncing:
        _want_sync(inbox, now)
    return count


def _insert(inbox: Inbox) -> None:
    try:
        with transaction.atomic():
            inbox.save(force_insert=True)
    except IntegrityError:
        _refuse_taken(inbox.address)
        raise


def _begin_again(inbox: Inbox, by: User, now: datetime | None) -> None:
    inbox.failures, inbox.refused_at, inbox.retry_at = 0, None, None
    inbox.save(update_fields=["failures", "refused_at", "retry_at"])
    _move(inbox, Event.RECONNECTED, cause=life.RECONNECTING, now=now)
    record(by=by, action="inbox.reconnected", target=inbox)
    _want_sync(inbox, now)


def _refuse_without_reading(kind: ProviderKind, issuer: CredentialKind, grant: Grant, *, shared: bool) -> None:
    """People can untick what is asked for."""
    if grant.missing(read_scopes(kind, issuer, shared=shared)):
        raise ValidationError(
            _("Permission to read mail was not given. Sign in again and leave everything ticked."), code="scope_missing"
        )


def _own_aliases(account: Account, address: str) -> list[str]:
    """Without those that are inboxes of their own: one address is one inbox."""
    others = [alias for alias in account.addresses if alias != address]
    return sorted(set(others) - set(Inbox.objects.filter(address__in=others).values_list("address", flat=True)))


def _held(inbox: Inbox, rule: Callable[[Inbox, User], bool], by: User) -> Inbox:
    """The inbox as it is now, locked until the transaction ends."""
    locked = Inbox.objects.select_for_update(of=("self",)).select_related("owner").get(pk=inbox.pk)
    if not (by.is_active and rule(locked, by)):
        raise PermissionDenied
    return locked


def _owner_only(inbox: Inbox, person: User) -> bool:
    """What touches the credential or the mail itself. For a team inbox: whoever holds account access."""
    return person.has_account_access if inbox.kind == InboxKind.TEAM else person == inbox.owner


def _may_manage(inbox: Inbox, person: User) -> bool:
    return person.is_super_admin or _owner_only(inbox, person)


def _refuse_unless_connecting(inbox: Inbox) -> None:
    if inbox.status != InboxStatus.CONNECTING:
        raise ValidationError(_("This inbox has been started already."), code="started")


def _refuse_unless_by_password(inbox: Inbox) -> None:
    """A grant is no password: no mail server may ever be shown one as if it was."""
    if (
        inbox.provider != ProviderKind.IMAP
        or Credential.objects.exclude(kind=CredentialKind.PASSWORD).filter(inbox=inbox).exists()
    ):
        raise ValidationError(_("This inbox has no password: sign in at its provider instead."), code="no_password")


def _move(inbox: Inbox, event: Event, *, cause: str = "", now: datetime | None) -> None:
    try:
        life.move(inbox, event, cause=cause, now=now or timezone.now(), also=[])
    except life.NotPossibleNow as error:
        raise ValidationError(
            _("This is not possible while the inbox is: %(status)s"),
            params={"status": InboxStatus(inbox.status).label},
            code="not_possible_now",
        ) from error


def _shut_workers_out(inbox: Inbox) -> None:
    """Whoever syncs the inbox now finds its generation gone, and writes nothing more."""
    inbox.generation += 1
    inbox.lease_owner, inbox.lease_expires_at = "", None
    inbox.save(update_fields=["generation", "lease_owner", "lease_expires_at"])


def _want_sync(inbox: Inbox, now: datetime | None) -> datetime:
    now = now or timezone.now()
    pauses = (inbox.no_calls_until, inbox.retry_at if inbox.cause in IMPATIENCE_HURTS else None)
    inbox.next_due_at = max([now, *filter(None, pauses)])
    inbox.save(update_fields=["next_due_at"])
    if inbox.next_due_at <= now:
        send_on_commit(sync_wanted, inbox_id=inbox.pk)
    return inbox.next_due_at


def _valid_address(text: str) -> str:
    try:
        return normalise(text)
    except InvalidAddress:
        raise ValidationError(_("This is not an e-mail address."), code="invalid_address") from None


def _refuse_taken(address: str) -> None:
    """One address is one inbox, as its own address or as an alias of another."""
    if inbox_with_address(address) is not None:
        raise ValidationError(
            _("%(address)s is connected already. An address can be connected once only."),
            params={"address": address},
            code="already_connected",
        )


def _write_servers(inbox: Inbox, imap: ServerLogin, smtp: ServerLogin | None) -> None:
    _write_server(inbox, Protocol.IMAP, imap)
    if smtp is not None:
        _write_server(inbox, Protocol.SMTP, smtp)


def _write_server(inbox: Inbox, protocol: Protocol, server: ServerLogin) -> None:
    MailServer.objects.update_or_create(
        inbox=inbox,
        protocol=protocol,
        defaults={
            "host": server.host.strip().lower(),
            "port": server.port,
            "security": server.security,
            "username": server.username,
        },
    )
