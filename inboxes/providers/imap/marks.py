"""Which messages of a folder carry a mark: those that lie in a folder named so, those with a keyword, and Gmail's with a label.

SEARCH rather than FETCH (CHANGEDSINCE …): its answer is as long as there are marks, not as there are mails that were read since.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import reduce
from typing import NamedTuple, Self

from imapclient import imap_utf7

from inboxes.envelope import FolderRole
from inboxes.marks import Mark, MarkNames, MarkSource
from inboxes.providers.base import CursorExpired, MarkedMessage, RemoteFolder
from inboxes.providers.imap.connection import quoted
from inboxes.providers.imap.cursors import Place, format_remote_id
from inboxes.providers.imap.session import LARGEST_UID, OpenFolder, Session

_VERSION = "m1"
LOOK_AFTER_MINUTES = 10
"""Without CONDSTORE nothing tells that a first keyword was set in a folder; it is opened to see so often."""


class MarksCursor(NamedTuple):
    """The state of a folder at which its marks were read. All zero: never."""

    uidvalidity: int = 0
    uidnext: int = 0
    messages: int = 0
    modseq: int = 0
    names: int = 0
    minute: int = 0
    has_keywords: int = 0

    def __str__(self) -> str:
        return ":".join([_VERSION, *map(str, map(int, self))])

    @classmethod
    def parse(cls, cursor: str) -> Self:
        """Never, for what this version did not write: the marks are then read anew."""
        version, *numbers = cursor.split(":")
        if version != _VERSION or len(numbers) != len(cls._fields) or not all(map(str.isdecimal, numbers)):
            return cls()
        return cls(*map(int, numbers))

    @classmethod
    def of(cls, status: Mapping[bytes, int], names: MarkNames, *, now: datetime) -> Self:
        uidvalidity, uidnext, messages, modseq = (
            status.get(item, 0) for item in (b"UIDVALIDITY", b"UIDNEXT", b"MESSAGES", b"HIGHESTMODSEQ")
        )
        return cls(uidvalidity, uidnext, messages, modseq, names.digest, minute=int(now.timestamp()) // 60)

    def still_holds(self, now: "MarksCursor") -> bool:
        """Raises `CursorExpired` if the folder was renumbered. Some servers never move on from a HIGHESTMODSEQ of 1."""
        if self.uidvalidity and now.uidvalidity and self.uidvalidity != now.uidvalidity:
            raise CursorExpired
        if not now.uidvalidity or self[:5] != now[:5]:
            return False
        return now.modseq > 1 or (not self.has_keywords and now.minute - self.minute < LOOK_AFTER_MINUTES)


def read_marks(
    session: Session, folder: RemoteFolder, opened: OpenFolder, names: MarkNames
) -> tuple[frozenset[MarkedMessage], bool]:
    """All marks of the folder, and whether its messages carry keywords that are marks."""

    def search(criteria: bytes = b"") -> Iterable[int]:
        session.select(opened)
        return session.search(1, LARGEST_UID, criteria)

    found: set[MarkedMessage] = set()
    folder_mark = names.of_folder(folder.name) if folder.role is FolderRole.OTHER else None
    if folder_mark:
        uids = search()
        found.update(MarkedMessage(_key(opened, uid), folder_mark, MarkSource.FOLDER) for uid in uids)
    has_keywords = False
    for mark in Mark:
        keywords = sorted(keyword for keyword in names.keywords(mark) if keyword.encode() in opened.flags)
        if keywords and mark is not folder_mark:
            uids = search(_any_of(keywords))
            found.update(MarkedMessage(_key(opened, uid), mark, MarkSource.KEYWORD) for uid in uids)
            has_keywords = True
        if session.connection.is_gmail and mark is not Mark.LOGGED:
            label = quoted(imap_utf7.encode(names.name(mark)))
            uids = search(b" X-GM-LABELS " + label)
            found.update(MarkedMessage(_key(opened, uid), mark, MarkSource.LABEL) for uid in uids)
    return frozenset(found), has_keywords


def _any_of(keywords: Iterable[str]) -> bytes:
    terms = (b"KEYWORD " + keyword.encode() for keyword in keywords)
    return b" " + reduce(lambda one, other: b"OR " + one + b" " + other, terms)


def _key(opened: OpenFolder, uid: int) -> str:
    return format_remote_id(Place(opened.uidvalidity, uid))
