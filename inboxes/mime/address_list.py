"""The mailboxes an address field names: quoted, commented, grouped, encoded, separated by semicolons, or broken."""

import re
from collections import deque
from collections.abc import Iterable, Iterator

from inboxes.addresses import InvalidAddress, normalise
from inboxes.envelope import Address
from inboxes.mime.charsets import clean
from inboxes.mime.headers import decode_bytes, decode_words, readable

MAX_ADDRESSES = 2000

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]++@(?![.-])[A-Za-z0-9.-]++(?<![.-])"
# The shapes of nearly all mail: `Name <a@b>`, `"Name" <a@b>`, `<a@b>`, `a@b`, and nothing odd up to the next comma.
# Possessive throughout: a value made to be slow must fail at once.
_USUAL = re.compile(rf'[ \t]*+(?:(?:"([^"\\]*+)"[ \t]*+|([^"<>,;:()@\\]*+))<({_ATOM})>|({_ATOM}))[ \t]*+(?:,|\Z)').match
_TOKEN = re.compile(
    r'(?P<word>=\?[^?\s]*\?[bBqQ]\?[^?]*\?=)|"(?P<quoted>[^"\\]*+(?:\\.[^"\\]*+)*+)(?:"|(?P<unclosed>\\?\Z))|<(?P<angle>[^<>]*)>'
    r"|<(?P<open>[^<>,;]*)|(?P<mark>[,;:])|(?P<text>(?:[^\"<,;:=]|=(?!\?))+|=)",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\xa0]+")


def parse_addresses(
    values: Iterable[str], *, hint: str = "", known: dict[str, tuple[Address, ...]] | None = None
) -> tuple[Address, ...]:
    """The addresses of the raw values of one field, in order; groups flattened, entries without an address left out.

    An address that cannot be normalised is kept in lower case as it stands: it was somebody's. At most 2,000. `known` remembers what
    entries say, from one field to the next with the same `hint`.
    """
    known = {} if known is None else known
    found: list[Address] = []
    for value in values:
        position, length = 0, len(value)
        while position < length:
            usual = _USUAL(value, position)
            if usual is None:
                found.extend(_scan(value[position:], hint))
                break
            entry = usual[0].strip(" \t,")
            if entry not in known:
                known[entry] = (_address_of(usual, hint),)
            found += known[entry]
            position = usual.end()
    return tuple(found[:MAX_ADDRESSES])


def _address_of(usual: re.Match[str], hint: str) -> Address:
    quoted, plain, named_email, bare_email = usual.groups()
    name = (quoted or plain or "").strip()
    if "=?" in name or not (name.isascii() and name.isprintable()):
        name = _readable(name, hint)
    return Address((named_email or bare_email).lower(), name)


def _readable(name: str, hint: str) -> str:
    return readable(decode_words(decode_bytes(name, hint=hint), hint=hint)).strip("\"' ")


def _scan(value: str, hint: str) -> list[Address]:
    """The slow and forgiving reader; linear in the length of the value."""
    value = decode_bytes(value, hint=hint)  # before anything else: bytes of JIS text look like commas and quotes
    found = list(_read(value, hint))
    # Some programs encode all of the field, the address included.
    return found if found or "=?" not in value else list(_read(decode_words(value, hint=hint), hint))


def _read(value: str, hint: str) -> Iterator[Address]:
    count = 0
    for phrase, angle, comment in _entries(value):
        email, name = _email_and_name(phrase, angle, comment)
        if email:
            yield Address(email, _readable(name, hint))
            count += 1
            if count >= MAX_ADDRESSES:
                return


def _entries(value: str) -> Iterator[tuple[str, str | None, str]]:
    """(words, what stood in angle brackets, comment) between separators."""
    value, found = _without_comments(value)
    comments = deque(found)
    phrase: list[str] = []
    angle: str | None = None
    start = position = 0
    has_at = False
    while position < len(value):
        token = _TOKEN.match(value, position)
        if token is None:
            position += 1
            continue
        position = token.end()
        if token["unclosed"] is not None:  # the quote never ends: what follows it is all there is to go by
            value = value[: token.start()] + " " + value[token.start() + 1 :].replace('"', " ")
            position = token.start()
        elif token["mark"] == ":" and angle is None and not has_at:
            phrase = []  # the name of a group
        elif token["mark"] in (",", ";"):
            yield "".join(phrase), angle, _comment(comments, start, position)
            phrase, angle, start, has_at = [], None, position, False
        elif token["angle"] is not None or token["open"] is not None:
            angle = token["angle"] if token["angle"] is not None else token["open"]
        elif token["quoted"] is not None:
            phrase.append(_ESCAPE.sub(r"\1", token["quoted"]))
            has_at |= "@" in phrase[-1]
        else:
            phrase.append(token[0])
            has_at |= "@" in phrase[-1]
    yield "".join(phrase), angle, _comment(comments, start, position)


def _without_comments(value: str) -> tuple[str, list[tuple[int, str]]]:
    """The value with its comments blanked out in place, and the outermost comments with their positions."""
    if "(" not in value:
        return value, []
    kept = list(value)
    comments: list[tuple[int, str]] = []
    depth = opened = 0
    quoted = escaped = False
    for at, character in enumerate(value):
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"' and not depth:
            quoted = not quoted
        elif character == "(" and not quoted:
            opened = at if not depth else opened
            depth += 1
        elif character == ")" and depth:
            depth -= 1
            if not depth:
                comments.append((opened, value[opened + 1 : at]))
                kept[opened : at + 1] = " " * (at + 1 - opened)
    return "".join(kept), comments


def _comment(comments: deque[tuple[int, str]], start: int, end: int) -> str:
    while comments and comments[0][0] < start:
        comments.popleft()
    return comments[0][1] if comments and comments[0][0] < end else ""


def _email_and_name(phrase: str, angle: str | None, comment: str) -> tuple[str, str]:
    if angle is not None and "@" in angle:
        email = "".join(angle.split())
        if email.startswith("@"):  # an obsolete route: <@relay,@relay:user@host>
            email = email.rpartition(":")[2]
        return _normalised(email.removeprefix("mailto:").strip("'")), phrase.strip() or comment
    without_blanks = "@".join(part.strip() for part in phrase.split("@"))
    for words in (phrase.split(), without_blanks.split()):
        bare = next((word for word in words if "@" in word[1:-1]), None)
        if bare is not None:
            words.remove(bare)
            return _normalised(bare.strip("'.:")), " ".join(words) or comment
    return "", ""


def _normalised(email: str) -> str:
    try:
        return normalise(email)
    except InvalidAddress:
        return _UNPRINTABLE.sub("", clean(email)).lower()
