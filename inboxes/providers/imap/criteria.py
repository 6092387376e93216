"""What to search a folder for, as the arguments of UID SEARCH (RFC 3501, 6.4.4)."""

from datetime import UTC, datetime, timedelta

from inboxes.providers.base import SearchQuery
from inboxes.providers.imap.connection import quoted
from inboxes.providers.imap.cursors import parse_remote_id

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY = timedelta(days=1)


class Criteria:
    """Collects arguments. `parts`: pairs of a literal and the command text behind it; the first literal is empty."""

    def __init__(self, text: bytes = b"") -> None:
        self.parts: list[tuple[bytes, bytes]] = [(b"", text)]

    def add(self, text: bytes) -> None:
        literal, before = self.parts[-1]
        self.parts[-1] = (literal, before + text)

    def add_text(self, key: bytes, text: str) -> None:
        """Quoted if it can be, else as a literal in UTF-8."""
        if text.isascii():
            self.add(b" %b %b" % (key, quoted(text.encode())))
        else:
            self.add(b" %b " % key)
            self.parts.append((text.encode(), b""))


def criteria_of(query: SearchQuery) -> Criteria:
    """Raises `CursorExpired` for a `below` of another shape."""
    criteria = Criteria(since(query.since) + _before(query.until))
    if query.below:
        criteria.add(b" UID 1:%d" % max(parse_remote_id(query.below).uid - 1, 1))
    if query.message_id:
        criteria.add_text(b"HEADER MESSAGE-ID", query.message_id)
    if query.address:
        for key in (b"OR OR FROM", b"TO", b"OR CC", b"BCC"):
            criteria.add_text(key, query.address)
    if query.subject:
        criteria.add_text(b"SUBJECT", query.subject)
    if query.text:
        criteria.add_text(b"TEXT", query.text)
    return criteria


def since(moment: datetime | None) -> bytes:
    """SINCE compares days in the server's time zone (RFC 3501, 6.4.4): a day more is asked for than is wanted."""
    return b" SINCE " + _day(moment - _DAY) if moment else b""


def _before(moment: datetime | None) -> bytes:
    return b" BEFORE " + _day(moment + 2 * _DAY) if moment else b""


def _day(moment: datetime) -> bytes:
    day = moment.astimezone(UTC)
    return f"{day.day}-{_MONTHS[day.month - 1]}-{day.year:04d}".encode()
