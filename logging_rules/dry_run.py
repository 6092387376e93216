"""What each preset would log of a mailbox, counted page by page before anything is synced.

Stores nothing: where the scan is and what it counted travel in a signed text that the browser holds, free of mail content. The
samples are for the owner's eyes, read live and forgotten. Conversations that reach over a page count as far as they were
logged before, so the numbers of replies are a lower bound.
"""

from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b

from django.core import signing

from inboxes.envelope import Envelope
from inboxes.models import Inbox
from inboxes.providers.base import CursorExpired, FolderGone, MailProvider, RemoteFolder
from logging_rules.engine import Code, Decision, decide_page
from logging_rules.facts import Level, Preset, Setting
from logging_rules.in_force import policy_of
from logging_rules.intake import facts_of_page
from logging_rules.models import WorkspacePolicy
from logging_rules.queries import everybody_inside

SALT = "logging_rules.dry_run"
MAX_AGE = timedelta(hours=6)
SAMPLES_PER_OUTCOME = 2


@dataclass(slots=True)
class DryRunState:
    """How far the scan has come: finished folders and the current one by digest, the provider's cursors, the counts so far.

    `since` is an ISO time, or empty for all of the past; `counts` are by preset and decision code.
    """

    inbox_id: int
    since: str = ""
    finished: list[str] = field(default_factory=list)
    folder: str = ""
    anchor: str = ""
    cursor: str = ""
    scanned: int = 0
    counts: dict[str, dict[str, int]] = field(default_factory=lambda: {preset: {} for preset in Preset})

    @classmethod
    def start(cls, inbox: Inbox, *, since: datetime | None) -> "DryRunState":
        return cls(inbox.pk, since=since.isoformat() if since else "")

    @classmethod
    def from_signed(cls, text: str, inbox: Inbox) -> "DryRunState":
        """Raises `signing.BadSignature` for a text that is not ours, too old, or of another inbox."""
        state = cls(**signing.loads(text, salt=SALT, max_age=MAX_AGE))
        if state.inbox_id != inbox.pk:
            raise signing.BadSignature("a dry run of another inbox")
        return state

    def signed(self) -> str:
        return signing.dumps(asdict(self), salt=SALT, compress=True)

    @property
    def window_start(self) -> datetime | None:
        return datetime.fromisoformat(self.since) if self.since else None


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
    """One page further. `remaining` is the provider's estimate for the folder being read; when `done` there is no next step."""

    state: DryRunState
    samples: list[Sample]
    remaining: int
    done: bool


def scan_step(provider: MailProvider, inbox: Inbox, state: DryRunState) -> DryRunStep:
    """Reads the headers of the next page and counts it under every preset. Raises `ProviderError` when the mailbox cannot be read."""
    state = deepcopy(state)
    folder = _current_folder(provider.folders(), state)
    if folder is None:
        return DryRunStep(state, samples=[], remaining=0, done=True)
    try:
        if not state.anchor:
            state.anchor = provider.anchor(folder)
        page = provider.backfill_page(folder, state.cursor, anchor=state.anchor, since=state.window_start)
    except (CursorExpired, FolderGone):
        _finish(state)
        return DryRunStep(state, samples=[], remaining=0, done=False)
    decisions = decide_under_each_preset(inbox, page.envelopes, since=state.window_start)
    state.scanned += len(page.envelopes)
    for preset, decided in decisions.items():
        codes = Counter(state.counts[preset]) + Counter(decision.code for decision in decided)
        state.counts[preset] = dict(codes)
    stands_still = page.cursor == state.cursor
    state.cursor = page.cursor
    if page.done or stands_still:
        _finish(state)
    return DryRunStep(state, _samples(page.envelopes, decisions), remaining=page.remaining, done=False)


def _current_folder(folders: Sequence[RemoteFolder], state: DryRunState) -> RemoteFolder | None:
    """The folder the scan is in, or the next one, noted in the state; None when all are read."""
    waiting = {digest: folder for folder in folders if (digest := _digest(folder)) not in state.finished}
    if state.folder in waiting:
        return waiting[state.folder]
    state.folder, state.anchor, state.cursor = next(iter(waiting), ""), "", ""
    return waiting.get(state.folder)


def _finish(state: DryRunState) -> None:
    state.finished.append(state.folder)
    state.folder, state.anchor, state.cursor = "", "", ""


def _digest(folder: RemoteFolder) -> str:
    """Folder names can be telling; the browser needs none."""
    return blake2b(folder.remote_id.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def decide_under_each_preset(
    inbox: Inbox, envelopes: Sequence[Envelope], *, since: datetime | None
) -> dict[Preset, list[Decision]]:
    """The inbox's other settings hold; being paused or not yet started does not. A constant number of queries."""
    workspace = WorkspacePolicy.objects.current()
    policy = replace(policy_of(inbox, workspace), history_since=since, paused=False)
    facts = facts_of_page(inbox, envelopes, workspace, everybody_inside(), with_conversations=True)
    return {
        preset: decide_page(envelopes, deepcopy(facts), replace(policy, preset=Setting(preset, Level.INBOX)))
        for preset in Preset
    }


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
