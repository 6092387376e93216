"""From messages as the API shows them to envelopes and bodies."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from inboxes.envelope import Address, Envelope, FolderRole
from inboxes.mime.envelope_reader import HEADER_FIELDS, read_envelope
from inboxes.mime.headers import parse
from inboxes.providers.base import RawMessage, RemoteFolder, TemporarilyUnavailable
from inboxes.providers.gmail.addressed import is_of_address
from inboxes.providers.gmail.client import Call
from inboxes.providers.gmail.labels import SENT, role_of

LARGEST_BODY = 35 * 1024 * 1024
PARTIAL_BYTES = 256 * 1024
"""Of the text of a message that is too large."""

# Named one by one so that the snippet, which is text of the body, stays where it is.
_ENVELOPE = "id,threadId,labelIds,internalDate,sizeEstimate,payload/headers"
_LINE_BREAKS = re.compile(r"[\r\n\0]+[ \t]*")
_OF_THE_CONTENT = re.compile(r"(content-.*|mime-version)", re.IGNORECASE)


def envelope_call(message_id: str, *, more: Iterable[str] = ()) -> Call:
    """`more`: fields beside those of an envelope."""
    wanted = [*HEADER_FIELDS, *more]
    parameters = {"id": message_id, "format": "metadata", "metadataHeaders": wanted, "fields": _ENVELOPE}
    return Call("messages.get", parameters)


def date_call(message_id: str) -> Call:
    return Call("messages.get", {"id": message_id, "format": "minimal", "fields": "internalDate"})


def raw_call(message_id: str) -> Call:
    return Call("messages.get", {"id": message_id, "format": "raw", "fields": "id,raw"})


def partial_call(message_id: str) -> Call:
    """The structure and texts of a message, without its attachments."""
    return Call("messages.get", {"id": message_id, "format": "full", "fields": "id,payload"})


def received_at(message: Mapping[str, Any]) -> datetime:
    """Raises `ValueError` and its like for what is no date."""
    return datetime.fromtimestamp(int(message["internalDate"]) / 1000, UTC)


def read_message(
    message: Mapping[str, Any],
    folder: RemoteFolder,
    label_names: Mapping[str, str],
    *,
    now: datetime,
    people: dict[str, tuple[Address, ...]],
) -> Envelope:
    """Of an answer to `envelope_call`. Raises `ValueError` and its like for what is no message."""
    labels = message.get("labelIds", ())
    return read_envelope(
        _headers_of(message),
        remote_id=message["id"],
        folder_id=folder.remote_id,
        folder_role=role_of(labels) if folder.role is FolderRole.ALL else folder.role,
        received_at=received_at(message),
        size=int(message.get("sizeEstimate", 0)),
        now=now,
        labels=frozenset(label_names[label] for label in labels if label in label_names),
        provider_thread_id=message.get("threadId", ""),
        sent_by_owner=SENT in labels,
        is_draft="DRAFT" in labels,
        people=people,
    )


def is_message_of(message: Mapping[str, Any], address: str) -> bool:
    """Of an answer to `envelope_call` with `addressed.FIELDS`. Raises as `read_message`."""
    return is_of_address(parse(_headers_of(message)), address, is_sent=SENT in message.get("labelIds", ()))


def _headers_of(message: Mapping[str, Any]) -> bytes:
    return header_block(message.get("payload", {}).get("headers", ()))


def header_block(headers: Iterable[Mapping[str, str]]) -> bytes:
    """As if it were on the wire. Gmail decodes many values, so a charset that the message names says nothing of them any more."""
    lines = []
    for header in headers:
        name, value = header["name"], _LINE_BREAKS.sub(" ", header["value"])
        if name.lower() == "content-type":
            value = value.partition(";")[0]
        lines.append(f"{name}: {value}\r\n")
    return "".join(lines).encode("utf-8", "surrogateescape")


def raw_message(answer: Mapping[str, Any], message_id: str) -> RawMessage:
    """Raises `TemporarilyUnavailable`. Sizes are estimates, so the limit is looked at again on what came."""
    try:
        raw = _decoded(answer["raw"])
        is_too_large = len(raw) > LARGEST_BODY
        return RawMessage(message_id, raw[:PARTIAL_BYTES] if is_too_large else raw, partial=is_too_large)
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise TemporarilyUnavailable("answer_not_understood") from None


def partial_message(answer: Mapping[str, Any], message_id: str) -> RawMessage:
    """The headers of a message that is too large, and its first text. Raises `TemporarilyUnavailable`."""
    try:
        payload = answer["payload"]
        own = [header for header in payload.get("headers", ()) if not _OF_THE_CONTENT.fullmatch(header["name"])]
        kind, text = next(_texts(payload), ("text/plain", b""))
        content = f"MIME-Version: 1.0\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode()
        return RawMessage(message_id, header_block(own) + content + text[:PARTIAL_BYTES], partial=True)
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error):
        raise TemporarilyUnavailable("answer_not_understood") from None


def _texts(part: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Content-Type and bytes of the parts that are text, plain ones or not, in order."""
    data = part.get("body", {}).get("data")
    if data and str(part.get("mimeType", "")).startswith("text/"):
        types = [header["value"] for header in part.get("headers", ()) if header["name"].lower() == "content-type"]
        yield _LINE_BREAKS.sub(" ", types[0] if types else part["mimeType"]), _decoded(data)
    for child in part.get("parts", ()):
        yield from _texts(child)


def _decoded(data: str) -> bytes:
    """base64url; its padding may be missing."""
    return base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))
