"""Connecting an inbox, up to the moment it starts."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from audit.actions import record
from inboxes.actions.holding import held, owner_only
from inboxes.actions.refusing import (
    refuse_alias_of_person,
    refuse_taken,
    refuse_unless_by_password,
    refuse_unless_connecting,
    refuse_without_reading,
    valid_address,
)
from inboxes.actions.servers import ConnectionDetails, ServerLogin, write_server, write_servers
from inboxes.allowed import refuse_connecting, refuse_host
from inboxes.models import Credential, CredentialKind, Inbox, InboxKind, InboxMember, Protocol, ProviderKind, Security
from inboxes.oauth.clients import API_ISSUERS, IMAP_HOSTS
from inboxes.oauth.grants import Account, Grant
from inboxes.oauth.keeping import keep_grant
from users.models import User


@transaction.atomic
def connect_imap_inbox(
    *,
    details: ConnectionDetails,
    history_since: datetime | None,
    by: User,
    inbox_kind: InboxKind = InboxKind.PERSONAL,
) -> Inbox:
    """A personal inbox of `by`, or a team's with `by` as its first member; not syncing yet: `start` it once its logging is chosen.

    `history_since` None: all of the past. A team inbox needs account access. Nothing is tried here; check the servers first
    (`inboxes.providers.checks`).
    """
    inbox = _new_inbox(inbox_kind, details.address, by)
    hosts = {"imap_host": details.imap.host, "smtp_host": details.smtp_host}
    refuse_connecting(by=by, provider=ProviderKind.IMAP, kind=inbox_kind, **hosts)
    inbox.history_since = history_since
    _insert(inbox)
    write_servers(inbox, details.imap, details.smtp)
    Credential.objects.create(inbox=inbox, secret=details.password)
    _connected(inbox, by)
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
    inbox_kind: InboxKind = InboxKind.PERSONAL,
) -> Inbox:
    """As `connect_imap_inbox`, for a mailbox that was opened by signing in at Google or Microsoft.

    `signed_in_at` is needed for IMAP, which both speak. `shared_mailbox` is the address of a mailbox that the account may read beside
    its own (Microsoft), or of an alias or group whose mail arrives in its own (Google, for teams). Raises ValidationError, with the code
    `scope_missing` when the grant does not allow mail to be read.
    """
    issuer = signed_in_at or API_ISSUERS[kind]
    refuse_alias_of_person(kind, inbox_kind, shared_mailbox)
    if shared_mailbox and kind == ProviderKind.GMAIL:
        _take_from_account(valid_address(shared_mailbox), account, by)
    inbox = _new_inbox(inbox_kind, shared_mailbox or account.address, by)
    imap_host = IMAP_HOSTS[issuer] if kind == ProviderKind.IMAP else ""
    refuse_connecting(by=by, provider=kind, kind=inbox_kind, imap_host=imap_host)
    refuse_without_reading(kind, issuer, grant, shared=bool(shared_mailbox))
    inbox.provider, inbox.history_since = kind, history_since
    inbox.aliases = [] if shared_mailbox else own_aliases(account, inbox.address)
    _insert(inbox)
    if kind == ProviderKind.IMAP:
        write_server(inbox, Protocol.IMAP, ServerLogin(IMAP_HOSTS[issuer], 993, Security.TLS, inbox.address))
    keep_grant(inbox=inbox, kind=issuer, account=account, grant=grant, shared=bool(shared_mailbox))
    _connected(inbox, by)
    return inbox


@transaction.atomic
def choose_history(*, inbox: Inbox, history_since: datetime | None, by: User) -> None:
    """How far back to read, as long as the inbox is not syncing yet. None: all of the past."""
    inbox = held(inbox, owner_only, by)
    refuse_unless_connecting(inbox)
    inbox.history_since = history_since
    inbox.save(update_fields=["history_since"])
    details = {"since": history_since.isoformat() if history_since else ""}
    record(by=by, action="inbox.history_chosen", target=inbox, details=details)


@transaction.atomic
def set_smtp_server(*, inbox: Inbox, smtp: ServerLogin, by: User) -> None:
    """The server to send by, signed in to with the password the inbox has. Raises ValidationError if the server is not allowed."""
    inbox = held(inbox, owner_only, by)
    refuse_unless_by_password(inbox)
    refuse_host(smtp.host)
    write_server(inbox, Protocol.SMTP, smtp)
    record(by=by, action="inbox.smtp_server_set", target=inbox)


def _take_from_account(address: str, account: Account, by: User) -> None:
    """Where the account's own mailbox is an inbox, its alias becomes one beside it."""
    holding = Inbox.objects.filter(credential__kind=CredentialKind.GOOGLE, credential__account_id=account.id)
    for other in holding.filter(aliases__contains=[address]).select_for_update(of=("self",)):
        other.aliases = [alias for alias in other.aliases if alias != address]
        other.save(update_fields=["aliases"])
        record(by=by, action="inbox.aliases_set", target=other, details={"aliases": len(other.aliases)})


def own_aliases(account: Account, address: str) -> list[str]:
    """Without those that are inboxes of their own: one address is one inbox."""
    others = [alias for alias in account.addresses if alias != address]
    return sorted(set(others) - set(Inbox.objects.filter(address__in=others).values_list("address", flat=True)))


def _new_inbox(kind: InboxKind, address: str, by: User) -> Inbox:
    """Not saved. Until it gets a better one, a team inbox is named after what stands before the @."""
    is_team = kind is InboxKind.TEAM
    if not (by.has_account_access if is_team else by.is_active):
        raise PermissionDenied
    address = valid_address(address)
    refuse_taken(address)
    name = address.partition("@")[0].capitalize()[:120] if is_team else ""
    return Inbox(owner=by, connected_by=by, kind=kind, address=address, name=name)


def _connected(inbox: Inbox, by: User) -> None:
    """Whoever connects a team inbox is a member of it unless they choose otherwise before it starts."""
    if inbox.kind == InboxKind.TEAM:
        InboxMember.objects.create(inbox=inbox, person=by)
    record(by=by, action="inbox.connected", target=inbox, details={"provider": inbox.provider, "kind": inbox.kind})


def _insert(inbox: Inbox) -> None:
    try:
        with transaction.atomic():
            inbox.save(force_insert=True)
    except IntegrityError:
        refuse_taken(inbox.address)
        raise
