"""A mailbox behind the Gmail API as a `MailProvider`: one folder, history ids as cursors, headers before bodies."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Self

from inboxes.envelope import Envelope
from inboxes.marks import MarkNames, MarkSource
from inboxes.providers.base import (
    AccessToken,
    CursorExpired,
    Interest,
    MarkedMessage,
    MarksFound,
    MessageGone,
    NoPace,
    Pace,
    Page,
    ProviderError,
    RawMessage,
    ReconnectRequired,
    RemoteFolder,
    SearchQuery,
    TemporarilyUnavailable,
    Unreadable,
)
from inboxes.providers.gmail import labels, queries
from inboxes.providers.gmail.client import Call, Client
from inboxes.providers.gmail.cursors import LiveCursor, MarksCursor, PastCursor
from inboxes.providers.gmail.history import HistoryPage, read_history
from inboxes.providers.gmail.labels import LabelNames
from inboxes.providers.gmail.listing import PAGE, all_ids, history_call
from inboxes.providers.gmail.messages import (
    LARGEST_BODY,
    date_call,
    partial_call,
    partial_message,
    raw_call,
    raw_message,
    received_at,
)
from inboxes.providers.gmail.past import Past, Sieve
from inboxes.providers.gmail.reading import NOT_READABLE, Reading

PAGE_MESSAGES = 25
"""Headers read for one page: with the bodies of all of them it costs 1,000 units. What was listed beyond them is in the cursor."""


@dataclass(frozen=True, slots=True)
class GmailSettings:
    """`address`: whose mailbox the token is expected to open, or an address that its owner writes as; empty: anybody's.

    `with_junk`: what has the label SPAM is worth syncing, too. `only`: the normal form of another address whose mail arrives in that
    mailbox, an alias or a group; then nothing is shown but mail of this address, and no other body is ever asked for.
    """

    api_root: str
    address: str = ""
    with_junk: bool = False
    only: str = ""


class GmailProvider:
    """See `MailProvider`. All mail lies in one folder, `labels.MAILBOX`; drafts, trash and, unless it is to be read `with_junk`, spam
    are places to search only."""

    def __init__(
        self,
        settings: GmailSettings,
        token: AccessToken,
        pace: Pace | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._client = Client(settings.api_root, token, pace or NoPace(), now=now)
        self._now = now
        self._past = Past(self._client, now=now, with_junk=settings.with_junk, only=settings.only)
        self._hidden = labels.HIDDEN_BUT_SPAM if settings.with_junk else labels.NOT_MAIL
        self._seen: HistoryPage | None = None
        self._label_names: LabelNames | None = None
        self._sizes: dict[str, int] = {}
        self._interruption: ProviderError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def begin(self) -> None:
        """Nothing is under way between two requests."""

    def folders(self, known: Sequence[str] = ()) -> list[RemoteFolder]:
        return [labels.MAILBOX]

    def searchable_folders(self) -> list[RemoteFolder]:
        return [labels.MAILBOX, *labels.PLACES]

    def survey(self, folders: Sequence[RemoteFolder], *, since: datetime | None) -> None:
        """Nothing to be had in one go."""

    def anchor(self, folder: RemoteFolder) -> str:
        labels.check_known(folder)
        address, history_id = self._profile()
        self._check_owner(address)
        return str(history_id)

    def unchanged(self, cursors: Mapping[str, str]) -> set[str]:
        self._seen = None
        try:
            at = LiveCursor.parse(cursors.get(labels.MAILBOX.remote_id, ""))
            if not at.is_plain:
                return set()
            self._seen = self._history(at)
        except CursorExpired:
            return set()
        return {labels.MAILBOX.remote_id} if self._seen.is_quiet and self._seen.end <= at.start else set()

    def live_page(self, folder: RemoteFolder, cursor: str) -> Page:
        labels.check_known(folder)
        self._raise_interruption()
        at, touched = LiveCursor.parse(cursor), list[str]()
        if not at.rest:
            at, touched = self._follow(at)
        taken = at.rest[:PAGE_MESSAGES]
        reading = self._read(folder, taken)
        after = at.left(reading.rest(at.rest))
        page = self._concluded(self._page_of(reading, taken), reading, before=cursor, after=str(after))
        page.done, page.remaining, page.touched = after.is_plain, len(after.rest), touched
        return page

    def backfill_page(
        self,
        folder: RemoteFolder,
        cursor: str,
        *,
        anchor: str,
        since: datetime | None,
        interest: Interest | None = None,
    ) -> Page:
        labels.check_known(folder)
        self._raise_interruption()
        pinned, first_second = LiveCursor.parse(anchor).start, queries.seconds(since) if since else 0
        at, sifted = self._past.begin(first_second) if not cursor else PastCursor.parse(cursor), list[str]()
        if not at.rest and not at.finished:
            at, sifted = self._past.list_next(at, pinned, first_second, self._sieve(interest))
        taken = at.rest[:PAGE_MESSAGES]
        reading = self._read(folder, taken)
        after = replace(at, rest=reading.rest(at.rest))
        page = self._concluded(self._page_of(reading, taken), reading, before=cursor, after=str(after))
        page.done, page.remaining, page.sifted = after.finished and not after.rest, after.remaining, sifted
        return page

    def envelopes(self, folder: RemoteFolder, remote_ids: Sequence[str]) -> tuple[list[Envelope], list[Unreadable]]:
        labels.check_known(folder)
        page = self._read_all(folder, list(dict.fromkeys(remote_ids)))
        return page.envelopes, page.unreadable

    def bodies(self, folder: RemoteFolder, remote_ids: Sequence[str]) -> Iterator[RawMessage]:
        labels.check_known(folder)
        for remote_id in self._of_address(folder, list(dict.fromkeys(remote_ids))):
            try:
                if self._sizes.get(remote_id, 0) > LARGEST_BODY:
                    yield partial_message(self._client.run(partial_call(remote_id)), remote_id)
                else:
                    yield raw_message(self._client.run(raw_call(remote_id)), remote_id)
            except MessageGone:
                continue

    def remote_ids(self, folder: RemoteFolder, *, since: datetime | None) -> set[str]:
        labels.check_known(folder)
        self._seen = None
        first_second, wanted = queries.seconds(since) if since else 0, self._settings
        window = queries.window(first_second, with_junk=wanted.with_junk, only=wanted.only)
        return set(all_ids(self._client, window))

    def marks(self, folder: RemoteFolder, cursor: str, names: MarkNames) -> MarksFound | None:
        labels.check_known(folder)
        read_at = MarksCursor.parse(cursor)
        seen = self._seen or self._look_since(read_at.history_id)
        if seen and seen.is_quiet and read_at == (seen.start, names.digest):
            return None
        # Pinned before: a mark set meanwhile is looked for once more rather than never.
        pinned = seen.end if seen and not seen.next_page else self._profile()[1]
        self._label_names = None
        found = frozenset(
            MarkedMessage(remote_id, mark, MarkSource.LABEL)
            for label, mark in self._labels().marks(names).items()
            for remote_id in all_ids(self._client, queries.window(only=self._settings.only), label=label)
        )
        return MarksFound(found, str(MarksCursor(pinned, names.digest)))

    def search(self, folder: RemoteFolder, query: SearchQuery) -> list[Envelope]:
        labels.check_known(folder)
        before = self._second_of(query.below) if query.below else 0
        is_place = folder.remote_id != labels.MAILBOX.remote_id
        found = all_ids(
            self._client,
            queries.of_search(folder, query, before=before, only=self._settings.only),
            label=folder.remote_id if is_place else "",
            hidden=is_place,
        )
        ids = _behind(found, query.below) if query.below else found
        return self._read_all(folder, list(islice(ids, query.limit))).envelopes

    def _history(self, at: LiveCursor) -> HistoryPage:
        return read_history(self._client.run(history_call(at)), start=at.start, seen=at.top, hidden=self._hidden)

    def _follow(self, at: LiveCursor) -> tuple[LiveCursor, list[str]]:
        """Lists the next page of the history; returns what it touched."""
        seen, self._seen = self._seen, None
        if seen is None or not at.is_plain or seen.start != at.start:
            try:
                seen = self._history(at)
            except CursorExpired:
                if not at.page:
                    raise
                # It may be the token that died.
                at = at.without_page()
                seen = self._history(at)
        return at.listed(ids=seen.added, top=seen.top, end=seen.end, next_page=seen.next_page), seen.touched

    def _look_since(self, history_id: int) -> HistoryPage | None:
        try:
            return self._history(LiveCursor(history_id)) if history_id else None
        except CursorExpired:
            return None

    def _profile(self) -> tuple[str, int]:
        """The address and the historyId of this moment."""
        profile = self._client.run(Call("getProfile"))
        try:
            return str(profile["emailAddress"]), int(profile["historyId"])
        except NOT_READABLE:
            raise TemporarilyUnavailable("answer_not_understood") from None

    def _check_owner(self, address: str) -> None:
        """Raises `ReconnectRequired` when the token opens somebody else's mailbox."""
        wanted = self._settings.address.casefold()
        if not wanted or wanted == address.casefold():
            return
        written_as = self._client.run(Call("settings.sendAs.list")).get("sendAs", ())
        if wanted not in {str(alias.get("sendAsEmail", "")).casefold() for alias in written_as}:
            raise ReconnectRequired("other_account")

    def _second_of(self, remote_id: str) -> int:
        """Raises `CursorExpired` when the message is gone."""
        try:
            return queries.seconds(received_at(self._client.run(date_call(remote_id))))
        except MessageGone:
            raise CursorExpired from None
        except NOT_READABLE:
            raise TemporarilyUnavailable("answer_not_understood") from None

    def _sieve(self, interest: Interest | None) -> Sieve | None:
        if interest is None:
            return None
        return Sieve(interest.addresses, frozenset(self._labels().marks(interest.mark_names)))

    def _labels(self, *, needed: Collection[str] = ()) -> LabelNames:
        """All labels, asked for anew when one is needed that was not there before."""
        if self._label_names is None or not self._label_names.know(needed):
            self._label_names = LabelNames.read(self._client.run(Call("labels.list")))
        return self._label_names

    def _read(self, folder: RemoteFolder, ids: Sequence[str]) -> Reading:
        reading = Reading(folder, now=self._now(), hidden=self._hidden, only=self._settings.only)
        if ids:
            self._labels()
            reading.ask(self._client, ids)
        return reading

    def _read_all(self, folder: RemoteFolder, ids: Sequence[str]) -> Page:
        reading = self._read(folder, ids)
        if reading.error is not None:
            raise reading.error
        return self._page_of(reading, ids)

    def _page_of(self, reading: Reading, ids: Sequence[str]) -> Page:
        names = self._labels(needed=reading.label_ids).of_owner if ids else {}
        page = reading.page(ids, names)
        self._sizes |= {envelope.remote_id: envelope.size for envelope in page.envelopes}
        return page

    def _of_address(self, folder: RemoteFolder, ids: list[str]) -> list[str]:
        """Those of the messages whose bodies may be asked for: all of them, unless it is about one address only."""
        if not self._settings.only:
            return ids
        self._read_all(folder, [one for one in ids if one not in self._sizes])
        return [one for one in ids if one in self._sizes]

    def _concluded(self, page: Page, reading: Reading, *, before: str, after: str) -> Page:
        """Raises what interrupted the reading if there is no progress to record, else with the next page."""
        if reading.error is not None and after == before:
            raise reading.error
        self._interruption = reading.error
        page.cursor = after
        return page

    def _raise_interruption(self) -> None:
        error, self._interruption = self._interruption, None
        if error is not None:
            raise error


def _behind(ids: Iterator[str], last: str) -> Iterator[str]:
    """What is listed behind the message `last`, which is near the top, among others of the same second."""
    top = list(islice(ids, PAGE))
    return chain(top[top.index(last) + 1 :] if last in top else top, ids)
