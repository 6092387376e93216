"""What other rules would make of a mailbox, counted page by page; nothing is saved.

Where the scan is and what it counted travel in a signed text that the browser holds, free of mail content. Samples are for the
owner's eyes, read live and forgotten. Conversations that reach over a page count as far as they were logged before, so the numbers
of replies are a lower bound.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import TypeVar

from django.core import signing

from inboxes.envelope import Envelope
from inboxes.models import Inbox
from inboxes.providers.base import MailProvider
from inboxes.queries import folder_sizes
from logging_rules.changes import Change
from logging_rules.engine import Code, Decision, decide_page
from logging_rules.facts import Facts, Policy, Preset
from logging_rules.interest import interest_under_any_preset
from logging_rules.marks import mark_settings_of
from logging_rules.page_facts import facts_of_page
from logging_rules.queries import everybody_inside
from logging_rules.rules import Rules, rules_of
from logging_rules.scanning import Scan
from logging_rules.shown import shown, shown_since

SALT = "logging_rules.dry_run"
MAX_AGE = timedelta(hours=6)
SAMPLES_PER_OUTCOME = 2

K = TypeVar("K")


@dataclass(slots=True)
class DryRunState:
    """How far the scan has come, and the counts so far by preset and decision code."""

    inbox_id: int
    scan: Scan
    counts: dict[str, dict[str, int]] = field(default_factory=lambda: {preset: {} for preset in Preset})

    @classmethod
    def start(cls, inbox: Inbox, *, since: datetime | None) -> "DryRunState":
        return cls(inbox.pk, Scan.start(shown_since(inbox, since)))

    @classmethod
    def from_signed(cls, text: str, inbox: Inbox) -> "DryRunState":
        """Raises `signing.BadSignature` for a text that is not ours, too old, or of another inbox."""
        data = signing.loads(text, salt=SALT, max_age=MAX_AGE)
        if data["inbox_id"] != inbox.pk:
            raise signing.BadSignature("a dry run of another inbox")
        return cls(inbox.pk, Scan(**data["scan"]), data["counts"])

    def signed(self) -> str:
        return signing.dumps(asdict(self), salt=SALT, compress=True)


@dataclass(frozen=True, slots=True)
class Sample:
    """One real e-mail and what each preset would do with it. For its owner only; never kept."""

    subject: str
    sender: str
    sent_at: datetime
    outgoing: bool
    codes: dict[Preset, Code]
    logged_by: frozenset[Preset]


@dataclass(frozen=True, slots=True)
class DryRunStep:
    """One page further."""

    state: DryRunState
    samples: list[Sample]


def scan_step(provider: MailProvider, inbox: Inbox, state: DryRunState) -> DryRunStep:
    """Reads the headers of the next page and counts it under every preset. Raises `ProviderError` when the mailbox cannot be read."""
    state = deepcopy(state)
    with timed(state.scan):
        page = state.scan.next_page(provider, folder_sizes(inbox), interest=interest_under_any_preset(inbox))
        if page is None:
            return DryRunStep(state, samples=[])
        envelopes = shown(page.envelopes, inbox)
        decisions = decide_under_each_preset(inbox, envelopes, since=state.scan.window_start)
    for preset, decided in decisions.items():
        codes = Counter(state.counts[preset]) + Counter(decision.code for decision in decided)
        codes += Counter({Code.NO_KNOWN_CONTACT: len(page.sifted)})
        state.counts[preset] = dict(codes)
    return DryRunStep(state, _samples(envelopes, decisions))


@contextmanager
def timed(scan: Scan) -> Iterator[None]:
    begun = monotonic()
    yield
    scan.seconds = round(scan.seconds + monotonic() - begun, 2)


def decide_under_each_preset(
    inbox: Inbox, envelopes: Sequence[Envelope], *, since: datetime | None
) -> dict[Preset, list[Decision]]:
    """The inbox's other settings hold. A constant number of queries."""
    rules = rules_of(inbox)
    worlds = {preset: Change.of_inbox(inbox, preset=preset).apply_to(rules) for preset in Preset}
    return decide_under(worlds, envelopes, since=since)


def decide_under(
    worlds: Mapping[K, Rules], envelopes: Sequence[Envelope], *, since: datetime | None
) -> dict[K, list[Decision]]:
    """One decision per e-mail under each of the rules; being paused or not yet started does not count. A constant number of queries."""
    colleagues = everybody_inside()
    known: list[tuple[Rules, Facts]] = []
    decided = {}
    for name, rules in worlds.items():
        facts = next((facts for other, facts in known if rules.lists_are_those_of(other)), None)
        if facts is None:
            names = mark_settings_of(rules.inbox).names
            facts = facts_of_page(rules, envelopes, colleagues, mark_names=names, with_conversations=True)
            known.append((rules, facts))
        # Deciding adds to the conversations.
        own = replace(facts, conversations=deepcopy(facts.conversations))
        decided[name] = decide_page(envelopes, own, as_if_new(rules, history_since=since))
    return decided


def as_if_new(rules: Rules, *, history_since: datetime | None) -> Policy:
    """The settings as they would decide the e-mails of that window if all of them came in now."""
    return replace(rules.policy, history_since=history_since, paused=False, wider_since=None)


def _samples(envelopes: Sequence[Envelope], decisions: dict[Preset, list[Decision]]) -> list[Sample]:
    """A few of the page, newest first, for every outcome that occurs."""
    taken: Counter[tuple[Code, ...]] = Counter()
    samples = []
    for index in sorted(range(len(envelopes)), key=lambda index: envelopes[index].sent_at, reverse=True):
        outcome = tuple(decisions[preset][index].code for preset in Preset)
        if taken[outcome] < SAMPLES_PER_OUTCOME:
            taken[outcome] += 1
            samples.append(_sample(envelopes[index], {preset: decisions[preset][index] for preset in Preset}))
    return samples


def _sample(envelope: Envelope, decisions: dict[Preset, Decision]) -> Sample:
    author = envelope.from_[0] if envelope.from_ else None
    return Sample(
        subject=envelope.subject,
        sender=(author.name or author.email) if author else "",
        sent_at=envelope.sent_at,
        outgoing=envelope.sent_by_owner,
        codes={preset: decision.code for preset, decision in decisions.items()},
        logged_by=frozenset(preset for preset, decision in decisions.items() if decision.log),
    )
