"""What of an e-mail would give it away wherever it stands: addresses, names, subject and message ids. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from inboxes.envelope import Envelope

SHORTEST = 5
"""In characters, of any token."""
SHORTEST_TEXT = 10
SHORTEST_NAME = 8
LONGEST = 300
"""More of a long value would only make a cut-off copy of it go unnoticed."""

_CJK = re.compile(r"[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_REPLY_MARK = re.compile(r"\A(?:(?:re|fwd?|aw|wg|sv|tr|返信|転送)\s*[:：]\s*)+")


class Kind(StrEnum):
    ADDRESS = "address"
    NAME = "name"
    SUBJECT = "subject"
    MESSAGE_ID = "message id"


class Token(NamedTuple):
    """`text` is normalised."""

    kind: Kind
    text: str


def normalise(text: str) -> str:
    """One form for all ways to write a text: compatibility characters, case and white space count for nothing."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return " ".join(plain.casefold().split())


def tokens_of(envelope: Envelope) -> Iterator[Token]:
    """May repeat. Leaves out what could stand anywhere by chance: short names and subjects, or single plain words."""
    for person in envelope.participants:
        if "@" in (address := normalise(person.email)):
            yield from _token(Kind.ADDRESS, address)
        if _is_telling_name(name := normalise(person.name)):
            yield from _token(Kind.NAME, name)
    if _is_telling_text(subject := _REPLY_MARK.sub("", normalise(envelope.subject))):
        yield from _token(Kind.SUBJECT, subject)
    for message_id in (envelope.message_id, *envelope.in_reply_to, *envelope.references):
        if "@" in message_id:
            yield from _token(Kind.MESSAGE_ID, normalise(message_id.strip("<>")))


def _token(kind: Kind, text: str) -> Iterator[Token]:
    if len(text) >= SHORTEST:
        yield Token(kind, text[:LONGEST].strip())


def _is_telling_name(name: str) -> bool:
    return bool(_CJK.search(name)) or (len(name) >= SHORTEST_NAME and " " in name)


def _is_telling_text(text: str) -> bool:
    return bool(_CJK.search(text)) or (len(text) >= SHORTEST_TEXT and not text.isalpha())
