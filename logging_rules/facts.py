"""What a logging decision may know about the addresses and conversations of one page of envelopes, and the settings it obeys.

Pure: no Django, no I/O. `logging_rules.intake` fills these from the database; the tests fill them by hand.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from inboxes.envelope import Envelope
from inboxes.marks import NO_NAMES, Mark, MarkNames
from inboxes.visibility import Visibility

T = TypeVar("T")


class Level(StrEnum):
    """Where a setting came from; `NONE` when no setting was involved."""

    NONE = ""
    WORKSPACE = "workspace"
    PERSON = "person"
    INBOX = "inbox"


class Preset(StrEnum):
    """How much of an inbox is logged, from the most private to the most open."""

    MANUAL = "manual"
    REPLIES = "replies"
    KNOWN = "known"

    @property
    def openness(self) -> int:
        return tuple(Preset).index(self)


class ContactCreation(StrEnum):
    """Which logged mail makes contacts of people who are none yet: none of it, mail the owner sent, also answers to it."""

    NEVER = "never"
    SENT = "sent"
    REPLIES = "replies"

    @property
    def openness(self) -> int:
        return tuple(ContactCreation).index(self)


class NeverLogKind(StrEnum):
    """What a never-log entry names; `SUBDOMAINS` is a domain together with everything below it."""

    ADDRESS = "address"
    DOMAIN = "domain"
    SUBDOMAINS = "subdomains"


class NeverLogScope(StrEnum):
    """Block the whole message, or only never link it to the address (other contacts still get it)."""

    WHOLE_MESSAGE = "whole_message"
    ADDRESS_ONLY = "address_only"


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """A value in force and the level it came from."""

    value: T
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set on every level (workspace, person, inbox), each with the value in force and where it came from.

    `log_by_default` and the tracking of opens and clicks are about mail written in the CRM.
    """

    preset: Setting[Preset]
    log_incoming: Setting[bool]
    log_outgoing: Setting[bool]
    store_attachments: Setting[bool]
    log_automatic_mail: Setting[bool]
    create_contacts: Setting[ContactCreation]
    track_opens: Setting[bool]
    track_clicks: Setting[bool]
    log_by_default: Setting[bool]
    hold_ambiguous: Setting[bool]
    visibility: Setting[Visibility]


SETTING_NAMES = tuple(setting.name for setting in fields(Settings))


def opens(name: str, before: Any, after: Any) -> bool:
    """Whether the setting logs, keeps, tracks or shows more with the second value than with the first. Takes stored values."""
    return _openness(name, after) > _openness(name, before)


def _openness(name: str, value: Any) -> int:
    if name == "preset":
        return Preset(value).openness
    if name == "create_contacts":
        return ContactCreation(value).openness
    if name == "visibility":
        return -Visibility(value).strictness
    return int(not value if name == "hold_ambiguous" else value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(Settings):
    """The settings in force for one inbox, and its window. `history_since` empty means all of the past.

    `keeps_all`: what is not logged is stored all the same, for the members of a team inbox.

    `wider_since`: mail that arrived before is not logged by settings, for they logged less when it was read; except with the
    contacts (`looked_back`) whose earlier mail somebody asked for.
    """

    owner_id: int
    keeps_all: bool = False
    history_since: datetime | None = None
    paused: bool = False
    wider_since: datetime | None = None
    looked_back: frozenset[int] = frozenset()


def parent_domains(domain: str) -> Iterator[str]:
    """The domain itself, then each domain above it: mail.example.co.jp, example.co.jp, co.jp, jp."""
    while domain:
        yield domain
        domain = domain.partition(".")[2]


class NeverLog:
    """The never-log entries of one level; looking an address up costs a few dict reads, however many entries there are."""

    __slots__ = ("_scopes",)

    def __init__(self, entries: Iterable[tuple[NeverLogKind, str, NeverLogScope]] = ()) -> None:
        self._scopes = {(kind, value): scope for kind, value, scope in entries}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NeverLog) and self._scopes == other._scopes

    __hash__ = None  # type: ignore[assignment]  # it is compared, never a key

    def scope_of(self, kind: NeverLogKind, value: str) -> NeverLogScope | None:
        """The scope of the entry that names exactly this; None when there is none."""
        return self._scopes.get((kind, value))

    def changed(
        self,
        entries: Iterable[tuple[NeverLogKind, str, NeverLogScope]],
        *,
        without: Iterable[tuple[NeverLogKind, str]] = (),
    ) -> "NeverLog":
        """The list with further entries, or other scopes for its entries, and without some."""
        changed = NeverLog()
        changed._scopes = self._scopes | {(kind, value): scope for kind, value, scope in entries}
        for key in without:
            changed._scopes.pop(key, None)
        return changed

    def match(self, email: str) -> tuple[NeverLogKind, NeverLogScope] | None:
        """The strictest entry that names the address: blocking the whole message wins."""
        domain = email.rpartition("@")[2]
        keys = [
            (NeverLogKind.ADDRESS, email),
            (NeverLogKind.DOMAIN, domain),
            *((NeverLogKind.SUBDOMAINS, parent) for parent in parent_domains(domain)),
        ]
        matches = [(kind, self._scopes[kind, value]) for kind, value in keys if (kind, value) in self._scopes]
        blocking = [match for match in matches if match[1] is NeverLogScope.WHOLE_MESSAGE]
        return next(iter(blocking or matches), None)

    def matches(self, emails: Iterable[str]) -> Iterator[tuple[str, tuple[NeverLogKind, NeverLogScope]]]:
        """Those of the addresses that an entry names."""
        if self._scopes:
            yield from ((email, match) for email in emails if (match := self.match(email)))


