"""The dry run of a change, for the owner of a mailbox: how many more e-mails would be logged, how many fewer, with whom, why.

First what is logged already is decided again from what is stored, then the mailbox is read for the rest, page by page. What was
counted travels in a signed text that the browser holds: codes, numbers and keys of contacts, nothing of an e-mail.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b

from django.core import signing

from contacts.models import TimelineEntry
from inboxes.envelope import Envelope
from inboxes.models import Inbox, Message
from inboxes.providers.base import MailProvider
from inboxes.queries import folder_sizes
from logging_rules.changes import Change
from logging_rules.dry_run import decide_under, timed
from logging_rules.engine import Code, Decision
from logging_rules.interest import interest_under_any_preset
from logging_rules.reasons import label_of
from logging_rules.reconsidering import CHOSEN, Reconsidered, Worlds, reconsider
from logging_rules.rules import rules_of
from logging_rules.scanning import Scan
from logging_rules.shown import shown, shown_since

SALT = "logging_rules.what_if"
MAX_AGE = timedelta(hours=6)
SAMPLES_PER_OUTCOME = 2
CONTACTS_COUNTED = 3_000
"""More would make the text the browser holds too long; the e-mails of the others are counted without them."""


@dataclass(slots=True)
class Side:
    """One direction of a change: how many e-mails, and of how many each contact has a part, by the contact's key."""

    mails: int = 0
    contacts: dict[str, int] = field(default_factory=dict)

    def add(self, mails: int, contact_ids: Iterable[int]) -> None:
        self.mails += mails
        for contact_id, count in Counter(map(str, contact_ids)).items():
            if contact_id in self.contacts or len(self.contacts) < CONTACTS_COUNTED:
                self.contacts[contact_id] = self.contacts.get(contact_id, 0) + count


@dataclass(slots=True)
class WhatIf:
    """How far the dry run has come and what it counted.

    `before` and `after`: e-mails by decision code. `more` are logged by the change; `fewer` no longer; `chosen` would not be logged by
    the rules but stay, as a person chose them; `waiting` are logged by the rules of before as well, once the mailbox is read again.
    `threads` is how far the logged mail is decided, None when all of it is.
    """

    inbox_id: int
    asked: str
    scan: Scan
    threads: int | None = 0
    before: dict[str, int] = field(default_factory=dict)
    after: dict[str, int] = field(default_factory=dict)
    more: Side = field(default_factory=Side)
    fewer: Side = field(default_factory=Side)
    chosen: int = 0
    waiting: int = 0

    @classmethod
    def start(cls, inbox: Inbox, change: Change, *, since: datetime | None) -> "WhatIf":
        return cls(inbox.pk, _asked(change), Scan.start(shown_since(inbox, since)))

    @classmethod
    def from_signed(cls, text: str, inbox: Inbox, change: Change) -> "WhatIf":
        """Raises `signing.BadSignature` for a text that is not ours, too old, of another inbox or about another change."""
        data = signing.loads(text, salt=SALT, max_age=MAX_AGE)
        if (data["inbox_id"], data["asked"]) != (inbox.pk, _asked(change)):
            raise signing.BadSignature("another dry run")
        parts = {"scan": Scan(**data["scan"]), "more": Side(**data["more"]), "fewer": Side(**data["fewer"])}
        return cls(**data | parts)

    def signed(self) -> str:
        return signing.dumps(asdict(self), salt=SALT, compress=True)

    @property
    def decided(self) -> int:
        return sum(self.before.values())

    @property
    def share(self) -> float | None:
        """Of all e-mails, how many are decided; None as long as nobody can tell."""
        return self.decided / (self.decided + self.scan.left) if self.scan.left else None

    def count(self, before: Iterable[str], after: Iterable[str]) -> None:
        self.before = dict(Counter(self.before) + Counter(before))
        self.after = dict(Counter(self.after) + Counter(after))


