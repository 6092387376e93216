"""Why not? What became of the mails that the owner of a mailbox looks for in it, live. Nothing of a hit is kept.

Whoever calls has checked that the reader owns the inbox, or manages and reads a team's: nobody else learns anything of unlogged mail.
"""

import time
from collections.abc import Collection, Iterable, Sequence
from copy import copy
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from heapq import merge
from itertools import islice

from django.core import signing

from inboxes.causes import Cause, cause_of
from inboxes.envelope import Envelope
from inboxes.lookups import among
from inboxes.models import Inbox, LedgerEntry, LedgerState, Message, Sighting
from inboxes.providers.base import CursorExpired, FolderGone, MailProvider, RemoteFolder, SearchQuery
from inboxes.queries import skipped_among
from inboxes.sync.counting import day_of
from inboxes.sync.redeciding import RemoteKey
from logging_rules.engine import Code, Decision, decide, decide_page
from logging_rules.explain import names_of, reason_of_decision, reason_of_sighting
from logging_rules.marks import mark_settings_of
from logging_rules.models import HandChoice, HeldMail
from logging_rules.page_facts import facts_of_page
from logging_rules.queries import everybody_inside
from logging_rules.reasons import Reason
from logging_rules.rules import rules_of
from logging_rules.shown import is_shown, shown, shown_folders, shown_since
from users.models import User

HITS = 30
PATIENCE_SECONDS = 20.0
"""Folders that were not reached by then are left to the next step: somebody is waiting for the page."""

SALT = "logging_rules.why_not"
MAX_AGE = timedelta(hours=2)

Place = tuple[str, str]
"""Folder id and remote id of a mail."""


class Fate(StrEnum):
    """What became of a mail. Chosen: its owner logged it by hand, and it is being fetched. Held: its owner is asked."""

    LOGGED = "logged"
    CHOSEN = "chosen"
    HELD = "held"
    SKIPPED = "skipped"
    RETRYING = "retrying"
    QUARANTINED = "quarantined"
    NOT_READ = "not_read"


CAN_BE_CHOSEN = frozenset({Fate.SKIPPED, Fate.HELD, Fate.NOT_READ, Fate.RETRYING, Fate.QUARANTINED})
NEVER_READ = frozenset({Code.NOT_MAIL, Code.OUTSIDE_WINDOW})
"""Codes of mail that the sync does not even look at."""


@dataclass(slots=True)
class Quest:
    """What is looked for and how far the search has come, as it travels with the page: signed, and never in an address.

    `since` and `until` (exclusive) are ISO times; `below` holds the last mail shown of a folder, `finished` the folders that have no
    more, both by digest.
    """

    inbox_id: int
    message_id: str = ""
    who: str = ""
    subject: str = ""
    since: str = ""
    until: str = ""
    below: dict[str, str] = field(default_factory=dict)
    finished: list[str] = field(default_factory=list)

    @classmethod
    def from_signed(cls, text: str, inbox: Inbox) -> "Quest":
        """Raises `signing.BadSignature` for a text that is not ours, too old, or of another inbox."""
        quest = cls(**signing.loads(text, salt=SALT, max_age=MAX_AGE))
        if quest.inbox_id != inbox.pk:
            raise signing.BadSignature("a search of another inbox")
        return quest

    def signed(self) -> str:
        return signing.dumps(asdict(self), salt=SALT, compress=True)

    def query(self, digest: str, inbox: Inbox) -> SearchQuery:
        return SearchQuery(
            message_id=self.message_id,
            address=self.who,
            subject=self.subject,
            since=shown_since(inbox, self._since),
            until=self._until,
            below=self.below.get(digest, ""),
            limit=HITS,
        )

    def covers(self, envelope: Envelope) -> bool:
        """By its date or its arrival; mailboxes that were moved know the true one of only one of them."""
        return any(
            (self._since is None or self._since <= moment) and (self._until is None or moment < self._until)
            for moment in (envelope.sent_at, envelope.received_at)
        )

    @property
    def _since(self) -> datetime | None:
        return datetime.fromisoformat(self.since) if self.since else None

    @property
    def _until(self) -> datetime | None:
        return datetime.fromisoformat(self.until) if self.until else None


@dataclass(frozen=True, slots=True)
class Hit:
    """One mail of the mailbox. `reason` is why it was logged, else why it is not logged by today's settings.

    `would_be` is what today's settings say, where that is another outcome than what became of the mail. `held_by`: colleagues whose
    inboxes logged the same e-mail.
    """

    envelope: Envelope
    folder: RemoteFolder
    fate: Fate
    reason: Reason
    would_be: Reason | None
    message: Message | None
    cause: Cause | None
    held_by: tuple[str, ...]
    can_be_chosen: bool

    @property
    def key(self) -> RemoteKey:
        envelope = self.envelope
        return RemoteKey(envelope.folder_id, envelope.remote_id, day_of(envelope), self.reason.code)

    @property
    def signed_key(self) -> str:
        return sign_key(self.key)