@dataclass(frozen=True, slots=True)
class Colleagues:
    """Who belongs to the workspace: people, connected inboxes with their aliases, and everybody at the workspace's domains."""

    addresses: AbstractSet[str] = frozenset()
    domains: AbstractSet[str] = frozenset()

    def __contains__(self, email: object) -> bool:
        return isinstance(email, str) and (email in self.addresses or email.rpartition("@")[2] in self.domains)

    def among(self, emails: AbstractSet[str]) -> frozenset[str]:
        """Those of the addresses that belong to it."""
        found = {email for email in emails if email.rpartition("@")[2] in self.domains} if self.domains else set()
        return frozenset(found | (emails & self.addresses))


@dataclass(frozen=True, slots=True)
class Withheld:
    """An address that a never-log entry keeps off timelines, and the contact who would have been reached by it, if any."""

    level: Level
    contact_id: int | None


@dataclass(frozen=True, slots=True)
class SentFromCrm:
    """A mail that was written in the CRM: whether its Log box was ticked, and by whom."""

    log: bool
    by_id: int


@dataclass(slots=True, eq=False)
class Conversation:
    """Logged mails that answer one another: everybody they name, the contacts they stand with, their message ids, the first one's time.

    `sent_ids`: those of the message ids whose mail the inbox itself sent.
    """

    participants: set[str]
    contact_ids: set[int]
    message_ids: set[str]
    logged_since: datetime
    sent_ids: set[str] = field(default_factory=set)

    def precedes(self, envelope: Envelope) -> bool:
        """Whether it was logged before this mail was written: the mail answers one of its mails, is one, or is younger than the first.

        Mail from before a conversation was first logged stays private. An answer counts whatever its Date says: clocks are wrong.
        """
        return (
            envelope.sent_at >= self.logged_since
            or envelope.message_id in self.message_ids
            or not self.message_ids.isdisjoint(envelope.related_ids)
        )

    def absorb(self, other: "Conversation") -> None:
        self.participants |= other.participants
        self.contact_ids |= other.contact_ids
        self.message_ids |= other.message_ids
        self.sent_ids |= other.sent_ids
        self.logged_since = min(self.logged_since, other.logged_since)


