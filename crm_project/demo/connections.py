"""Connects the inboxes of the demo, each at another provider, through the same actions the screens use."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import requests
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from crm_project.demo.google import registration as google
from crm_project.demo.home import HOST, Home
from crm_project.demo.microsoft import registration as microsoft
from crm_project.demo.people import EMMA, JAMES, PASSWORD, SUPPORT, YUKI, Person
from inboxes.actions import (
    ConnectionDetails,
    ServerLogin,
    choose_members,
    connect_api_inbox,
    connect_imap_inbox,
    name_team_inbox,
    start,
)
from inboxes.models import CredentialKind, Inbox, InboxKind, MailServer, Protocol, ProviderKind, Security
from inboxes.oauth.clients import API_ISSUERS, oauth_client, read_scopes
from inboxes.oauth.grants import Account, Grant
from inboxes.visibility import Visibility
from logging_rules.actions import set_inbox_policy
from logging_rules.actions.settings import SettingValues
from logging_rules.facts import Preset
from users.models import User

HISTORY = timedelta(days=90)
ANSWER_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Team:
    """Who reads a mailbox together, and what it is called."""

    mailbox: Person
    name: str
    from_name: str
    members: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Connection:
    """A person's mailbox and what they chose for it; or that of a team, which the person has connected."""

    person: Person
    provider: ProviderKind
    settings: SettingValues
    team: Team | None = None

    @property
    def address(self) -> str:
        return self.team.mailbox.email if self.team else self.person.email


CONNECTIONS = (
    Connection(YUKI, ProviderKind.IMAP, {"preset": Preset.KNOWN}),
    Connection(JAMES, ProviderKind.GMAIL, {"preset": Preset.REPLIES}),
    Connection(
        EMMA,
        ProviderKind.GRAPH,
        {"preset": Preset.KNOWN, "visibility": Visibility.SUBJECT, "hold_ambiguous": True},
    ),
    Connection(EMMA, ProviderKind.IMAP, {}, Team(SUPPORT, "Support", "Minato Support", (EMMA, YUKI, JAMES))),
)


def connect_all(demo: Home) -> bool:
    """Whether any was missing. A provider that is not the demo's stand-in is left alone."""
    connected = set(Inbox.objects.values_list("address", flat=True))
    missing = [each for each in CONNECTIONS if each.address not in connected and _is_ours(each.provider)]
    for connection in missing:
        _connect(connection, demo)
    return bool(missing)


def point_at(demo: Home) -> None:
    """The demo's mail server may have had to move to other ports since last time."""
    servers = MailServer.objects.filter(inbox__address__in=[YUKI.email, SUPPORT.email], host=HOST)
    for protocol, port in ((Protocol.IMAP, demo.ports.imap), (Protocol.SMTP, demo.ports.smtp)):
        servers.filter(protocol=protocol).exclude(port=port).update(port=port)


def ports_in_use(demo: Home) -> list[int]:
    """Of the servers that run with this installation."""
    ports = {
        ProviderKind.IMAP: demo.ports.imap,
        ProviderKind.GMAIL: demo.ports.google,
        ProviderKind.GRAPH: demo.ports.microsoft,
    }
    return [port for provider, port in ports.items() if _is_ours(provider)]


def _is_ours(provider: ProviderKind) -> bool:
    match provider:
        case ProviderKind.GMAIL:
            return settings.GOOGLE_CLIENT_ID == google.CLIENT_ID
        case ProviderKind.GRAPH:
            return settings.MICROSOFT_CLIENT_ID == microsoft.CLIENT_ID
        case ProviderKind.IMAP:
            return True


def _connect(connection: Connection, demo: Home) -> None:
    owner = User.objects.get(email=connection.person.email)
    by_password = connection.provider == ProviderKind.IMAP
    connect = _by_password(connection, demo, owner) if by_password else _by_grant(connection.provider, demo, owner)
    with transaction.atomic():
        inbox = connect()
        if team := connection.team:
            name_team_inbox(inbox=inbox, name=team.name, from_name=team.from_name, by=owner)
            members = User.objects.filter(email__in=[person.email for person in team.members])
            choose_members(inbox=inbox, people=members, by=owner)
        set_inbox_policy(inbox=inbox, by=owner, **connection.settings)
        start(inbox=inbox, by=owner)


def _by_password(connection: Connection, demo: Home, owner: User) -> Callable[[], Inbox]:
    address, ports = connection.address, (demo.ports.imap, demo.ports.smtp)
    imap, smtp = (ServerLogin(HOST, port, Security.NONE, address) for port in ports)
    details = ConnectionDetails(address=address, imap=imap, smtp=smtp, password=PASSWORD)
    kind = InboxKind.TEAM if connection.team else InboxKind.PERSONAL
    return lambda: connect_imap_inbox(
        details=details, history_since=timezone.now() - HISTORY, by=owner, inbox_kind=kind
    )


def _by_grant(provider: ProviderKind, demo: Home, owner: User) -> Callable[[], Inbox]:
    """What the owner would allow on the stand-in's pages is asked of it directly; everything after that is as after the pages."""
    issuer = API_ISSUERS[provider]
    url = demo.google_url if provider == ProviderKind.GMAIL else demo.microsoft_url
    account, grant = _allowed(owner, issuer, read_scopes(provider, issuer), url)
    return lambda: connect_api_inbox(
        kind=provider, account=account, grant=grant, history_since=timezone.now() - HISTORY, by=owner
    )


def _allowed(owner: User, issuer: CredentialKind, scopes: tuple[str, ...], url: str) -> tuple[Account, Grant]:
    wanted = {"to": owner.email, "scope": scopes}
    answer = requests.post(f"{url}/stand-in/grant", params=wanted, json={}, timeout=ANSWER_SECONDS)
    answer.raise_for_status()
    given = Grant(
        access_token="", refresh_token=answer.json()["refresh_token"], expires_at=timezone.now(), scopes=scopes
    )
    client = oauth_client(issuer)
    grant = client.refresh(given)
    return client.account(grant), grant
