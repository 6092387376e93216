"""Reading the rows of UID FETCH as they stream in: one regular expression for what servers usually say, IMAPClient's parser for
the rest.

    * 7 FETCH (UID 12 FLAGS (\\Seen) INTERNALDATE "17-Jul-2026 02:44:25 +0900" RFC822.SIZE 4286 BODY[HEADER.FIELDS (…)] {342}
    ……342 bytes……)
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from imapclient.response_parser import parse_fetch_response

from inboxes.providers.imap.connection import quoted, raise_on_bye
from inboxes.providers.imap.wire import Wire


class Row(NamedTuple):
    """What one message's FETCH response said. `body` is None when the server sent no such item."""

    uid: int
    size: int = 0
    received_at: datetime | None = None
    flags: bytes = b""
    body: bytes | None = None
    gmail_thread: str = ""
    gmail_labels: bytes = b""


class Completion(NamedTuple):
    """The end of a command: its tag and `OK …`, `NO …` or `BAD …`."""

    tag: bytes
    status: bytes


class BadRow(NamedTuple):
    """A FETCH response that no parser could read; the stream stays in step."""

    uid: int | None


_ITEM = (
    rb"(?:UID (\d{1,10})"
    rb"|RFC822\.SIZE (\d{1,19})"
    rb'|INTERNALDATE "([ \d]\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d [+-]\d{4})"'
    rb"|FLAGS \(([^()\"]*)\)"
    rb"|MODSEQ \(\d+\)"
    rb"|X-GM-THRID (\d{1,20})"
    rb'|X-GM-LABELS \(((?:[^()"{]|"(?:[^"\\]|\\.)*")*)\)'
    rb'|BODY\[[^\]]*\](?:<\d+>)? (?:NIL|"((?:[^"\\]|\\.)*)"|\{(\d{1,10})\}$)'
    rb") ?"
)
_UID, _SIZE, _DATE, _FLAGS, _THREAD, _LABELS, _QUOTED, _LITERAL = range(1, 9)
_usual_head = re.compile(rb"\* \d+ FETCH \((?:" + _ITEM + rb")*(?:\)$)?").fullmatch
_usual_tail = re.compile(rb" ?(?:" + _ITEM + rb")*\)").fullmatch
_fetch_prefix = re.compile(rb"\* (\d+) FETCH ", re.IGNORECASE)
_find_uid = re.compile(rb"[( ]UID (\d{1,10})", re.IGNORECASE).search
_unescape = re.compile(rb"\\(.)").sub

_MONTHS = {
    name: f"{number:02}" for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)
}


def read_rows(wire: Wire, *, keep: int | None = None) -> Iterator[Row | BadRow | Completion]:
    """Rows and completions, without end; between two of them nothing is held here, so that the caller may stop at any time.

    A FETCH that says nothing of a UID is an unsolicited flag change and is dropped, and so are other untagged responses. BYE raises.
    Of a literal longer than `keep` bytes only the beginning is kept. Raises `OSError` when the connection ends.
    """
    read_line, read = wire.read_line, wire.read
    while True:
        line = read_line()
        head = _usual_head(line)
        if head is None:
            if (unusual := _read_unusual(wire, line)) is not None:
                yield unusual
            continue
        if head[_LITERAL] is None:
            body = None if head[_QUOTED] is None else _unescape(rb"\1", head[_QUOTED])
            tail = None
        else:
            body = read(int(head[_LITERAL]), keep)
            line = read_line()
            tail = None if line == b")" else _usual_tail(line)
            if tail is None and line != b")":
                if (parsed := _parse_slowly([head[0], body, *wire.read_rest(line)])) is not None:
                    yield parsed
                continue
        row = _row_of(head, tail, body)
        if row.uid:
            yield row


def _row_of(head: re.Match[bytes], tail: re.Match[bytes] | None, body: bytes | None) -> Row:
    uid, size, date, flags, thread, labels = head.group(_UID, _SIZE, _DATE, _FLAGS, _THREAD, _LABELS)
    if tail is not None:
        uid, size, date, flags = uid or tail[_UID], size or tail[_SIZE], date or tail[_DATE], flags or tail[_FLAGS]
        thread, labels = thread or tail[_THREAD], labels or tail[_LABELS]
    return Row(
        int(uid or 0),
        int(size or 0),
        parse_internal_date(date) if date else None,
        flags or b"",
        body,
        thread.decode() if thread else "",
        labels or b"",
    )


def parse_internal_date(text: bytes) -> datetime | None:
    """`17-Jul-1996 02:44:25 -0700` (RFC 3501, date-time) in UTC; None for a day that does not exist."""
    try:
        written = text.decode("ascii")
        return datetime.fromisoformat(f"{_iso_day(written[:11])}T{written[12:20]}{written[21:]}").astimezone(UTC)
    except (ValueError, KeyError, OverflowError):
        return None


@lru_cache(maxsize=1024)
def _iso_day(written: str) -> str:
    """`17-Jul-1996` → `1996-07-17`. Much mail is from the same day. Raises `KeyError`."""
    day, month, year = written.split("-")
    return f"{year}-{_MONTHS[month]}-{day.replace(' ', '0')}"


def _read_unusual(wire: Wire, line: bytes) -> Row | BadRow | Completion | None:
    if line[:2] != b"* ":
        tag, _, status = line.partition(b" ")
        return Completion(tag, status)
    raise_on_bye(line)
    response = wire.read_rest(line)
    return _parse_slowly(response) if _fetch_prefix.match(line) else None


def _parse_slowly(response: list[bytes]) -> Row | BadRow | None:
    """The row in a response that is unusual in order, case or quoting; None if it is unsolicited."""
    lines, literals = response[::2], response[1::2]
    lines[0] = _fetch_prefix.sub(rb"\1 ", lines[0])
    records = [*zip(lines, literals, strict=False), lines[-1]]
    try:
        parsed = parse_fetch_response(records, normalise_times=False, uid_is_key=True)
        items = next(iter(parsed.values()))
        found_uid = next(iter(parsed)) if _find_uid(b" ".join(lines)) else 0
        return _row_of_items(found_uid, items) if found_uid else None
    except Exception:  # noqa: BLE001
        # Whatever a hostile or broken server makes the parser raise costs this row only.
        uid = _find_uid(b" ".join(lines))
        return BadRow(int(uid[1]) if uid else None)


def _row_of_items(uid: int, items: dict[bytes, Any]) -> Row:
    body = next((value for name, value in items.items() if name.startswith(b"BODY[")), None)
    date = items.get(b"INTERNALDATE")
    if body is not None and not isinstance(body, bytes):
        raise ValueError("a body that is no string")
    return Row(
        uid,
        int(items.get(b"RFC822.SIZE") or 0),
        date.astimezone(UTC) if date else None,
        b" ".join(_texts(items.get(b"FLAGS"))),
        body,
        str(items.get(b"X-GM-THRID") or ""),
        b" ".join(quoted(label) for label in _texts(items.get(b"X-GM-LABELS"))),
    )


def _texts(values: tuple[bytes | int, ...] | None) -> list[bytes]:
    """IMAPClient turns what looks like a number into one, be it a flag or a label."""
    return [str(value).encode() if isinstance(value, int) else value for value in values or ()]
