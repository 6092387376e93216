"""What STATUS tells of folders, asked for one by one or along with LIST (RFC 5819)."""

import re
from collections.abc import Iterable, Mapping, Sequence

from inboxes.providers.imap.connection import Answer, quoted

Status = Mapping[bytes, int]
"""UIDNEXT, UIDVALIDITY, MESSAGES and HIGHESTMODSEQ; without the items a server does not tell or refuses."""

_LINE = re.compile(rb'\* STATUS (?:("(?:\\.|[^"\\])*")|\{\d+\+?\}|([^ ("]+))', re.IGNORECASE)
_ITEM = re.compile(rb"(UIDVALIDITY|UIDNEXT|MESSAGES|HIGHESTMODSEQ) (\d{1,20})", re.IGNORECASE)
_ESCAPED = re.compile(rb"\\(.)")


def status_items(capabilities: frozenset[str]) -> bytes:
    """What to ask a server for."""
    modseq = b" HIGHESTMODSEQ" if "CONDSTORE" in capabilities else b""
    return b"(UIDNEXT UIDVALIDITY MESSAGES" + modseq + b")"


def status_commands(names: Sequence[bytes], capabilities: frozenset[str]) -> list[bytes]:
    items = status_items(capabilities)
    return [b"STATUS " + quoted(name) + b" " + items for name in names]


def status_of(answer: Answer) -> Status:
    """Of the one folder that was asked for."""
    return next(iter(statuses_in(answer.responses).values()), {}) if answer.ok else {}


def statuses_in(responses: Iterable[list[bytes]]) -> dict[bytes, Status]:
    """By the folder's name as the server wrote it."""
    found: dict[bytes, Status] = {}
    for response in responses:
        if match := _LINE.match(response[0]):
            quoted, atom = match.groups()
            name = response[1] if len(response) > 1 else _ESCAPED.sub(rb"\1", quoted[1:-1]) if quoted else atom
            values = response[-1][response[-1].rfind(b"(") :]
            found[name] = {item[1].upper(): int(item[2]) for item in _ITEM.finditer(values)}
    return found
