"""Handling one page of envelopes: decide, fetch the bodies of what is logged, or kept for a team, write it down.

A page ends in one transaction that holds everything, the cursor included. Only a page with more mail to store than should be in
memory at once writes some of it ahead, without the cursor: after a crash the page is listed again and finds it in the ledger.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Generic

from django.db import transaction

from inboxes import notices
from inboxes.envelope import Envelope
from inboxes.mime.content import Content, Unread
from inboxes.models import Folder, FolderState, HandledPage, Inbox, LedgerEntry, LedgerState
from inboxes.providers.base import (
    MessageGone,
    PaceReached,
    Page,
    ProviderError,
    RateLimited,
    RawMessage,
    RemoteFolder,
    TemporarilyUnavailable,
)
from inboxes.sync import handled
from inboxes.sync.counting import Tally, add_to_days, codes_of, day_of, given_before, oldest_day, take_from_days
from inboxes.sync.intake import SkippedMail, StoredMail, V
from inboxes.sync.isolation import NOT_OF_ONE_MESSAGE, isolate, persistently
from inboxes.sync.ledger import Failure, record_failures, settled, state_of_stored
from inboxes.sync.listed import news_of
from inboxes.sync.reading_ahead import Reading, read_ahead
from inboxes.sync.recovering import Missed, missed_in, note_missed
from inboxes.sync.rekeying import Rekeyed, match_logged, rewrite_keys
from inboxes.sync.slice import Slice, SliceOver
from inboxes.sync.storing import MailToStore, store_mails, stored_once
from inboxes.sync.team import kept_among

CHUNK_MAILS = 125
CHUNK_WEIGHT = 8_000_000
"""Mails are written when there are so many, or so many bytes of them: what a worker holds in memory stays bounded, and while it
writes, the next are read. A chunk costs as much as thirty mails more."""

WORTH_WRITING = 100
"""A slice whose time is up goes on until so many bodies came,"""

OVERTIME = timedelta(seconds=60)
"""but no longer: it would be killed at last, as would the next one, and nothing of either be kept."""

CAREFUL_AFTER = 2
"""After so many failed slices in a row bodies are fetched one by one, to find a message that breaks the connection."""

COULD_NOT_DECIDE = "could_not_decide"
COULD_NOT_STORE = "could_not_store"


@dataclass(slots=True)
class Conclusion(Generic[V]):
    """What is true once a page is handled: the folder's `moves`, the codes by day, what was skipped (with its code), what failed.

    `again`: the messages had ledger rows before, which those that are skipped now lose. `before`: the codes that these decisions
    take the place of, None for mails decided for the first time. `logged_before`: mails that were listed once more and are stored.
    `missed` came during an outage; `sifted` were skipped without looking at them; `foreign` are counted
    nowhere; `back` and `undecided`: see `News`.
    """

    moves: Mapping[str, Any]
    again: bool = False
    before: Tally | None = None
    tally: Tally = field(default_factory=Counter)
    skipped: dict[str, SkippedMail[V]] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    rekeyed: list[Rekeyed] = field(default_factory=list)
    logged_before: list[StoredMail[V]] = field(default_factory=list)
    missed: Missed = field(default_factory=dict)
    sifted: Sequence[str] = ()
    foreign: Sequence[str] = ()
    back: Sequence[str] = ()
    undecided: Sequence[str] = ()
    along: Callable[[], None] = lambda: None


def handle_page(
    run: Slice[V],
    folder: Folder,
    remote: RemoteFolder,
    page: Page,
    *,
    moves: Mapping[str, Any],
    again: bool = False,
    presumed: Mapping[str, str] | None = None,
    along: Callable[[], None] = lambda: None,
) -> None:
    """Records every message of the page as logged, skipped or failed, and moves the folder.

    `again` says that the page holds messages of the ledger that are due for another try, `presumed` that
    their owner has changed their marks: those that were skipped before are taken to have had these codes. `along` is done in the
    transaction that concludes the page. Raises `LeaseLost`,
    `SystemFault`, `SliceOver`, `DecisionOutdated` and provider errors; then the page is not concluded, and may be handled again.
    """
    conclusion: Conclusion[V] = Conclusion(moves, again or presumed is not None, along=along)
    if run.keeps_keys and not conclusion.again:
        news = news_of(run, folder, remote, page)
        _look_again(run, folder, remote, news.filtered)
        page = news.page
        conclusion.sifted, conclusion.foreign = page.sifted, page.foreign
        conclusion.back, conclusion.undecided = news.back, news.undecided
    conclusion.missed = missed_in(run, folder, page, again=conclusion.again, is_new_mail="live_cursor" in moves)
    conclusion.failures += [Failure(message.remote_id, message.reason) for message in page.unreadable]
    envelopes = list({envelope.remote_id: envelope for envelope in page.envelopes}.values())
    if folder.state == FolderState.RECONCILING:
        envelopes, conclusion.rekeyed = match_logged(folder, envelopes)
    if presumed is not None:
        conclusion.before = given_before(folder, envelopes, presumed)
    mails = _decide(run, envelopes, conclusion)
    if not conclusion.again:
        mails = _without_settled(run, folder, mails, conclusion)
    conclusion.tally = _tally(page.envelopes, conclusion) + _tally_of_sifted(run, folder, page)
    PageWriter(run, folder, conclusion).write(_with_bodies(run, remote, mails))


def _tally(envelopes: Sequence[Envelope], conclusion: Conclusion[V]) -> Tally:
    """What was skipped, and logged mail that was found again."""
    tally = Counter((day_of(mail.envelope), mail.verdict.code) for mail in conclusion.skipped.values())
    days = {envelope.remote_id: day_of(envelope) for envelope in envelopes} if conclusion.rekeyed else {}
    tally.update((days[row.remote_id], row.code) for row in conclusion.rekeyed)
    return tally


def _tally_of_sifted(run: Slice[V], folder: Folder, page: Page) -> Tally:
    """Nobody looked at when they were sent. They are counted with the oldest mail of their page, or else with the oldest so far."""
    if not page.sifted:
        return Counter()
    days = [day_of(envelope) for envelope in page.envelopes]
    day = min(days, default=None) or oldest_day(folder) or run.clock().astimezone(UTC).date()
    return Counter({(day, run.intake.code_of_strangers): len(page.sifted)})


def _decide(run: Slice[V], envelopes: Sequence[Envelope], conclusion: Conclusion[V]) -> list[MailToStore[V]]:
    """The mails to store; the others are noted in the conclusion."""
    to_store: list[MailToStore[V]] = []

    def decide(part: Sequence[Envelope]) -> None:
        verdicts = run.intake.decide(part) if conclusion.before is None else run.intake.decide_anew(part)
        for envelope, verdict in list(zip(part, verdicts, strict=True)):
            if verdict.log or verdict.kept:
                to_store.append(MailToStore(envelope, verdict, envelope.fingerprint))
            else:
                conclusion.skipped[envelope.remote_id] = SkippedMail(envelope, verdict)
        run.note_local_success()

    for envelope in isolate(envelopes, decide):
        run.note_local_fault()
        conclusion.failures.append(Failure(envelope.remote_id, COULD_NOT_DECIDE))
    return to_store


def _look_again(run: Slice[V], folder: Folder, remote: RemoteFolder, filtered: Sequence[str]) -> None:
    """Decides mails anew that a team's list leaves out, and that something happened to: they may have left the junk folder."""
    for start in range(0, len(filtered), run.batch):
        envelopes, _ = run.provider.envelopes(remote, filtered[start : start + run.batch])
        handle_page(run, folder, remote, Page(envelopes, cursor="", done=True), moves={}, presumed={})