@dataclass(frozen=True, slots=True)
class Answer:
    """Hits, the newest first. `quest` goes on behind them, None when nothing is left; `unreached`: folders left to the next step."""

    hits: list[Hit]
    quest: Quest | None
    unreached: int


def sign_key(key: RemoteKey) -> str:
    return signing.dumps([key.folder_id, key.remote_id, key.day.isoformat(), key.code], salt=SALT)


def keys_from_signed(texts: Iterable[str]) -> list[RemoteKey]:
    """Raises `signing.BadSignature`."""
    values = [signing.loads(text, salt=SALT, max_age=MAX_AGE) for text in texts]
    return [RemoteKey(folder, remote_id, date.fromisoformat(day), code) for folder, remote_id, day, code in values]


def search(provider: MailProvider, inbox: Inbox, quest: Quest, *, reader: User) -> Answer:
    """The next hits in all folders, of the owner's own mailbox junk and trash included. Raises `ProviderError`."""
    quest = replace(quest, below=dict(quest.below), finished=list(quest.finished))
    folders = {_digest(folder): folder for folder in shown_folders(provider, inbox)}
    waiting = [digest for digest in folders if digest not in quest.finished]
    waiting.sort(key=lambda digest: digest in quest.below)  # first those the last step did not reach
    found: dict[str, list[Envelope]] = {}
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    for digest in waiting:
        if time.monotonic() > give_up_at:
            break
        found[digest] = _search_folder(provider, folders[digest], quest.query(digest, inbox))
    newest = [(folders[digest], envelope) for digest, envelope in _newest(found, quest) if quest.covers(envelope)]
    hits = explain(
        [(folder, envelope) for folder, envelope in newest if is_shown(envelope, inbox)], inbox, reader=reader
    )
    left = [digest for digest in waiting if digest not in quest.finished]
    return Answer(hits, quest if left else None, unreached=len(waiting) - len(found))


def _search_folder(provider: MailProvider, folder: RemoteFolder, query: SearchQuery) -> list[Envelope]:
    try:
        return provider.search(folder, query)
    except (CursorExpired, FolderGone):
        return []


def _newest(found: dict[str, list[Envelope]], quest: Quest) -> list[tuple[str, Envelope]]:
    """As many as a page holds; notes in the quest where each folder goes on."""
    tracks = ([(digest, envelope) for envelope in envelopes] for digest, envelopes in found.items())
    in_order = merge(*tracks, key=lambda hit: hit[1].received_at, reverse=True)
    taken = list(islice(in_order, HITS))
    for digest, envelope in taken:
        quest.below[digest] = envelope.remote_id
    for digest, envelopes in found.items():
        all_shown = not envelopes or quest.below.get(digest) == envelopes[-1].remote_id
        if all_shown and len(envelopes) < HITS:
            quest.finished.append(digest)
    return sorted(taken, key=lambda hit: hit[1].sent_at, reverse=True)


def pick(provider: MailProvider, inbox: Inbox, keys: Iterable[RemoteKey], *, reader: User) -> list[Hit]:
    """The mails as the mailbox shows them now; those no longer there are missing. Raises `ProviderError`."""
    found, _ = read_places(provider, inbox, [key[:2] for key in keys])
    found.sort(key=lambda hit: hit[1].sent_at, reverse=True)
    return explain(found, inbox, reader=reader)


def read_places(
    provider: MailProvider, inbox: Inbox, places: Iterable[Place]
) -> tuple[list[tuple[RemoteFolder, Envelope]], list[Place]]:
    """The headers of mails by folder id and remote id, as far as they are shown, and the places of those that are certainly gone.

    Raises `ProviderError`.
    """
    wanted: dict[str, list[str]] = {}
    for folder_id, remote_id in places:
        wanted.setdefault(folder_id, []).append(remote_id)
    found: list[tuple[RemoteFolder, Envelope]] = []
    gone: list[Place] = []
    for folder in shown_folders(provider, inbox):
        if remote_ids := wanted.get(folder.remote_id):
            there, missing = _read(provider, folder, remote_ids)
            found += [(folder, envelope) for envelope in shown(there, inbox)]
            gone += [(folder.remote_id, remote_id) for remote_id in missing]
    return found, gone


def _read(
    provider: MailProvider, folder: RemoteFolder, remote_ids: Sequence[str]
) -> tuple[list[Envelope], Collection[str]]:
    """What is there and what is not; a folder that cannot be opened may come back."""
    try:
        envelopes, unreadable = provider.envelopes(folder, remote_ids)
    except FolderGone:
        return [], ()
    except CursorExpired:
        # One key from before the folder was renumbered voids the whole question.
        if len(remote_ids) == 1:
            return [], remote_ids
        parts = [_read(provider, folder, [remote_id]) for remote_id in remote_ids]
        return [one for there, _ in parts for one in there], [key for _, missing in parts for key in missing]
    known = {envelope.remote_id for envelope in envelopes} | {message.remote_id for message in unreadable}
    return envelopes, [remote_id for remote_id in remote_ids if remote_id not in known]


