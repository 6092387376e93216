"""The connection a provider works through, reopened when it was lost, and the folder that is open in it."""

import contextlib
import re
from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from inboxes.providers.base import CursorExpired, ProviderError, RemoteFolder, TemporarilyUnavailable
from inboxes.providers.imap.connection import Answer, ImapConnection, ImapSettings, quoted
from inboxes.providers.imap.criteria import Criteria
from inboxes.providers.imap.errors import Phase, classify, recognise
from inboxes.providers.imap.folders import list_folders
from inboxes.providers.imap.statuses import Status, status_commands, status_of

_UIDVALIDITY = re.compile(rb"\* OK \[UIDVALIDITY (\d{1,10})", re.IGNORECASE)
_UIDNEXT = re.compile(rb"\* OK \[UIDNEXT (\d{1,10})", re.IGNORECASE)
_EXISTS = re.compile(rb"\* (\d{1,10}) EXISTS", re.IGNORECASE)
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
        connection = self._knock()
        if not connection.is_signed_in:
            try:
                connection.sign_in()
            except BaseException:
                self.discard()
                raise
        return connection

    def begin(self) -> None:
        """Connects and asks to be let in; whoever needs the connection waits for the answer."""
        self._knock()

    def folders(
        self, known: Sequence[bytes] = (), *, with_junk: bool = False
    ) -> tuple[list[RemoteFolder], dict[bytes, Status]]:
        """The folders worth syncing, and the state of those that are known, or of all if the server tells it in the same round trip."""
        with self._dropping_broken():
            # RFC 3501, 6.3.10: STATUS is not meant for the folder that is open.
            with_statuses = self.selected is None
            return list_folders(self.connection, known, with_statuses=with_statuses, with_junk=with_junk)

    def searchable_folders(self) -> list[RemoteFolder]:
        """Those worth syncing, and behind them drafts, junk and trash."""
        with self._dropping_broken():
            return list_folders(self.connection, with_dropped=True)[0]

    def examine(self, name: bytes) -> OpenFolder:
        """Open a folder read-only. Raises `FolderGone`."""
        self.selected = None
        return self._opened(name, self.exchange(_examine_command(name)))

    def examine_and_search(
        self, name: bytes, low: int, high: int, criteria: bytes = b""
    ) -> tuple[OpenFolder, "array[int]"]:
        """`examine` and `search` in one round trip. Raises `FolderGone`."""
        self.selected = None
        with self._dropping_broken():
            opening, searching = self.connection.exchange_all(
                [_examine_command(name), _search_command(low, high, criteria)]
            )
        opened = self._opened(name, opening)
        return opened, self._search_on(_numbers_found(searching), low, high, criteria)

    def survey(self, names: Sequence[bytes], criteria: bytes) -> dict[bytes, tuple[OpenFolder, "array[int]"]]:
        """`examine_and_search` of many folders in one round trip. Those of which the answers are not whole are left out."""
        searching = _search_command(1, LARGEST_UID, criteria)
        found = {}
        with self._dropping_broken():
            tags = self.connection.send_all(part for name in names for part in (_examine_command(name), searching))
            for name, examining, searched in zip(names, tags[::2], tags[1::2], strict=True):
                self.selected = None
                opening, answer = self.connection.receive(examining), self.connection.receive(searched)
                if opening.ok and _first_number(opening, _UIDNEXT) is not None:
                    opened = self._opened(name, opening)
                    uids, reached = _numbers_found(answer) if answer.ok else (array("I"), 0)
                    if reached is None and not self._fills_an_answer(uids):
                        found[name] = opened, uids
        return found

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
        """Make sure this folder is the open one. Raises `FolderGone`, and `CursorExpired` if its numbering is another one by now."""
        self.finish_selecting(folder, self.begin_selecting(folder))

    def begin_selecting(self, folder: OpenFolder) -> bytes | None:
        """`select` without waiting: commands for the folder may be sent right behind."""
        if self.selected is not None and self.selected.name == folder.name:
            return None
        self.selected = None
        with self._dropping_broken():
            return self.connection.send(_examine_command(folder.name))

    def finish_selecting(self, folder: OpenFolder, tag: bytes | None) -> None:
        """Call before the answers of those commands are read. Raises as `select`."""
        if tag is not None:
            with self._dropping_broken():
                answer = self.connection.receive(tag)
            if not answer.ok:
                raise classify(answer.status, Phase.OPEN_FOLDER)
            self.selected = folder._replace(uidvalidity=_first_number(answer, _UIDVALIDITY) or 0)
        if self.selected is None or self.selected.uidvalidity != folder.uidvalidity:
            raise CursorExpired

    def reopen(self, folder: OpenFolder) -> None:
        """The same folder on a new connection."""
        self.discard()
        self.select(folder)

    def statuses(self, names: list[bytes]) -> list[Status]:
        """Each folder's state, in one round trip."""
        commands = status_commands(names, self.connection.capabilities)
        if self.selected is not None and "UNSELECT" in self.connection.capabilities:
            # RFC 3501, 6.3.10: STATUS is not meant for the folder that is open.
            commands.insert(0, b"UNSELECT")
            self.selected = None
        with self._dropping_broken():
            answers = self.connection.exchange_all(commands)
        return [status_of(answer) for answer in answers[-len(names) :]]

    def search(self, low: int, high: int, criteria: bytes = b"") -> "array[int]":
        """The UIDs from `low` to `high` that match, ascending. Complete also where the server answers in portions (RFC 9738)."""
        if low > high:
            return array("I")
        return self._search_on(self._search_once(_search_command(low, high, criteria)), low, high, criteria)

    def _search_on(self, answer: tuple["array[int]", int | None], low: int, high: int, criteria: bytes) -> "array[int]":
        """What the first answer holds, and what lies below where it ends."""
        found: array[int] = array("I")
        while True:
            part, lowest = answer
            part = array("I", (uid for uid in part if low <= uid <= high))
            found.extend(part)
            if lowest is None and self._fills_an_answer(part):
                lowest = min(part)
            if lowest is None or (high := min(high, lowest) - 1) < low:
                return array("I", sorted(set(found)))
            answer = self._search_once(_search_command(low, high, criteria))

    def _fills_an_answer(self, uids: "array[int]") -> bool:
        """Whether there are so many that the server may have more (RFC 9738)."""
        limit = self.connection.message_limit
        return limit is not None and len(uids) >= limit

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
        self._forget_connection()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.log_out()
        self._forget_connection()

    def _forget_connection(self) -> None:
        self._connection, self.selected = None, None

    def _knock(self) -> ImapConnection:
        if self._connection is None:
            self._connection = ImapConnection.knock(self._settings)
        return self._connection

    def _search_once(self, command: bytes) -> tuple["array[int]", int | None]:
        return _numbers_found(self.exchange(command))

    @contextlib.contextmanager
    def _dropping_broken(self) -> Iterator[None]:
        try:
            yield
        except TemporarilyUnavailable:
            self.discard()
            raise


def _examine_command(name: bytes) -> bytes:
    return b"EXAMINE " + quoted(name)


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
