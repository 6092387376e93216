"""Giving an inbox a new password or a new grant."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record
from inboxes.actions.connecting import own_aliases
from inboxes.actions.holding import held, move, owner_only, shut_workers_out, want_sync
from inboxes.actions.refusing import refuse_unless_by_password, refuse_without_reading, valid_address
from inboxes.actions.servers import ConnectionDetails, write_servers
from inboxes.allowed import refuse_reconnecting
from inboxes.life import Event
from inboxes.models import (
    Credential,
    CredentialKind,
    Inbox,
    InboxStatus,
    ProviderKind,
)
from inboxes.oauth.accesses import alias_account, may_be_shared
from inboxes.oauth.clients import API_ISSUERS
from inboxes.oauth.grants import Account, Grant
from inboxes.oauth.keeping import is_same_account, keep_grant, keep_password
from inboxes.trouble import RECONNECTING
from users.models import User


@transaction.atomic
def reconnect(*, inbox: Inbox, details: ConnectionDetails, by: User, now: datetime | None = None) -> None:
    """A new password, and perhaps new servers, for the same address. Goes on from the last good cursors."""
    inbox = held(inbox, owner_only, by)
    if valid_address(details.address) != inbox.address:
        raise ValidationError(
            _("This inbox is %(address)s. To use another address, connect it as an inbox of its own."),
            params={"address": inbox.address},
            code="other_address",
        )
    refuse_unless_by_password(inbox)
    refuse_reconnecting(inbox, imap_host=details.imap.host, smtp_host=details.smtp_host)
    shut_workers_out(inbox)
    write_servers(inbox, details.imap, details.smtp)
    keep_password(inbox=inbox, password=details.password)
    _begin_again(inbox, by, now)


@transaction.atomic
def reconnect_api_inbox(*, inbox: Inbox, account: Account, grant: Grant, by: User, now: datetime | None = None) -> None:
    """A new grant of the same account; for a mailbox shared at Microsoft, of any account that may read it. Goes on from the last good
    cursors, or in the wizard if the inbox was never started. Whether that account can open the shared mailbox is found out before.

    Raises ValidationError with the codes `other_account`, `other_account_of_alias`, `scope_missing`, or `other_provider` for an inbox
    with a password.
    """
    inbox = held(inbox, owner_only, by)
    kind = ProviderKind(inbox.provider)
    credential = Credential.objects.defer("secret").filter(inbox=inbox).exclude(kind=CredentialKind.PASSWORD).first()
    issuer = CredentialKind(credential.kind) if credential else API_ISSUERS.get(kind)
    if issuer is None:
        raise ValidationError(_("This inbox is read with a password. Reconnect it with one."), code="other_provider")
    is_same = is_same_account(inbox=inbox, account=account)
    alias = alias_account(inbox)
    shared = bool(alias or (credential.signed_in_as if credential else may_be_shared(inbox) and not is_same))
    if alias and not is_same:
        raise ValidationError(
            _("The mail of %(address)s is read through another account. Sign in with that one: %(other)s."),
            params={"address": inbox.address, "other": alias},
            code="other_account_of_alias",
        )
    if not (shared or is_same):
        raise ValidationError(
            _("This inbox is %(address)s, and you signed in as %(other)s. Sign in with the account of this inbox."),
            params={"address": inbox.address, "other": account.address},
            code="other_account",
        )
    refuse_without_reading(kind, issuer, grant, shared=shared)
    refuse_reconnecting(inbox)
    shut_workers_out(inbox)
    keep_grant(inbox=inbox, kind=issuer, account=account, grant=grant, shared=shared)
    # Also of a team inbox that a colleague began to connect: whose access it is, is named when they leave.
    inbox.owner = by
    if kind != ProviderKind.IMAP:  # there people enter them
        inbox.aliases = [] if shared else own_aliases(account, inbox.address)
    inbox.save(update_fields=["owner", "aliases"])
    if inbox.status != InboxStatus.CONNECTING:
        _begin_again(inbox, by, now)


def _begin_again(inbox: Inbox, by: User, now: datetime | None) -> None:
    """Whoever reconnects a team inbox does so with access of their own: it is their connection from now on."""
    inbox.failures, inbox.refused_at, inbox.retry_at, inbox.owner = 0, None, None, by
    inbox.save(update_fields=["failures", "refused_at", "retry_at", "owner"])
    move(inbox, Event.RECONNECTED, by=by, cause=RECONNECTING, now=now)
    record(by=by, action="inbox.reconnected", target=inbox)
    want_sync(inbox, now)