def explain(found: Sequence[tuple[RemoteFolder, Envelope]], inbox: Inbox, *, reader: User) -> list[Hit]:
    """What became of each, and what today's settings say, as far as the reader may know.

    A constant number of queries; none when nothing was found.
    """
    if not found:
        return []
    envelopes = [envelope for _, envelope in found]
    records = Records(inbox, envelopes, reader)
    decisions, if_chosen = _decide_now(inbox, envelopes)
    matched = [decision.matched_address for decision in decisions]
    names = names_of([*matched, *(one.matched_address for one in records.sightings.values())], viewer=reader)
    hits = []
    for (folder, envelope), decision, chosen in zip(found, decisions, if_chosen, strict=True):
        fate, row = records.fate(envelope, decision), records.rows.get((envelope.folder_id, envelope.remote_id))
        sighting = records.sightings.get(envelope.fingerprint)
        today = reason_of_decision(decision, inbox, names)
        hits.append(
            Hit(
                envelope=envelope,
                folder=folder,
                fate=fate,
                reason=reason_of_sighting(sighting, names) if sighting else today,
                would_be=today if decision.log is not (fate is Fate.LOGGED) else None,
                message=sighting.message if sighting else None,
                cause=cause_of(row.cause) if row and row.cause else None,
                held_by=records.held_by.get(envelope.fingerprint, ()),
                can_be_chosen=chosen.log and fate in CAN_BE_CHOSEN and inbox.is_syncing,
            )
        )
    return hits


class Records:
    """What the database knows of the mails found."""

    def __init__(self, inbox: Inbox, envelopes: Sequence[Envelope], reader: User) -> None:
        keys = {(envelope.folder_id, envelope.remote_id) for envelope in envelopes}
        remote_ids = among(remote_id for _, remote_id in keys)
        rows = LedgerEntry.objects.filter(inbox=inbox, remote_id__in=remote_ids).select_related("folder")
        self.rows = {(row.folder.remote_id, row.remote_id): row for row in rows}
        choices = HandChoice.objects.filter(inbox=inbox, remote_id__in=remote_ids)
        self.chosen = set(choices.values_list("folder__remote_id", "remote_id"))
        held = HeldMail.objects.filter(inbox=inbox, remote_id__in=remote_ids)
        self.held = set(held.values_list("folder__remote_id", "remote_id"))
        self.skipped = skipped_among(inbox.pk, keys - self.rows.keys())
        self.sightings, self.held_by = _sightings(inbox, [envelope.fingerprint for envelope in envelopes], reader)

    def fate(self, envelope: Envelope, decision: Decision) -> Fate:
        key = (envelope.folder_id, envelope.remote_id)
        row = self.rows.get(key)
        if envelope.fingerprint in self.sightings:
            return Fate.LOGGED
        if key in self.chosen and row and row.state == LedgerState.RETRYING:
            return Fate.CHOSEN
        if row and row.state in (LedgerState.RETRYING, LedgerState.QUARANTINED):
            return Fate(row.state)
        if key in self.held:
            return Fate.HELD
        if row and row.state == LedgerState.KEPT:
            return Fate.SKIPPED
        return Fate.SKIPPED if key in self.skipped or decision.code in NEVER_READ else Fate.NOT_READ


def _sightings(
    inbox: Inbox, fingerprints: Collection[bytes], reader: User
) -> tuple[dict[bytes, Sighting], dict[bytes, tuple[str, ...]]]:
    """How this inbox logged the e-mails, under whatever key; and which colleagues' inboxes did, as far as the reader may know."""
    found = Sighting.objects.filter(message__fingerprint__in=fingerprints)
    elsewhere = found.filter(message__in=Message.objects.visible_to(reader)).known_to(reader)
    visible = found.filter(inbox=inbox) | elsewhere
    own: dict[bytes, Sighting] = {}
    others: dict[bytes, tuple[str, ...]] = {}
    for sighting in visible.select_related("message", "inbox__owner", "decided_by").order_by("pk"):
        fingerprint = bytes(sighting.message.fingerprint)
        if sighting.inbox_id == inbox.pk:
            own[fingerprint] = sighting
        elif sighting.inbox.holder != inbox.holder:
            others[fingerprint] = (*others.get(fingerprint, ()), sighting.inbox.holder)
    return own, {fingerprint: tuple(dict.fromkeys(names)) for fingerprint, names in others.items()}


def _decide_now(inbox: Inbox, envelopes: Sequence[Envelope]) -> tuple[list[Decision], list[Decision]]:
    """By today's settings; and if the owner logged each by hand."""
    rules = rules_of(inbox)
    names = mark_settings_of(inbox).names
    facts = facts_of_page(rules, envelopes, everybody_inside(), mark_names=names, with_conversations=True)
    picked = copy(facts)
    picked.unlogged = frozenset()
    picked.chosen_by_hand = {(envelope.folder_id, envelope.remote_id): inbox.owner_id for envelope in envelopes}
    if_chosen = [decide(envelope, picked, rules.policy) for envelope in envelopes]
    return decide_page(envelopes, facts, rules.policy), if_chosen


def _digest(folder: RemoteFolder) -> str:
    """Folder names can be telling; the page needs none."""
    return blake2b(folder.remote_id.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
