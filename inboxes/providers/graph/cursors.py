"""The text forms of places in a mailbox. Links stand in them whole, as Graph wants it: nobody takes them apart or makes them up.

A message's remote id is its immutable id, the same in whichever folder it lies.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

from inboxes.providers.base import CursorExpired

_VERSION = "g1:"


class LiveCursor(NamedTuple):
    """Where the rounds of delta over a folder stand; `folder` is the digest of its id, which a link does not give away.

    `link` is to be followed next, "" before the first round. `newest` is when the newest message seen arrived; during the first
    round (`is_first`), which lists everything there is, when the newest arrived that was there at the beginning. `is_open`: a round
    goes on. `shown` are digests of messages behind `link` that were handed out before something went wrong. `at`: when the link
    was given, in seconds.
    """

    folder: str
    link: str = ""
    newest: str = ""
    is_first: bool = False
    is_open: bool = False
    shown: tuple[str, ...] = ()
    at: int = 0

    def __str__(self) -> str:
        return _VERSION + json.dumps(list(self), separators=(",", ":"))

    @classmethod
    def parse(cls, cursor: str, folder_id: str) -> Self:
        """Raises `CursorExpired` for what this version did not write: the folder is then listed anew, and nothing is lost."""
        match _values(cursor):
            case [str(folder), str(link), str(newest), bool(is_first), bool(is_open), [*shown], int(at)] if (
                folder == digest(folder_id)
            ):
                return cls(folder, link, newest, is_first, is_open, tuple(map(str, shown)), at)
        raise CursorExpired

    @property
    def is_settled(self) -> bool:
        """Whether a round over everything was completed, and none goes on."""
        return bool(self.link) and not self.is_open

    def without_shown(self, remote_ids: Iterable[str]) -> list[str]:
        return [remote_id for remote_id in remote_ids if digest(remote_id) not in self.shown]

    def having_shown(self, remote_ids: Iterable[str]) -> Self:
        return self._replace(shown=(*self.shown, *map(digest, remote_ids)))


class PastCursor(NamedTuple):
    """How far the past of a folder was listed: everything that arrived after `until` is done; "" if it is only to be counted yet.

    `listed` counts messages handed out; `lap` is how often the listing began anew because it came up short.
    """

    until: str
    listed: int = 0
    lap: int = 0
    is_done: bool = False

    def __str__(self) -> str:
        return _VERSION + json.dumps(list(self), separators=(",", ":"))

    @classmethod
    def parse(cls, cursor: str) -> Self:
        """Raises `CursorExpired`."""
        match _values(cursor):
            case [str(until), int(listed), int(lap), bool(is_done)]:
                return cls(until, listed, lap, is_done)
        raise CursorExpired


def digest(text: str) -> str:
    """Short, for telling apart the few messages of one page."""
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def moment(value: object) -> datetime | None:
    """A time as Graph writes it; None if it cannot be read."""
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return read and (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)


def written(time: datetime) -> str:
    """As Graph wants it in a filter. Whole seconds, which is all it shows; texts compare as the times do."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def second_after(second: str) -> str:
    """Where a `written` second is over. Exchange keeps fractions of seconds and compares with them: mail of that second may be later
    than the second itself."""
    return written(datetime.fromisoformat(second) + timedelta(seconds=1))


def arrival(row: dict[str, object]) -> str:
    """When a message arrived, in the form of `written`; "" for a row that does not say so."""
    received_at = moment(row.get("receivedDateTime"))
    return written(received_at) if received_at else ""


def _values(cursor: str) -> object:
    if not cursor.startswith(_VERSION):
        raise CursorExpired
    try:
        return json.loads(cursor.removeprefix(_VERSION))
    except ValueError:
        raise CursorExpired from None
