"""The text forms of an IMAP place: cursors and message keys, both bound to the folder's UIDVALIDITY.

A cursor is `v1:<uidvalidity>:<uid>`. On the live track all messages below `uid` are done; on the backfill track all from `uid`
up to the anchor are. A remote id is `<uidvalidity>:<uid>`: after a UIDVALIDITY change an old key names nothing, rather than a
stranger's message.
"""

from typing import NamedTuple

from inboxes.providers.base import CursorExpired

_VERSION = "v1"


class Place(NamedTuple):
    """A UID of a folder's numbering."""

    uidvalidity: int
    uid: int


def format_cursor(place: Place) -> str:
    return f"{_VERSION}:{place.uidvalidity}:{place.uid}"


def parse_cursor(cursor: str) -> Place:
    """Raises `CursorExpired` for what this version did not write: the folder is then listed anew, and nothing is lost."""
    version, _, key = cursor.partition(":")
    if version != _VERSION:
        raise CursorExpired
    return parse_remote_id(key)


def format_remote_id(place: Place) -> str:
    return f"{place.uidvalidity}:{place.uid}"


def parse_remote_id(remote_id: str) -> Place:
    """Raises `CursorExpired` for a key of another shape."""
    uidvalidity, _, uid = remote_id.partition(":")
    if not (uidvalidity.isdecimal() and uid.isdecimal() and remote_id.isascii()):
        raise CursorExpired
    return Place(int(uidvalidity), int(uid))
