"""Envelopes, facts and policies for the logging decision. The mailbox is Alice's; ours.example is the workspace."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from inboxes.envelope import Address, Envelope, FolderRole
from inboxes.marks import DEFAULT_NAMES, MarkNames
from inboxes.visibility import Visibility
from logging_rules.facts import (
    Colleagues,
    ContactCreation,
    Facts,
    Level,
    NeverLog,
    NeverLogKind,
    NeverLogScope,
    Policy,
    Preset,
    Setting,
    facts_about,
)
from logging_rules.models import Tombstone, WorkspacePolicy
from logging_rules.tombstones import digest
from users.models import User

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ALICE = "alice@ours.example"
BOB = "bob@ours.example"
SARAH = "sarah@meridian.example"
TANAKA = "tanaka@aozora.example"
STRANGER = "stranger@elsewhere.example"
SARAHS_ID, TANAKAS_ID = 1, 2
ALICES_ID = 7

_numbers = count(1)


def addresses(emails: str | Iterable[str]) -> tuple[Address, ...]:
    return tuple(Address(email) for email in ([emails] if isinstance(emails, str) else emails))


def mail(from_: str | Iterable[str] = SARAH, to: str | Iterable[str] = ALICE, **fields: Any) -> Envelope:
    """A mail that arrived in Alice's inbox at noon, unless told otherwise."""
    number = next(_numbers)
    for name in ("cc", "bcc", "reply_to", "sender"):
        if name in fields:
            fields[name] = addresses(fields[name])
    defaults: dict[str, Any] = {
        "remote_id": str(number),
        "folder_id": "INBOX",
        "folder_role": FolderRole.INBOX,
        "received_at": fields.get("sent_at", NOW),
        "sent_at": NOW,
        "size": 2000,
        "subject": "Revised quote",
        "message_id": f"<{number}@test.example>",
    }
    return Envelope(from_=addresses(from_), to=addresses(to), **defaults | fields)


def sent(to: str | Iterable[str] = SARAH, **fields: Any) -> Envelope:
    """A mail Alice sent, as her Sent folder shows it."""
    place = {"folder_id": "Sent", "folder_role": FolderRole.SENT, "sent_by_owner": True}
    return mail(ALICE, to, **place | fields)


def _setting(value: Any, kind: type) -> Setting[Any]:
    given = value if isinstance(value, Setting) else Setting(value, Level.WORKSPACE)
    return Setting(kind(given.value), given.level)


NEW_WORKSPACE = {
    "log_incoming": True,
    "log_outgoing": True,
    "store_attachments": True,
    "log_automatic_mail": False,
    "create_contacts": ContactCreation.NEVER,
    "track_opens": False,
    "track_clicks": False,
    "log_by_default": True,
    "hold_ambiguous": False,
    "visibility": Visibility.EVERYONE,
}


def policy(preset: Preset = Preset.KNOWN, *, level: Level = Level.INBOX, **fields: Any) -> Policy:
    """The workspace's settings are those of a new one; each may be given as a plain value, or with its level."""
    settings = {name: _setting(fields.pop(name, value), type(value)) for name, value in NEW_WORKSPACE.items()}
    return Policy(preset=Setting(preset, level), **settings, owner_id=ALICES_ID, **fields)


Entry = tuple[NeverLogKind, str, NeverLogScope]


def never(value: str, scope: NeverLogScope = NeverLogScope.WHOLE_MESSAGE, *, subdomains: bool = False) -> Entry:
    if "@" in value:
        return NeverLogKind.ADDRESS, value, scope
    return (NeverLogKind.SUBDOMAINS if subdomains else NeverLogKind.DOMAIN), value, scope


def facts(
    *envelopes: Envelope,
    contacts: dict[str, int] | None = None,
    colleagues: Iterable[str] = (),
    workspace_never: Iterable[Entry] = (),
    personal_never: Iterable[Entry] = (),
    mark_names: MarkNames = DEFAULT_NAMES,
    **more: Any,
) -> Facts:
    """Sarah and Tanaka are contacts; everybody at ours.example is a colleague."""
    known = {SARAH: SARAHS_ID, TANAKA: TANAKAS_ID} if contacts is None else contacts
    emails = {address.email for envelope in envelopes for address in envelope.participants}
    found = facts_about(
        emails,
        own=frozenset({ALICE}),
        contacts={email: contact_id for email, contact_id in known.items() if email in emails},
        colleagues=Colleagues(frozenset(colleagues), frozenset({"ours.example"})),
        workspace_never_log=NeverLog(workspace_never),
        personal_never_log=NeverLog(personal_never),
    )
    found.mark_names = mark_names
    for name, value in more.items():
        setattr(found, name, value)
    return found


def bury(fingerprint: bytes, *, owner: User) -> Tombstone:
    """The owner un-logged this mail."""
    key = WorkspacePolicy.objects.current().tombstone_key
    return Tombstone.objects.create(owner=owner, digest=digest(fingerprint, key=key))