def _without_settled(
    run: Slice[V], folder: Folder, mails: list[MailToStore[V]], conclusion: Conclusion[V]
) -> list[MailToStore[V]]:
    """Leaves out what has a ledger row, and so is counted there: stored before, or waiting for its own next try.

    Mail that was only kept for a team, and would be logged by now, is not left out.
    """
    remote_ids = [mail.envelope.remote_id for mail in mails] + [failure.remote_id for failure in conclusion.failures]
    known = settled(folder, {*remote_ids, *conclusion.skipped} - {*conclusion.undecided})
    conclusion.skipped = {key: mail for key, mail in conclusion.skipped.items() if key not in known}
    conclusion.failures = [failure for failure in conclusion.failures if failure.remote_id not in known]
    kept = kept_among(run.inbox, [stored.message_pk for stored in known.values() if stored])
    to_store = [mail for mail in mails if mail.envelope.remote_id not in known]
    for mail in mails:
        stored = known.get(mail.envelope.remote_id)
        if stored is None or not mail.verdict.log:
            continue
        if stored.message_pk not in kept:
            before = StoredMail(mail.envelope, mail.verdict, stored.message_pk, stored.thread_pk, is_new=False)
            conclusion.logged_before.append(before)
        elif stored.state != LedgerState.RETRYING:
            to_store.append(replace(mail, code_before=stored.code))
    return to_store


