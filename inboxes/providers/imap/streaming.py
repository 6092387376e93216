"""Fetching many messages: two commands in flight, bad messages isolated, and a lost connection taken up where it broke."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from inboxes.providers.base import RateLimited, TemporarilyUnavailable
from inboxes.providers.imap.connection import translated_errors
from inboxes.providers.imap.errors import Phase, recognise
from inboxes.providers.imap.fetch import BadRow, Completion, Row, read_rows
from inboxes.providers.imap.session import OpenFolder, Session

COMMANDS_IN_FLIGHT = 2
# RFC 2683, 3.2.1.5 asks for short lines and servers cut at 8,000 to 65,000; contiguous UIDs need a dozen bytes.
LONGEST_UID_SET = 7_500
# A message that ends the connection costs two reconnects, the cut and the proof that it is this message; up to 14 where the server
# loses the answers before it too.
RECONNECTS = 16
# Bisecting 2,500 messages down to one takes 12 refusals in a row; more means that the server refuses everything.
REFUSALS_IN_A_ROW = 40


class Failed(NamedTuple):
    """A message that could not be fetched; `reason` is a stable code of `inboxes.causes`."""

    uid: int
    reason: str


def uid_set(uids: Sequence[int]) -> bytes:
    """`[1, 2, 3, 7]` → `1:3,7`. The UIDs must ascend."""
    parts, first = [], 0
    for position, uid in enumerate(uids):
        first = first or uid
        if position + 1 == len(uids) or uids[position + 1] != uid + 1:
            parts.append(b"%d:%d" % (first, uid) if uid > first else b"%d" % uid)
            first = 0
    return b",".join(parts)


def chunks(uids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """Ascending parts of at most `size` UIDs whose sets fit in a command line."""
    for start in range(0, len(uids), size):
        yield from _short_enough(uids[start : start + size])


def _short_enough(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    if len(uid_set(uids)) <= LONGEST_UID_SET:
        yield uids
    else:
        middle = len(uids) // 2
        yield from _short_enough(uids[:middle])
        yield from _short_enough(uids[middle:])


class Stream:
    """One run of UID FETCH over chunks of UIDs in one folder."""

    def __init__(self, session: Session, folder: OpenFolder, items: bytes, *, keep: int | None = None) -> None:
        self._session = session
        self._folder = folder
        self._items = items
        self._keep = keep
        self._wants_body = b"BODY" in items
        self._waiting: deque[Sequence[int]] = deque()
        self._flying: deque[tuple[bytes, Sequence[int]]] = deque()
        self._missing: set[int] = set()
        self._suspects: set[int] = set()
        self._refused: list[int] = []
        self._reconnects = self._refusals = 0

    def fetch(self, uid_chunks: Iterable[Sequence[int]]) -> Iterator[Row | Failed]:
        """A row or a failure for each UID, in the server's order. UIDs the server passes over come out as `not_returned`.

        Raises when the folder is gone, the server asks for a pause, or the connection cannot be had again; what was yielded
        until then is whole. Stopping early drops the connection, since answers would still be on their way.
        """
        self._waiting.extend(uid_chunks)
        self._missing.update(uid for chunk in self._waiting for uid in chunk)
        try:
            if self._waiting:
                opening = self._session.begin_selecting(self._folder)
                self._fill()
                self._session.finish_selecting(self._folder, opening)
            while self._waiting or self._flying:
                try:
                    self._fill()
                    yield from self._read_to_completion()
                except TemporarilyUnavailable as error:
                    yield from self._take_up_again(error)
            yield from self._report_refused()
        finally:
            if self._flying:
                self._session.discard()

    def _fill(self) -> None:
        while self._waiting and len(self._flying) < COMMANDS_IN_FLIGHT:
            chunk = self._waiting.popleft()
            self._flying.append((b"", chunk))
            tag = self._session.connection.send(b"UID FETCH " + uid_set(chunk) + b" " + self._items)
            self._flying[-1] = (tag, chunk)

    def _read_to_completion(self) -> Iterator[Row | Failed]:
        missing = self._missing
        wire = self._session.connection.wire
        with translated_errors():
            for item in read_rows(wire, keep=self._keep):
                if type(item) is Row:
                    # Without a body it is a flag change somebody else made meanwhile.
                    if item.uid in missing and (item.body is not None or not self._wants_body):
                        missing.discard(item.uid)
                        yield item
                elif isinstance(item, Completion):
                    yield from self._complete(item)
                    return
                elif isinstance(item, BadRow) and item.uid in missing:
                    missing.discard(item.uid)
                    yield Failed(item.uid, "malformed_answer")

    def _complete(self, completion: Completion) -> Iterator[Failed]:
        chunk = next((chunk for tag, chunk in self._flying if tag == completion.tag), None)
        if chunk is None:
            raise TemporarilyUnavailable("protocol_error")
        self._flying.remove((completion.tag, chunk))
        left = [uid for uid in chunk if uid in self._missing]
        if completion.status[:3].upper() == b"OK ":
            self._refusals = 0
            yield from self._report_refused()
            yield from self._give_up(left, "not_returned")
            return
        error = recognise(completion.status, Phase.COMMAND)
        # "Server error, try again later" is how Yahoo and iCloud speak of a single message they cannot read.
        if error is not None and type(error) is not TemporarilyUnavailable:
            raise error
        self._bisect(left, progress=len(left) < len(chunk))

    def _bisect(self, left: Sequence[int], *, progress: bool) -> None:
        self._refusals = 0 if progress else self._refusals + 1
        if self._refusals > REFUSALS_IN_A_ROW:
            raise TemporarilyUnavailable("server_refused")
        if len(left) == 1:
            self._missing.discard(left[0])
            self._refused.append(left[0])
        elif left:
            middle = len(left) // 2
            self._waiting.extendleft((left[middle:], left[:middle]))

    def _report_refused(self) -> Iterator[Failed]:
        """Refusals count against a message only once the server has answered for another, or nothing else was left to ask."""
        refused, self._refused = self._refused, []
        return (Failed(uid, "refused_by_server") for uid in refused)

    def _take_up_again(self, error: TemporarilyUnavailable) -> Iterator[Failed]:
        """After a cut: reconnect and go on, closing in on a message that may have caused it."""
        hopeless = isinstance(error, RateLimited) or error.cause == "server_refused"
        if hopeless or not self._flying or self._reconnects >= RECONNECTS:
            raise error
        self._reconnects += 1
        (_, cut_chunk), *others = self._flying
        self._flying.clear()
        self._session.reopen(self._folder)
        self._waiting.extendleft(chunk for _, chunk in reversed(others))
        left = [uid for uid in cut_chunk if uid in self._missing]
        if len(left) == 1 and left[0] in self._suspects:
            yield from self._give_up(left, "connection_lost_at_message")
        elif left:
            self._waiting.extendleft(reversed(self._narrowed(left, progress=len(left) < len(cut_chunk))))

    def _narrowed(self, left: Sequence[int], *, progress: bool) -> list[Sequence[int]]:
        """Servers answer in order, so the first message that is missing is the suspect and is asked for alone; of a chunk that
        brought nothing at all, any may be."""
        if progress or len(left) == 1:
            self._suspects.add(left[0])
            return [part for part in (left[:1], left[1:]) if part]
        middle = len(left) // 2
        return [left[:middle], left[middle:]]

    def _give_up(self, uids: Sequence[int], reason: str) -> Iterator[Failed]:
        self._missing.difference_update(uids)
        for uid in uids:
            yield Failed(uid, reason)
