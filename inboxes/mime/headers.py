"""Header blocks and header values as they come: folded, raw 8-bit, encoded, broken. Nothing here raises.

Values are kept raw, one `str` per field, bytes above 127 as lone surrogates (`surrogateescape`), until a decoder below is
asked; so no byte of them is lost and nothing is decoded that nobody reads.
"""

import binascii
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Self

from inboxes.mime import charsets

MAX_BLOCK = 256 * 1024  # more than this is nobody's mail; it is read all the same, as far as:
MAX_SCANNED = 2 * 1024 * 1024
MAX_VALUE = 64 * 1024
MAX_MESSAGE_IDS = 100

_BLANK_LINES = (b"\r\n\r\n", b"\n\n", b"\n\r\n", b"\r\r")
_WORD = re.compile(r"=\?([^?\s]*)\?([bBqQ])\?(.*?)(?:\?=|\??\Z)", re.DOTALL)
_BLANKS_BEFORE_COLON = re.compile(r"\A([!-9;-~]+)[ \t]+:")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]")
_INNER_BLANK = re.compile(rb"[!-~][ \t]+(?=[!-~])")
_BLANKS = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
_MESSAGE_ID = re.compile(r"<[^<>\s\0]+>").findall
_FOLDED_MESSAGE_ID = re.compile(r"<([^<>]+)>").findall
_UNFOLD = re.compile(rb"\r\n[ \t]").sub
_DATE = re.compile(r"(?:[A-Za-z]{3}, *)?(\d\d? [A-Za-z]{3} \d{4}) (\d\d:\d\d(?::[0-5]\d)?) ([+-]\d{4})(?:\s|\Z)").match
_MONTHS = {name: number for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
_ONE_DAY = timedelta(days=1)


class Headers:
    """The fields of one header block in order; names are lower case, values raw.

    `values` holds the first value of each field, the one that counts; `more` the others of the few that are repeated.
    """

    __slots__ = ("more", "values")

    def __init__(self, values: dict[str, str], more: dict[str, list[str]]) -> None:
        self.values = values
        self.more = more

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Self:
        """From names in any case, and values."""
        values: dict[str, str] = {}
        more: dict[str, list[str]] = {}
        for written_name, value in pairs:
            name = written_name.lower()
            if name not in values:
                values[name] = value
            else:
                more.setdefault(name, []).append(value)
        return cls(values, more)

    def first(self, name: str) -> str:
        """The raw value of the first field of that name, "" if there is none."""
        return self.values.get(name, "")

    def all(self, name: str) -> list[str]:
        return [self.values[name], *self.more.get(name, ())] if name in self.values else []

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and (self.values, self.more) == (other.values, other.more)

    __hash__ = None  # type: ignore[assignment]


def split(raw: bytes) -> tuple[bytes, bytes]:
    """The header block without its blank line, and the rest. A message without a blank line is all header."""
    if raw[:1] == b"\n" or raw[:2] == b"\r\n":
        return b"", raw.lstrip(b"\r\n")
    # Any of them ends lines in real mail, and one message may mix the first three. Only what stands before the first found
    # is searched for the others: the body may be long.
    end, width = len(raw), 0
    for blank in _BLANK_LINES:
        found = raw.find(blank, 0, end)
        if found >= 0:
            end, width = found, len(blank)
    return raw[:end], raw[end + width :]


def parse(raw: bytes) -> Headers:
    """Read a header block up to its blank line or 2 MB. Lines that are no field are passed over; a value ends at 64 KB."""
    text = _UNFOLD(b" ", raw.removesuffix(b"\r\n\r\n")).decode("ascii", "surrogateescape")
    lines = text.split("\r\n")
    values: dict[str, str] = {}
    more: dict[str, list[str]] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            return _parse_unusual(raw)
        name = name.lower()
        if name not in values:
            values[name] = value.strip()
        else:
            more.setdefault(name, []).append(value.strip())
    # One look at all of them is cheaper than one at each.
    names, characters = "".join(values), "".join(lines)
    if " " in names or "\t" in names or "\r" in characters or "\n" in characters or len(text) > MAX_VALUE:
        return _parse_unusual(raw)
    return Headers(values, more)


def _parse_unusual(raw: bytes) -> Headers:
    """Of a block with other line ends, a body behind it, lines that are no field, blanks before a colon, or of great size."""
    text = split(raw[:MAX_SCANNED])[0].decode("ascii", "surrogateescape")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n\t", " ").replace("\n ", " ")
    lines = [_BLANKS_BEFORE_COLON.sub(r"\1:", line[:MAX_VALUE], count=1) for line in text.split("\n")]
    return Headers.of((name, value.strip()) for name, colon, value in (line.partition(":") for line in lines) if colon)


def decode_text(value: str, *, hint: str = "") -> str:
    """A raw value as a person reads it: encoded words and undeclared 8-bit or JIS bytes decoded, white space single.

    `hint` names the character set of the body, the best guess for what the header does not declare.
    """
    if "=?" not in value and value.isascii() and value.isprintable() and "  " not in value:
        return value.strip()
    return readable(decode_words(decode_bytes(value, hint=hint), hint=hint))


def readable(text: str) -> str:
    """Decoded text on one line, white space single, without what turns the direction of the line it is shown in."""
    if text.isprintable() and "  " not in text:
        return text.strip()
    return _BLANKS.sub(" ", _DIRECTION.sub("", charsets.clean(text))).strip()


def decode_bytes(value: str, *, hint: str = "") -> str:
    """Bytes above 127 and JIS escapes of a raw value as text; encoded words stay as they are."""
    if value.isascii() and "\x1b" not in value:
        return value
    try:
        return charsets.decode(value.encode("ascii", "surrogateescape"), hint=hint).text
    except UnicodeEncodeError:  # already decoded
        return charsets.clean(value)


def decode_words(value: str, *, hint: str = "") -> str:
    """RFC 2047, tolerant: lower-case markers, blanks inside, glued to text, inside quotes, the end mark missing.

    The bytes of adjacent words of one character set are joined before they are decoded: many programs cut a character in two.
    """
    if "=?" not in value:
        return value
    alike = _decode_alike(value.split("?"))
    if alike is not None:
        return charsets.text_of(*alike, hint=hint)
    pieces: list[str] = []
    pending: list[re.Match[str]] = []
    end = 0
    for word in _WORD.finditer(value):
        between = value[end : word.start()]
        if between and not (pending and between.isspace()):
            pieces += (_decode_run(pending, hint), between)
            pending = []
        elif pending and word[1].lower() != pending[-1][1].lower():
            pieces.append(_decode_run(pending, hint))
            pending = []
        pending.append(word)
        end = word.end()
    pieces += (_decode_run(pending, hint), value[end:])
    return "".join(pieces)


def _decode_alike(parts: list[str]) -> tuple[bytes, str] | None:
    """The bytes and the character set of words that differ in nothing else, each whole, with a blank between two: of nearly all
    that are encoded. `parts` is what stands between question marks."""
    if len(parts) < 5 or len(parts) % 4 != 1 or parts[0] != "=" or parts[-1] != "=":
        return None
    label, encoding, words = parts[1], parts[2], len(parts) // 4
    if words > 1 and not (
        parts[1::4].count(label) == parts[2::4].count(encoding) == parts[4::4].count("= =") + 1 == words
    ):
        return None
    try:
        return b"".join([_decode_payload(payload, encoding) for payload in parts[3::4]]), label
    except ValueError:
        return None


def _decode_payload(payload: str, encoding: str) -> bytes:
    """Raises `ValueError` for anything unusual."""
    if encoding in ("B", "b"):
        return binascii.a2b_base64(payload, strict_mode=True)
    if encoding in ("Q", "q"):
        return _decode_q(payload)
    raise ValueError


def _decode_run(words: list[re.Match[str]], hint: str) -> str:
    if not words:
        return ""
    data = bytearray()
    carried = ""
    for word in words:
        payload = word[3]
        if word[2] in "qQ":
            data += _decode_q(payload)
            continue
        payload = carried + payload
        # A base64 text that was cut anywhere goes on in the next word.
        carried = payload if len(payload) % 4 and "=" not in payload and word is not words[-1] else ""
        if not carried:
            data += decode_base64(payload.encode("ascii", "ignore"))[0]
    return charsets.text_of(bytes(data), words[0][1], hint=hint)


def _decode_q(payload: str) -> bytes:
    return binascii.a2b_qp(payload.encode("utf-8", "surrogateescape"), header=True)


def decode_base64(encoded: bytes) -> tuple[bytes, bool]:
    """Everything base64 that can be saved, and whether something was wrong: junk inside, cut short, badly padded."""
    for data in (encoded, encoded.translate(None, b" \t\r\n")):
        try:
            return binascii.a2b_base64(data, strict_mode=True), False
        except binascii.Error:
            continue
    # Half the mail that says base64 and is not, is plain text.
    if (len(_NOT_BASE64.findall(data)) + len(_INNER_BLANK.findall(encoded))) * 8 > len(data):
        return encoded, True
    # Padding inside the text ends one chunk and begins another: some programs encode line by line.
    chunks = re.split(rb"=+", _NOT_BASE64.sub(b"", data))
    return b"".join(binascii.a2b_base64(_padded(chunk)) for chunk in chunks), True


def _padded(chunk: bytes) -> bytes:
    if len(chunk) % 4 == 1:  # six bits are no byte
        chunk = chunk[:-1]
    return chunk + b"=" * (-len(chunk) % 4)


def message_ids(value: str) -> tuple[str, ...]:
    """The `<…>` tokens of a raw value in order, white space from folding removed; a bare id gets its brackets.

    Of more than 100 the first, the root of the conversation, and the last 99 are kept.
    """
    if not value:
        return ()
    ids = _MESSAGE_ID(value)
    if 0 < len(ids) == value.count("<") <= MAX_MESSAGE_IDS and value.isascii():
        return tuple(ids)
    if "<" in value:
        ids = [f"<{''.join(token.split())}>" for token in _FOLDED_MESSAGE_ID(value) if token.strip()]
    else:
        ids = [f"<{token}>" for token in value.replace(",", " ").split() if "@" in token]
    ids = [charsets.clean(token) for token in ids]
    if len(ids) > MAX_MESSAGE_IDS:
        ids = [ids[0], *ids[1 - MAX_MESSAGE_IDS :]]
    return tuple(ids)


def is_plausible(moment: datetime, *, now: datetime) -> bool:
    """Whether something may have been sent then: from 1980 to a day from now."""
    return _EARLIEST <= moment <= now + _ONE_DAY


def date(value: str) -> datetime | None:
    """The moment of a Date field in UTC, however wrong; None if it cannot be read."""
    usual = _DATE(value)
    if usual is None:
        return _read_unusual_date(value[:100])
    day, time, zone = usual.groups()
    try:
        return datetime.fromisoformat(f"{_iso_day(day)}T{time}{zone}").astimezone(UTC)
    except (KeyError, ValueError, OverflowError):
        return None


@lru_cache(maxsize=1024)
def _iso_day(written: str) -> str:
    """`1 Jul 2025` → `2025-07-01`. Much mail is from the same day. Raises `KeyError`."""
    day, month, year = written.split()
    return f"{year}-{_MONTHS[month]:02}-{day:0>2}"


def _read_unusual_date(value: str) -> datetime | None:
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(value.strip().replace("JST", "+0900").replace(":60 ", ":59 "))  # a leap second
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except Exception:  # noqa: BLE001, S112 - TypeError, ValueError, IndexError and OverflowError have all been seen
            continue
    return None