def _with_bodies(
    run: Slice[V], remote: RemoteFolder, mails: Sequence[MailToStore[V]]
) -> Generator[MailToStore[V] | Failure, None, None]:
    """The mails ready to be stored. A body is fetched only of e-mails that are not stored yet, whichever inbox they came from, or that
    are guarded."""
    stored = stored_once(run.inbox, [mail.fingerprint for mail in mails])
    missing = []
    for mail in mails:
        if mail.fingerprint in stored and (stored[mail.fingerprint] or not mail.verdict.store_attachments):
            yield mail
        else:
            missing.append(mail)
    one_by_one = run.inbox.failures >= CAREFUL_AFTER
    for part in [[mail] for mail in missing] if one_by_one else [missing]:
        yield from _fetch(run, remote, part, blame_message=one_by_one)


def _fetch(
    run: Slice[V], remote: RemoteFolder, mails: Sequence[MailToStore[V]], *, blame_message: bool
) -> Iterator[MailToStore[V] | Failure]:
    if not mails:
        return
    waiting = {mail.envelope.remote_id: mail for mail in mails}
    run.reader.expect(len(mails))
    read = partial(_read, run, dict(waiting))
    try:
        with closing(read_ahead(_bodies(run, remote, list(waiting)), read)) as readings:
            for reading in readings:
                if mail := waiting.pop(reading.remote_id, None):
                    yield _with_content(run, mail, reading)
    except PaceReached:
        # What is decided is not asked for again: the rest is fetched from the ledger, before anything else.
        yield from (Failure(remote_id, PaceReached.cause) for remote_id in waiting)
        return
    except ProviderError as error:
        if blame_message and _is_the_connection(error):
            yield Failure(mails[0].envelope.remote_id, error.cause)
        raise
    yield from (Failure(remote_id, MessageGone.cause) for remote_id in waiting)


def _bodies(run: Slice[V], remote: RemoteFolder, remote_ids: Sequence[str]) -> Iterator[RawMessage]:
    """The lease is kept however slowly they come; what was not asked for is not looked at.

    Raises `SliceOver` once the time is up, but not before enough came to be worth a transaction, or it takes too long.
    """
    wanted, came = frozenset(remote_ids), 0
    for raw in run.provider.bodies(remote, remote_ids):
        run.lease.keep()
        if raw.remote_id in wanted:
            yield raw
            came += 1
        if run.is_over and (came >= WORTH_WRITING or run.clock() >= run.deadline + OVERTIME):
            raise SliceOver


def _read(
    run: Slice[V], mails: Mapping[str, MailToStore[V]], messages: Sequence[RawMessage]
) -> list[Content | Exception]:
    return run.reader.read(
        [
            Unread(message.raw, message.partial, mails[message.remote_id].verdict.store_attachments)
            for message in messages
        ]
    )


def _is_the_connection(error: ProviderError) -> bool:
    """A message can break the connection; a pause, a refused password or a renumbered folder are nothing it could cause."""
    return isinstance(error, TemporarilyUnavailable) and not isinstance(error, RateLimited)


def _with_content(run: Slice[V], mail: MailToStore[V], reading: Reading) -> MailToStore[V] | Failure:
    """The lease is kept however long the e-mails of a batch take: each of them may be one that `guard` allows a minute."""
    contents = []
    for _ in isolate([reading], lambda part: contents.append(part[0].content(meanwhile=run.lease.keep))):
        run.note_local_fault()
        return Failure(mail.envelope.remote_id, COULD_NOT_STORE)
    run.note_local_success()
    return replace(mail, content=contents[0])


