"""The connection a provider works through, reopened when it was lost, and the folder that is open in it."""

import contextlib
import re
from array import array
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from inboxes.providers.base import CursorExpired, ProviderError, RemoteFolder, TemporarilyUnavailable
from inboxes.providers.imap.connection import Answer, ImapConnection, ImapSettings, quoted
from inboxes.providers.imap.criteria import Criteria
from inboxes.providers.imap.errors import Phase, classify, recognise
from inboxes.providers.imap.folders import list_folders

_UIDVALIDITY = re.compile(rb"\* OK \[UIDVALIDITY (\d{1,10})", re.IGNORECASE)
_UIDNEXT = re.compile(rb"\* OK \[UIDNEXT (\d{1,10})", re.IGNORECASE)
_EXISTS = re.compile(rb"\* (\d{1,10}) EXISTS", re.IGNORECASE)
_STATUS = re.compile(rb"\* STATUS ", re.IGNORECASE)
_STATUS_ITEM = re.compile(rb"(UIDVALIDITY|UIDNEXT|MESSAGES|HIGHESTMODSEQ) (\d{1,20})", re.IGNORECASE)
_SEARCH = re.compile(rb"\* SEARCH\b", re.IGNORECASE)
_FLAGS = re.compile(rb"\* FLAGS \(([^()]*)\)", re.IGNORECASE)
LARGEST_UID = 0xFFFFFFFF
_NUMBER = re.compile(rb"\d{1,10}")
_LIMIT_REACHED = re.compile(rb"OK \[MESSAGELIMIT \d+ (\d{1,10})\]", re.IGNORECASE)


class OpenFolder(NamedTuple):
    """A folder as EXAMINE showed it. `uidnext` is above every UID that existed at that moment.

    `flags` are those its messages may carry, in lower case.
    """

    name: bytes
    uidvalidity: int
    uidnext: int
    flags: frozenset[bytes] = frozenset()