@dataclass(slots=True)
class Facts:
    """What is known about the mails of one page.

    Addresses appear here only if they are in the page. `conversations` are keyed by message id or provider thread id;
    `chosen_by_hand` by (folder id, remote id) with the person who chose; `sent_from_crm` by message id; `unlogged` holds
    the fingerprints of the page's mails that their owner un-logged before; `marks` those of which any copy carries a mark.
    `own` are the addresses of the inbox itself; `sensitive` finds words in a subject that may make a mail private. `restored`: the
    fingerprints of those that a member of the team has taken back from what was filtered.
    """

    contacts: Mapping[str, int] = field(default_factory=dict)
    colleagues: frozenset[str] = frozenset()
    blocked_by_workspace: Mapping[str, NeverLogKind] = field(default_factory=dict)
    blocked_by_person: Mapping[str, NeverLogKind] = field(default_factory=dict)
    withheld: Mapping[str, Withheld] = field(default_factory=dict)
    conversations: dict[str, list[Conversation]] = field(default_factory=dict)
    unlogged: AbstractSet[bytes] = frozenset()
    chosen_by_hand: Mapping[tuple[str, str], int] = field(default_factory=dict)
    sent_from_crm: Mapping[str, SentFromCrm] = field(default_factory=dict)
    marks: Mapping[bytes, AbstractSet[Mark]] = field(default_factory=dict)
    mark_names: MarkNames = NO_NAMES
    own: AbstractSet[str] = frozenset()
    restored: AbstractSet[bytes] = frozenset()
    sensitive: re.Pattern[str] | None = None

    def has_mark(self, envelope: Envelope, mark: Mark) -> bool:
        """Whether this copy carries the mark, or another copy of the same mail does. Providers show folders as labels."""
        if self.marks and mark in self.marks.get(envelope.fingerprint, ()):
            return True
        return bool(envelope.labels) and any(self.mark_names.of_label(label) is mark for label in envelope.labels)

    def remember(self, envelope: Envelope, contact_ids: Iterable[int]) -> None:
        """Counts a mail that is about to be logged as part of its conversation, so that other mails of the page can belong to it.

        A mail that belongs to several conversations makes them one.
        """
        participants = {address.email for address in envelope.participants}
        outsiders = participants - self.colleagues
        keys = conversation_keys(envelope)
        found = dict.fromkeys(conversation for key in keys for conversation in self.conversations.get(key, ()))
        joined = [conversation for conversation in found if not conversation.participants.isdisjoint(outsiders)]
        message_ids = {envelope.message_id} if envelope.message_id else set()
        sent_ids = message_ids if envelope.sent_by_owner else set()
        joined.append(Conversation(participants, set(contact_ids), message_ids, envelope.sent_at, set(sent_ids)))
        whole, *parts = joined
        for part in parts:
            whole.absorb(part)
        self._replace(parts[:-1], whole)
        for key in keys:
            conversations = self.conversations.setdefault(key, [])
            if whole not in conversations:
                conversations.append(whole)

    def _replace(self, parts: Sequence[Conversation], whole: Conversation) -> None:
        if not parts:
            return
        for key, conversations in self.conversations.items():
            self.conversations[key] = list(
                dict.fromkeys(whole if conversation in parts else conversation for conversation in conversations)
            )


def conversation_keys(envelope: Envelope) -> tuple[str, ...]:
    """Everything the mail says about which conversation it belongs to; subjects never count."""
    return tuple(filter(None, (*envelope.related_ids, envelope.message_id, envelope.provider_thread_id)))


def facts_about(
    emails: AbstractSet[str],
    *,
    own: AbstractSet[str],
    contacts: Mapping[str, int],
    colleagues: Colleagues,
    workspace_never_log: NeverLog,
    personal_never_log: NeverLog,
) -> Facts:
    """Sorts the addresses of a page once, so that each decision only reads dicts and sets.

    A colleague is never a known contact, even if somebody made a contact of them: internal talk must not reach a timeline.
    The inbox's `own` addresses stand in all of its mail, so no never-log entry can mean them; it may well mean a colleague.
    """
    insiders = colleagues.among(emails)
    blocked: dict[Level, dict[str, NeverLogKind]] = {Level.WORKSPACE: {}, Level.PERSON: {}}
    withheld: dict[str, Withheld] = {}
    for level, never_log in ((Level.PERSON, personal_never_log), (Level.WORKSPACE, workspace_never_log)):
        for email, (kind, scope) in never_log.matches(emails - own):
            if scope is NeverLogScope.WHOLE_MESSAGE:
                blocked[level][email] = kind
            else:
                withheld[email] = Withheld(level, contacts.get(email))
    return Facts(
        contacts={
            email: contact_id
            for email, contact_id in contacts.items()
            if email not in insiders and email not in withheld
        },
        colleagues=insiders,
        blocked_by_workspace=blocked[Level.WORKSPACE],
        blocked_by_person=blocked[Level.PERSON],
        own=own,
        withheld=withheld,
    )