class PageWriter(Generic[V]):
    """Writes the mails of a page as they come in, and its conclusion with the last of them."""

    def __init__(self, run: Slice[V], folder: Folder, conclusion: Conclusion[V]) -> None:
        self._run = run
        self._folder = folder
        self._conclusion = conclusion
        self._waiting: list[MailToStore[V]] = []
        self._weight = 0

    def write(self, mails: Generator[MailToStore[V] | Failure, None, None]) -> None:
        try:
            with closing(mails):
                for mail in mails:
                    if isinstance(mail, Failure):
                        self._conclusion.failures.append(mail)
                    else:
                        self._collect(mail)
        except (ProviderError, SliceOver):
            # What came through is kept, so that the next try begins behind it.
            self._write_ahead()
            self._commit([], Conclusion(moves={}, failures=self._conclusion.failures))
            raise
        self._conclude()

    def _collect(self, mail: MailToStore[V]) -> None:
        if self._is_full:
            self._write_ahead()
        self._waiting.append(mail)
        self._weight += mail.content.weight if mail.content else 0
        if self._is_full and self._run.is_over:
            raise SliceOver

    @property
    def _is_full(self) -> bool:
        return len(self._waiting) >= CHUNK_MAILS or self._weight >= CHUNK_WEIGHT

    def _conclude(self) -> None:
        try:
            self._commit(self._waiting, self._conclusion)
        except NOT_OF_ONE_MESSAGE:
            raise
        except Exception:  # noqa: BLE001 - one of the mails cannot be stored: find it, and conclude without it
            self._write_ahead()
            self._commit([], self._conclusion)

    def _write_ahead(self) -> None:
        mails, self._waiting, self._weight = self._waiting, [], 0
        for mail in isolate(mails, self._commit):
            self._conclusion.failures.append(Failure(mail.envelope.remote_id, COULD_NOT_STORE))
            self._run.note_local_fault()

    def _commit(self, mails: Sequence[MailToStore[V]], conclusion: Conclusion[V] | None = None) -> None:
        """One transaction. The codes of stored mails are counted with their ledger rows, the others with the conclusion."""
        stored = Counter((day_of(mail.envelope), mail.verdict.code) for mail in mails)
        tally = stored + (conclusion.tally if conclusion else Counter())
        codes = codes_of(tally)
        moves = conclusion.moves if conclusion else {}
        before = Counter((day_of(mail.envelope), mail.code_before) for mail in mails if mail.code_before)
        before += (conclusion.before if conclusion else None) or Counter()
        changes = {**moves, "counts": dict(Counter(self._folder.counts) + codes - codes_of(before))}
        persistently(partial(self._transact, mails, conclusion, tally, before, changes))
        for name, value in changes.items():
            setattr(self._folder, name, value)
        self._run.counts += codes
        if conclusion and (skipped := self._run.skipped_keys.get(self._folder.pk)):
            skipped.add([*conclusion.skipped, *conclusion.sifted, *conclusion.foreign])
        self._run.note_local_success()

    @transaction.atomic
    def _transact(
        self,
        mails: Sequence[MailToStore[V]],
        conclusion: Conclusion[V] | None,
        tally: Tally,
        before: Tally,
        changes: Mapping[str, Any],
    ) -> None:
        now = self._run.clock()
        self._run.lease.guard()
        intake, anew = self._run.intake, self._conclusion.before is not None
        store_mails(self._run.inbox, self._folder, mails, intake=intake, now=now, anew=anew)
        if anew:
            handled.forget(self._folder, [mail.envelope.remote_id for mail in mails])
        if conclusion:
            intake.record_again(conclusion.logged_before)
            intake.record_skipped(self._folder, list(conclusion.skipped.values()))
            _record(self._run.inbox, self._folder, conclusion, now)
            conclusion.along()
        self._note_missed(mails, conclusion)
        take_from_days(self._folder, before)
        add_to_days(self._folder, tally)
        Folder.objects.filter(pk=self._folder.pk).update(**changes)

    def _note_missed(self, mails: Sequence[MailToStore[V]], conclusion: Conclusion[V] | None) -> None:
        kept = [mail.envelope.remote_id for mail in mails if not mail.verdict.log]
        note_missed(
            self._folder,
            self._conclusion.missed,
            logged=[mail.envelope.remote_id for mail in mails if mail.verdict.log],
            skipped=[*kept, *conclusion.skipped, *conclusion.sifted] if conclusion else kept,
            failed=[failure.remote_id for failure in conclusion.failures] if conclusion else (),
        )


def _record(inbox: Inbox, folder: Folder, conclusion: Conclusion[V], now: datetime) -> None:
    """Everything of a conclusion but the folder's own row."""
    if conclusion.before is not None:
        handled.forget(folder, conclusion.skipped)
    if skipped := [*conclusion.skipped, *conclusion.sifted, *conclusion.foreign]:
        HandledPage.objects.create(folder=folder, digests=handled.pack(skipped))
    ledger = LedgerEntry.objects.filter(folder=folder)
    if conclusion.again:
        ledger.filter(remote_id__in=list(conclusion.skipped)).delete()
    if conclusion.undecided:
        ledger.filter(remote_id__in=conclusion.undecided, state=LedgerState.GONE).delete()
    if conclusion.back:
        ledger.filter(remote_id__in=conclusion.back, state=LedgerState.GONE).update(state=state_of_stored(), cause="")
    rewrite_keys(folder, conclusion.rekeyed)
    if record_failures(folder, conclusion.failures, now=now):
        notices.tell_of_quarantine(inbox, now=now)