class Session:
    """Opens on first use. After an error that broke the connection, the next use opens a new one."""

    def __init__(self, settings: ImapSettings) -> None:
        self._settings = settings
        self._connection: ImapConnection | None = None
        self.selected: OpenFolder | None = None

    @property
    def connection(self) -> ImapConnection:
        if self._connection is None:
            self._connection = ImapConnection.open(self._settings)
        return self._connection

    def folders(self, *, with_dropped: bool = False) -> list[RemoteFolder]:
        """The folders worth syncing; `with_dropped`: and behind them drafts, junk and trash."""
        with self._dropping_broken():
            return list_folders(self.connection, with_dropped=with_dropped)

    def examine(self, name: bytes) -> OpenFolder:
        """Open a folder read-only. Raises `FolderGone`."""
        self.selected = None
        return self._opened(name, self.exchange(b"EXAMINE " + quoted(name)))

    def examine_and_search(
        self, name: bytes, low: int, high: int, criteria: bytes = b""
    ) -> tuple[OpenFolder, "array[int]"]:
        """`examine` and `search` in one round trip. Raises `FolderGone`."""
        self.selected = None
        with self._dropping_broken():
            opening, searching = self.connection.exchange_all(
                [b"EXAMINE " + quoted(name), _search_command(low, high, criteria)]
            )
        opened = self._opened(name, opening)
        return opened, self._search_on(_numbers_found(searching), low, high, criteria)

    def _opened(self, name: bytes, answer: Answer) -> OpenFolder:
        if not answer.ok:
            raise classify(answer.status, Phase.OPEN_FOLDER)
        exists = _first_number(answer, _EXISTS) or 0
        uidnext = _first_number(answer, _UIDNEXT)
        if uidnext is None:
            # NetEase and some bridges: the highest UID there is, plus one, is as good.
            known = self._search_once(b"UID SEARCH ALL")[0] if exists else ()
            uidnext = max(known, default=0) + 1
        self.selected = OpenFolder(name, _first_number(answer, _UIDVALIDITY) or 0, uidnext, _flags(answer))
        return self.selected

    def select(self, folder: OpenFolder) -> None:
        """Make sure this folder is the open one. Raises `CursorExpired` if its numbering is another one by now."""
        if self.selected is None or self.selected.name != folder.name:
            self.examine(folder.name)
        if self.selected is None or self.selected.uidvalidity != folder.uidvalidity:
            raise CursorExpired

    def reopen(self, folder: OpenFolder) -> None:
        """The same folder on a new connection."""
        self.discard()
        self.select(folder)

    def statuses(self, names: list[bytes]) -> list[Mapping[bytes, int]]:
        """What tells each folder's state, in one round trip; without the items a server does not tell or refuses."""
        items = b" (UIDNEXT UIDVALIDITY MESSAGES)"
        if "CONDSTORE" in self.connection.capabilities:
            items = items[:-1] + b" HIGHESTMODSEQ)"
        commands = [b"STATUS " + quoted(name) + items for name in names]
        if self.selected is not None and "UNSELECT" in self.connection.capabilities:
            # RFC 3501, 6.3.10: STATUS is not meant for the folder that is open.
            commands.insert(0, b"UNSELECT")
            self.selected = None
        with self._dropping_broken():
            answers = self.connection.exchange_all(commands)
        return [_status_items(answer) for answer in answers[-len(names) :]]

    def search(self, low: int, high: int, criteria: bytes = b"") -> "array[int]":
        """The UIDs from `low` to `high` that match, ascending. Complete also where the server answers in portions (RFC 9738)."""
        if low > high:
            return array("I")
        return self._search_on(self._search_once(_search_command(low, high, criteria)), low, high, criteria)

    def _search_on(self, answer: tuple["array[int]", int | None], low: int, high: int, criteria: bytes) -> "array[int]":
        """What the first answer holds, and what lies below where it ends."""
        found: array[int] = array("I")
        limit = self.connection.message_limit
        while True:
            part, lowest = answer
            part = array("I", (uid for uid in part if low <= uid <= high))
            found.extend(part)
            if lowest is None and limit and len(part) >= limit:
                lowest = min(part)
            if lowest is None or (high := min(high, lowest) - 1) < low:
                return array("I", sorted(set(found)))
            answer = self._search_once(_search_command(low, high, criteria))

    def search_matching(self, criteria: Criteria) -> "array[int]":
        """UIDs of the open folder, ascending. Raises a `ProviderError` with the cause `search_not_supported` when the server cannot
        search for text other than ASCII."""
        first, *literals = criteria.parts
        if not literals:
            return array("I", sorted(self._search_once(b"UID SEARCH" + (first[1] or b" ALL"))[0]))
        with self._dropping_broken():
            answer = self.connection.exchange_literals(b"UID SEARCH CHARSET UTF-8" + first[1], literals)
        if not answer.ok and recognise(answer.status, Phase.COMMAND) is None:
            raise ProviderError("search_not_supported")
        return array("I", sorted(_numbers_found(answer)[0]))

    def exchange(self, command: bytes) -> Answer:
        """One command. A connection that broke is dropped at once."""
        with self._dropping_broken():
            return self.connection.exchange(command)

    def discard(self) -> None:
        """Drop the connection: after an error, or when answers nobody wants any more are still on their way."""
        if self._connection is not None:
            self._connection.close()
        self._connection, self.selected = None, None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.log_out()
        self._connection, self.selected = None, None

    def _search_once(self, command: bytes) -> tuple["array[int]", int | None]:
        return _numbers_found(self.exchange(command))

    @contextlib.contextmanager
    def _dropping_broken(self) -> Iterator[None]:
        try:
            yield
        except TemporarilyUnavailable:
            self.discard()
            raise


def _search_command(low: int, high: int, criteria: bytes) -> bytes:
    return b"UID SEARCH UID %d:%d%b" % (low, high, criteria)


def _numbers_found(answer: Answer) -> tuple["array[int]", int | None]:
    """The numbers of a SEARCH answer, and how far down it reached if the server stopped at its limit.

    An array, because a list of a million ints would weigh ten times as much.
    """
    if not answer.ok:
        raise classify(answer.status, Phase.COMMAND)
    found: array[int] = array("I")
    for response in answer.responses:
        if _SEARCH.match(response[0]):
            numbers = response[0].partition(b"(")[0]  # a MODSEQ may follow
            found.extend(int(number[0]) & LARGEST_UID for number in _NUMBER.finditer(numbers))
    reached = _LIMIT_REACHED.match(answer.status)
    return found, int(reached[1]) if reached else None


def _first_number(answer: Answer, pattern: re.Pattern[bytes]) -> int | None:
    found = (pattern.match(response[0]) for response in answer.responses)
    return next((int(match[1]) for match in found if match), None)


def _flags(answer: Answer) -> frozenset[bytes]:
    found = (_FLAGS.match(response[0]) for response in answer.responses)
    return next((frozenset(match[1].lower().split()) for match in found if match), frozenset())


def _status_items(answer: Answer) -> Mapping[bytes, int]:
    if not answer.ok:
        return {}
    # The name may be a literal; what counts is behind it.
    lines = [response[-1] for response in answer.responses if _STATUS.match(response[0])]
    return {item[1].upper(): int(item[2]) for line in lines for item in _STATUS_ITEM.finditer(line[line.rfind(b"(") :])}
