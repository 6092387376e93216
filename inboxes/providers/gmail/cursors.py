"""The text forms of a place in a Gmail mailbox.

Between rounds the live cursor is a historyId, plain digits; within one, and on the track of the past, it is JSON. Nothing in them says
anything about a message but its id.
"""

import json
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple, Self

from inboxes.providers.base import CursorExpired

STALLS = 3
"""A history that shows nothing newer on so many pages in a row is believed to go round in circles."""


@dataclass(frozen=True, slots=True)
class LiveCursor:
    """How far the history was followed. History ids are integers: as text, 9 would come after 10.

    start: where this round began · page: token of the next page · end: where the round ends, once its last page was listed ·
    top: the newest record seen · stalls: pages in a row without a newer one · rest: messages listed, but not yet read
    """

    start: int
    page: str = ""
    end: int = 0
    top: int = 0
    stalls: int = 0
    rest: tuple[str, ...] = ()

    def __str__(self) -> str:
        return str(self.start) if self == LiveCursor(self.start) else _json(self)

    @classmethod
    def parse(cls, cursor: str) -> Self:
        """Raises `CursorExpired` for what this version did not write."""
        if cursor.isascii() and cursor.isdecimal():
            return cls(int(cursor))
        return cls(**_fields(cls, cursor))

    @property
    def is_plain(self) -> bool:
        return self == LiveCursor(self.start)

    def listed(self, *, ids: list[str], top: int, end: int, next_page: str) -> Self:
        """After a page of the history. Raises `CursorExpired` when it goes on and on without getting anywhere."""
        stalls = 0 if top > self.top else self.stalls + 1
        if next_page and stalls >= STALLS:
            raise CursorExpired
        seen = max(self.top, top)
        if next_page:
            return replace(self, rest=tuple(ids), top=seen, stalls=stalls, page=next_page)
        return replace(self, rest=tuple(ids), top=seen, stalls=0, page="", end=max(end, self.start, seen))

    def without_page(self) -> Self:
        """Goes on at the newest record seen, without the token."""
        return replace(self, start=max(self.start, self.top), page="")

    def left(self, rest: tuple[str, ...]) -> Self:
        """When only `rest` is unread."""
        if not rest and self.end:
            return type(self)(self.end)
        return replace(self, rest=rest)


@dataclass(frozen=True, slots=True)
class PastCursor:
    """How far the past was listed: windows of days, newest first, and pages within them.

    after, before: the window in seconds since the epoch, 0 for no bound · page: token of its next page · rest: messages listed,
    but not yet read · listed, estimate: messages of the window so far, and in all · older: about how many lie before the window
    """

    after: int = 0
    before: int = 0
    page: str = ""
    listed: int = 0
    estimate: int = 0
    older: int = 0
    rest: tuple[str, ...] = ()
    finished: bool = False

    def __str__(self) -> str:
        return _json(self)

    @classmethod
    def parse(cls, cursor: str) -> Self:
        """Raises `CursorExpired` for what this version did not write."""
        return cls(**_fields(cls, cursor))

    @property
    def remaining(self) -> int:
        """About how many messages are still to be read."""
        return len(self.rest) + max(self.estimate - self.listed, 0) + self.older


class MarksCursor(NamedTuple):
    """The state of a mailbox at which its marks were read, and under which names. Zero: never."""

    history_id: int = 0
    names: int = 0

    def __str__(self) -> str:
        return f"m1:{self.history_id}:{self.names}"

    @classmethod
    def parse(cls, cursor: str) -> Self:
        """Never, for what this version did not write: the marks are then read anew."""
        version, *numbers = cursor.split(":")
        if version != "m1" or len(numbers) != len(cls._fields) or not all(map(str.isdecimal, numbers)):
            return cls()
        return cls(*map(int, numbers))


def _json(cursor: Any) -> str:
    """Without what is as it is by default."""
    defaults = {name: member.default for name, member in type(cursor).__dataclass_fields__.items()}
    return json.dumps({name: value for name, value in asdict(cursor).items() if value != defaults[name]})


def _fields(cls: Any, cursor: str) -> dict[str, Any]:
    """The members of a dataclass, each of its own type. Raises `CursorExpired`."""
    try:
        found = json.loads(cursor)
        if isinstance(found.get("rest"), list):
            found["rest"] = tuple(map(str, found["rest"]))
        types = {name: member.type for name, member in cls.__dataclass_fields__.items()}
        known = all(isinstance(value, tuple if name == "rest" else types[name]) for name, value in found.items())
        if not known or ("start" in types and "start" not in found):
            raise CursorExpired
    except (ValueError, AttributeError, KeyError, TypeError):
        raise CursorExpired from None
    return dict(found)