def _asked(change: Change) -> str:
    return blake2b(repr(change).encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Sample:
    """One real e-mail that the change is about. For its owner only; never kept."""

    subject: str
    sender: str
    sent_at: datetime
    outgoing: bool
    before: str
    after: str
    is_logged: bool

    @property
    def was(self) -> str:
        return label_of(self.before)

    @property
    def would_be(self) -> str:
        return label_of(self.after)


@dataclass(frozen=True, slots=True)
class WhatIfStep:
    """One page further."""

    state: WhatIf
    samples: list[Sample]


def what_if_step(provider: MailProvider, inbox: Inbox, change: Change, state: WhatIf) -> WhatIfStep:
    """Decides the next part of the logged mail, or reads the next page of headers. Raises `ProviderError` if that cannot be done."""
    state = deepcopy(state)
    with timed(state.scan):
        if state.threads is not None:
            return WhatIfStep(state, _count_logged(inbox, change, state))
        return WhatIfStep(state, _count_unlogged(provider, inbox, change, state))


def _count_logged(inbox: Inbox, change: Change, state: WhatIf) -> list[Sample]:
    worlds = Worlds.of(change, rules_of(inbox))
    part = reconsider(
        inbox,
        before=worlds.wider,
        after=worlds.after,
        since=state.scan.window_start,
        after_thread=state.threads or 0,
    )
    state.threads = part.up_to
    taken = [verdict for verdict in part.verdicts if verdict.is_taken]
    state.count(
        before=(verdict.sighting.reason for verdict in part.verdicts),
        after=(verdict.decision.code if verdict.is_taken else verdict.sighting.reason for verdict in part.verdicts),
    )
    state.chosen += sum(not verdict.decision.log and verdict.sighting.reason in CHOSEN for verdict in part.verdicts)
    entries = TimelineEntry.objects.filter(message__in=[verdict.sighting.message_id for verdict in taken])
    state.fewer.add(len(taken), entries.values_list("contact_id", flat=True))
    return _samples_of_logged(part)


def _count_unlogged(provider: MailProvider, inbox: Inbox, change: Change, state: WhatIf) -> list[Sample]:
    page = state.scan.next_page(provider, folder_sizes(inbox), interest=interest_under_any_preset(inbox))
    if page is None:
        return []
    envelopes = _unlogged(inbox, shown(page.envelopes, inbox))
    worlds = Worlds.of(change, rules_of(inbox))
    decisions = decide_under(
        {"before": worlds.narrower, "after": worlds.after}, envelopes, since=state.scan.window_start
    )
    pairs = list(zip(envelopes, decisions["before"], decisions["after"], strict=True))
    state.count((before.code for _, before, _ in pairs), (after.code for _, _, after in pairs))
    strangers = [Code.NO_KNOWN_CONTACT] * len(page.sifted)
    state.count(strangers, strangers)
    more = [after for _, before, after in pairs if after.log and not before.log]
    state.more.add(len(more), (contact_id for decision in more for contact_id in decision.contact_ids))
    state.waiting += sum(before.log and after.log for _, before, after in pairs)
    return _samples_of_unlogged(pairs)


def _unlogged(inbox: Inbox, envelopes: Sequence[Envelope]) -> list[Envelope]:
    fingerprints = [envelope.fingerprint for envelope in envelopes]
    logged = Message.objects.filter(sightings__inbox=inbox, fingerprint__in=fingerprints)
    known = set(map(bytes, logged.values_list("fingerprint", flat=True)))
    return [envelope for envelope, key in zip(envelopes, fingerprints, strict=True) if key not in known]


def _samples_of_logged(part: Reconsidered) -> list[Sample]:
    """A few for every outcome, the newest first."""
    samples: Counter[tuple[str, str]] = Counter()
    found = []
    for verdict in reversed(part.verdicts):
        outcome = (verdict.sighting.reason, str(verdict.decision.code))
        if verdict.is_taken and samples[outcome] < SAMPLES_PER_OUTCOME:
            samples[outcome] += 1
            message = verdict.sighting.message
            sender, outgoing = message.from_name or message.from_email, verdict.sighting.outgoing
            found.append(Sample(message.subject, sender, message.sent_at, outgoing, *outcome, is_logged=False))
    return found


def _samples_of_unlogged(pairs: Sequence[tuple[Envelope, Decision, Decision]]) -> list[Sample]:
    """A few for every outcome that the change makes, the newest first."""
    samples: Counter[tuple[str, str]] = Counter()
    found = []
    for envelope, before, after in sorted(pairs, key=lambda pair: pair[0].sent_at, reverse=True):
        outcome = (str(before.code), str(after.code))
        if before.log is not after.log and samples[outcome] < SAMPLES_PER_OUTCOME:
            samples[outcome] += 1
            author = envelope.from_[0] if envelope.from_ else None
            sender = (author.name or author.email) if author else ""
            where = (envelope.subject, sender, envelope.sent_at, envelope.sent_by_owner)
            found.append(Sample(*where, *outcome, is_logged=after.log))
    return found
