"""`manage.py inbox connect-google|connect-microsoft`: connecting a mailbox with access that was given elsewhere."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable

from django.core.management.base import CommandError
from django.utils import timezone

from inboxes import actions
from inboxes.addresses import is_same_mailbox
from inboxes.allowed import refuse_connecting
from inboxes.causes import cause_of
from inboxes.first_look import finds_mailbox
from inboxes.models import CredentialKind, Inbox
from inboxes.oauth.accesses import API_OF, asked_for
from inboxes.oauth.clients import is_offered, oauth_client
from inboxes.oauth.grants import Account, Grant
from inboxes.providers.base import ProviderError
from logging_rules.actions import set_inbox_policy
from logging_rules.facts import Preset
from logging_rules.management.inbox_members import add_team_arguments, choose_team, chosen_preset, kind_of_options
from users.commands import days_ago, number_of_days
from users.models import User


def add_granted_arguments(parser: ArgumentParser, kind: CredentialKind) -> None:
    parser.add_argument("address")
    parser.add_argument("--owner", required=True, help="the e-mail address the owner signs in with")
    parser.add_argument("--preset", choices=list(Preset), help="without it: replies, and of a team all known contacts")
    parser.add_argument(
        "--since", type=number_of_days, metavar="DAYS", help="how far back to read; without it, all of it"
    )
    parser.add_argument("--now", action="store_true", help="sync at once, in this process")
    add_team_arguments(parser)
    shared = {
        CredentialKind.MICROSOFT: "the mailbox is shared with the account that signed in",
        CredentialKind.GOOGLE: "an alias or group whose mail arrives in the account that signed in; only with --team",
    }
    parser.add_argument("--shared", action="store_true", help=shared[kind])


def connect_granted(
    kind: CredentialKind, options: Namespace, secret: str, owner: User, members: Iterable[User]
) -> Inbox:
    """`secret` is a refresh token, or a grant as JSON. It is tried before anything is kept."""
    if not is_offered(kind):
        raise CommandError(f"{kind.value.upper()}_CLIENT_ID is not set.")
    address, inbox_kind = options.address.strip().lower(), kind_of_options(options)
    refuse_connecting(by=owner, provider=API_OF[kind], kind=inbox_kind)
    grant, account = _opened(kind, secret, shared=options.shared)
    if not options.shared and not any(is_same_mailbox(address, each) for each in account.addresses):
        raise CommandError(f"This access opens {account.address}, not {address}.")
    _look(kind, grant, account, shared_mailbox=address if options.shared else "")
    inbox = actions.connect_api_inbox(
        kind=API_OF[kind],
        account=account,
        grant=grant,
        history_since=days_ago(options.since),
        by=owner,
        shared_mailbox=address if options.shared else "",
        inbox_kind=inbox_kind,
    )
    choose_team(inbox, options, members, by=owner)
    set_inbox_policy(inbox=inbox, preset=chosen_preset(options), by=owner)
    actions.start(inbox=inbox, by=owner)
    inbox.refresh_from_db()
    return inbox


def _look(kind: CredentialKind, grant: Grant, account: Account, *, shared_mailbox: str) -> None:
    """At Google, into the account's mailbox for mail of an alias or a group."""
    if kind != CredentialKind.GOOGLE or not shared_mailbox:
        return
    try:
        cause = "account_is_no_alias" if is_same_mailbox(shared_mailbox, account.address) else "address_not_found"
        found = cause == "address_not_found" and finds_mailbox(
            API_OF[kind], kind, grant, account, shared_mailbox=shared_mailbox
        )
    except ProviderError as error:
        cause, found = error.cause, False
    if not found:
        raise CommandError(f"{cause_of(cause).title}. {cause_of(cause).explanation}")


def _opened(kind: CredentialKind, secret: str, *, shared: bool) -> tuple[Grant, Account]:
    client, now = oauth_client(kind), timezone.now()
    try:
        grant = Grant.from_secret(secret)
    except ValueError:
        scopes = asked_for(kind, API_OF[kind], shared=shared).scopes
        grant = Grant(access_token="", refresh_token=secret, expires_at=now, scopes=scopes)
    try:
        grant = grant if grant.is_fresh(now) else client.refresh(grant)
        return grant, client.account(grant)
    except ProviderError as error:
        cause = cause_of(error.cause)
        raise CommandError(f"{cause.title}. {cause.explanation}") from None
