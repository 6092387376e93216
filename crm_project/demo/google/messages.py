"""One stored message, and the forms in which the API shows it."""

import base64
import hashlib
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from inboxes.envelope import Address
from inboxes.mime import address_list, headers, parse, tree
from inboxes.mime.parameters import parse_parameters

SNIPPET_LENGTH = 200
MAX_DEPTH = 30
_ADDRESS_FIELDS = frozenset({"from", "to", "cc", "bcc", "reply-to", "sender"})
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_PLAIN_PHRASE = re.compile(r"[\w .!#$%&'*+/=?^`{|}~-]*")


@dataclass
class StoredMessage:
    """`received` is the internal date: milliseconds since the epoch. `history_id` names the last change of its labels."""

    id: str
    thread_id: str
    raw: bytes
    received: int
    labels: set[str] = field(default_factory=set)
    history_id: int = 0
    _people: dict[str, tuple[Address, ...]] = field(default_factory=dict)
    _addresses: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def place(self) -> tuple[int, str]:
        """Sorts a mailbox from old to new."""
        return self.received, self.id

    def reference(self) -> dict[str, Any]:
        return {"id": self.id, "threadId": self.thread_id}

    def with_labels(self) -> dict[str, Any]:
        """A reference with its labels; a message without any has no such key."""
        return self.reference() | ({"labelIds": sorted(self.labels)} if self.labels else {})

    @cached_property
    def fields(self) -> headers.Headers:
        return headers.parse(headers.split(self.raw)[0])

    @cached_property
    def message_ids(self) -> tuple[str, ...]:
        return headers.message_ids(self.fields.first("message-id"))

    @cached_property
    def answers(self) -> tuple[str, ...]:
        """The Message-IDs it names as what it answers."""
        return headers.message_ids(self.fields.first("references") + " " + self.fields.first("in-reply-to"))

    @cached_property
    def subject(self) -> str:
        return headers.decode_text(self.fields.first("subject"))

    def people(self, name: str) -> tuple[Address, ...]:
        if name not in self._people:
            self._people[name] = address_list.parse_addresses(self.fields.all(name))
        return self._people[name]

    def addresses(self, name: str) -> frozenset[str]:
        if name not in self._addresses:
            self._addresses[name] = frozenset(person.email for person in self.people(name))
        return self._addresses[name]

    @cached_property
    def text(self) -> str:
        return parse.parse(self.raw).text

    @cached_property
    def has_attachment(self) -> bool:
        return any(not file.is_inline for file in parse.parse(self.raw).attachments)

    # Forms

    def minimal(self) -> dict[str, Any]:
        return self.with_labels() | {
            "snippet": html.escape(" ".join(self.text.split())[:SNIPPET_LENGTH]),
            "sizeEstimate": len(self.raw),
            "historyId": str(self.history_id),
            "internalDate": str(self.received),
        }

    def metadata(self, wanted: Sequence[str] = ()) -> dict[str, Any]:
        """With all headers, or those that are named."""
        names = {name.lower() for name in wanted}
        shown = [pair for pair in self._shown_headers() if not names or pair["name"].lower() in names]
        payload: dict[str, Any] = {"mimeType": self._structure.content_type}
        if shown:
            payload["headers"] = shown
        return self.minimal() | {"payload": payload}

    def full(self) -> dict[str, Any]:
        payload = self._part(self._structure, "")
        payload["headers"] = self._shown_headers()
        return self.minimal() | {"payload": payload}

    def as_raw(self) -> dict[str, Any]:
        return self.minimal() | {"raw": encoded(self.raw)}

    def attachment(self, attachment_id: str) -> bytes | None:
        for part in tree.walk(self._structure):
            if part.content is not None and self._attachment_id(part) == attachment_id:
                return part.content
        return None

    @cached_property
    def _structure(self) -> tree.Part:
        return tree.read(self.fields, headers.split(self.raw)[1], max_depth=MAX_DEPTH)

    def _shown_headers(self) -> list[dict[str, str]]:
        return [{"name": name, "value": _readable(name, value)} for name, value in _written_headers(self.raw)]

    def _part(self, part: tree.Part, part_id: str) -> dict[str, Any]:
        type_parameters = parse_parameters(part.headers.first("content-type"))
        disposition = parse_parameters(part.headers.first("content-disposition"))
        shown: dict[str, Any] = {
            "partId": part_id,
            "mimeType": part.content_type,
            "filename": disposition.get("filename", "") or type_parameters.get("name", ""),
            "headers": [{"name": name, "value": part.headers.first(name)} for name in part.headers],
            "body": {"size": len(part.content or b"")},
        }
        if part.content and shown["filename"]:
            shown["body"]["attachmentId"] = self._attachment_id(part)
        elif part.content:
            shown["body"]["data"] = encoded(part.content)
        if part.children:
            prefix = f"{part_id}." if part_id else ""
            shown["parts"] = [self._part(child, f"{prefix}{place}") for place, child in enumerate(part.children)]
        return shown

    def _attachment_id(self, part: tree.Part) -> str:
        return "ANGjdJ" + hashlib.sha256(self.id.encode() + (part.content or b"")).hexdigest()


def encoded(data: bytes) -> str:
    """base64url without padding: Gmail leaves it out at times, so that nobody may rely on it."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _written_headers(raw: bytes) -> Iterator[tuple[str, str]]:
    """Names as they were written, and raw values on one line."""
    for line in _FOLD.sub(b"", headers.split(raw)[0]).splitlines():
        name, colon, value = line.decode("ascii", "surrogateescape").partition(":")
        if colon and name.strip() and " " not in name.strip():
            yield name.strip(), value.strip()


def _readable(name: str, value: str) -> str:
    """Gmail decodes header values; addresses stay addresses, with names in quotes where they need them."""
    if "=?" not in value and value.isascii() and "\x1b" not in value:
        return value
    if name.lower() not in _ADDRESS_FIELDS:
        return headers.decode_text(value)
    return ", ".join(map(_written, address_list.parse_addresses([value])))


def _written(person: Address) -> str:
    if not person.name:
        return person.email
    if _PLAIN_PHRASE.fullmatch(person.name):
        return f"{person.name} <{person.email}>"
    name = person.name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{name}" <{person.email}>'
