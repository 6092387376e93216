"""Reading the same mailbox through another provider. The inbox stays: its timeline, rules, ledger and un-logs hold as before.

Gmail and Microsoft 365 give way to each other by themselves. Towards and from any other provider the inbox has to be disabled first.
"""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record
from inboxes import change_notices
from inboxes.actions.connecting import own_aliases
from inboxes.actions.holding import held, move, owner_only, shut_workers_out, want_sync
from inboxes.actions.refusing import refuse_part_of_mailbox, refuse_without_reading, valid_address
from inboxes.actions.servers import ConnectionDetails, write_servers
from inboxes.allowed import refuse_connecting
from inboxes.life import Event
from inboxes.models import (
    Credential,
    Folder,
    FolderState,
    Inbox,
    InboxKind,
    InboxStatus,
    LedgerEntry,
    LedgerState,
    MarkedMail,
    ProviderKind,
    SignIn,
)
from inboxes.oauth.clients import API_ISSUERS
from inboxes.oauth.grants import Account, Grant
from inboxes.oauth.keeping import keep_grant, keep_password, withdraw_grants
from inboxes.signals import mailbox_left
from inboxes.trouble import RECONNECTING
from users.models import User

GIVE_WAY = frozenset({ProviderKind.GMAIL, ProviderKind.GRAPH})
"""These end each other's connection by themselves."""


def has_to_be_disabled_first(inbox: Inbox, provider: ProviderKind) -> bool:
    """Whether the old connection has to be ended by a person before the mailbox is read through `provider`."""
    if {ProviderKind(inbox.provider), provider} <= GIVE_WAY:
        return False
    return inbox.status not in (InboxStatus.DISABLED, InboxStatus.CONNECTING)


@transaction.atomic
def switch_to_api(
    *, inbox: Inbox, provider: ProviderKind, account: Account, grant: Grant, by: User, now: datetime | None = None
) -> None:
    """From now on the mailbox is read through Gmail or Microsoft 365, signed in to with `grant`.

    Raises ValidationError with the codes `part_of_mailbox`, `same_provider`, `disconnect_first`, `other_account` or
    `scope_missing`.
    """
    inbox = held(inbox, owner_only, by)
    _refuse_switch(inbox, provider)
    refuse_connecting(by=by, provider=provider, kind=InboxKind(inbox.kind))
    # Google names addresses of other people's mailboxes among an account's own.
    own = account.addresses if provider == ProviderKind.GRAPH else [account.address]
    if inbox.address not in own:
        raise ValidationError(
            _("This inbox is %(address)s, and you signed in as %(other)s. Sign in with the account of this inbox."),
            params={"address": inbox.address, "other": account.address},
            code="other_account",
        )
    refuse_without_reading(provider, API_ISSUERS[provider], grant, shared=False)
    _leave_mailbox(inbox)
    keep_grant(inbox=inbox, kind=API_ISSUERS[provider], account=account, grant=grant, shared=False)
    inbox.aliases = own_aliases(account, inbox.address)
    _enter_mailbox(inbox, provider, by, now)


@transaction.atomic
def switch_to_imap(*, inbox: Inbox, details: ConnectionDetails, by: User, now: datetime | None = None) -> None:
    """From now on the mailbox is read from a mail server, signed in to with a password. Nothing is tried here.

    Raises ValidationError with the codes `part_of_mailbox`, `same_provider`, `disconnect_first` or `other_address`.
    """
    inbox = held(inbox, owner_only, by)
    _refuse_switch(inbox, ProviderKind.IMAP)
    hosts = {"imap_host": details.imap.host, "smtp_host": details.smtp_host}
    refuse_connecting(by=by, provider=ProviderKind.IMAP, kind=InboxKind(inbox.kind), **hosts)
    if valid_address(details.address) != inbox.address:
        raise ValidationError(
            _("This inbox is %(address)s. To use another address, connect it as an inbox of its own."),
            params={"address": inbox.address},
            code="other_address",
        )
    _leave_mailbox(inbox)
    write_servers(inbox, details.imap, details.smtp)
    keep_password(inbox=inbox, password=details.password)
    _enter_mailbox(inbox, ProviderKind.IMAP, by, now)


def _refuse_switch(inbox: Inbox, provider: ProviderKind) -> None:
    refuse_part_of_mailbox(inbox)
    if inbox.provider == provider:
        raise ValidationError(_("This inbox is read through this provider already."), code="same_provider")
    if has_to_be_disabled_first(inbox, provider):
        raise ValidationError(
            _("Disable the inbox first, then connect it through the other provider."), code="disconnect_first"
        )


def _leave_mailbox(inbox: Inbox) -> None:
    """The keys by which the old provider knows messages mean nothing to the new one. What they led to stays: what is logged, what was
    un-logged, and how far each folder was read, in case the inbox comes back.
    """
    shut_workers_out(inbox)
    # Inside the transaction: what the owner marked private there must not become anybody's mail here.
    mailbox_left.send(sender=Inbox, inbox=inbox)
    folders = Folder.objects.filter(inbox=inbox)
    MarkedMail.objects.filter(folder__in=folders).delete()
    # A failed message is met again at the new provider.
    LedgerEntry.objects.filter(inbox=inbox, state__in=(LedgerState.RETRYING, LedgerState.QUARANTINED)).delete()
    folders.update(state=FolderState.RETIRED, marks_cursor="", remaining=0, reconciled_at=None)
    inbox.push_subscriptions.all().delete()
    # Somebody may be on their way to reconnect the old one: their answer must not switch it back.
    SignIn.objects.filter(inbox=inbox, used_at=None).delete()
    inbox.servers.all().delete()
    withdraw_grants(Credential.objects.filter(inbox=inbox))
    Credential.objects.filter(inbox=inbox).delete()


def _enter_mailbox(inbox: Inbox, provider: ProviderKind, by: User, now: datetime | None) -> None:
    """The past is listed once more, headers only: what is stored is recognised, and not fetched again.

    Whoever switches a team inbox does so with access of their own: it is their connection from now on.
    """
    before, inbox.provider, inbox.owner = ProviderKind(inbox.provider), provider, by
    inbox.failures, inbox.refused_at, inbox.retry_at, inbox.no_calls_until = 0, None, None, None
    inbox.backfill_done_at = inbox.reconciled_at = inbox.folders_listed_at = None
    inbox.save(
        update_fields=[
            "provider", "owner", "aliases", "failures", "refused_at", "retry_at", "no_calls_until",
            "backfill_done_at", "reconciled_at", "folders_listed_at",
        ]
    )  # fmt: skip
    event = record(
        by=by, action="inbox.provider_switched", target=inbox, details={"from": before.value, "to": provider.value}
    )
    if inbox.status == InboxStatus.CONNECTING:
        return
    move(inbox, Event.RECONNECTED, by=by, cause=RECONNECTING, now=now)
    change_notices.tell_of_switch(inbox, before=before, episode=event.pk)
    want_sync(inbox, now)
