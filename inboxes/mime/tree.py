"""The MIME structure of a message as parts with decoded bytes: fast-mail-parser first, the standard library where it refuses.

Both give the same tree. Character sets and file names are left to us: part headers come out raw.
"""

import binascii
import email
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.message import Message

import fast_mail_parser

from inboxes.mime import headers
from inboxes.mime.headers import Headers


@dataclass(slots=True)
class Part:
    """`content` is None for a multipart; `damaged`: its transfer encoding was broken and what could be read was kept."""

    headers: Headers
    content_type: str
    content: bytes | None
    children: list["Part"] = field(default_factory=list)
    damaged: bool = False


class TooDeep(Exception):
    """The structure is nested deeper than asked for."""


# fast-mail-parser decodes encoded words in part headers one by one, which loses characters cut in two. It does not see
# them behind this mark, of the same length so that nothing moves.
_ENCODED_WORD = re.compile(rb"=\?(?=[A-Za-z0-9_*.:-]+\?[bBqQ]\?)")
_MARK = b"=\x01"


def read(raw: bytes, root_headers: Headers, *, max_depth: int) -> Part:
    """The tree of `raw`, whose header block was read before. Raises `TooDeep`, or whatever the standard library raises."""
    try:
        tree = _read_fast(raw, root_headers, max_depth)
        if not any(part.content is None and not part.children for part in walk(tree)):
            return tree
    except fast_mail_parser.ParseError:
        pass
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
    return _read_slow(raw, root_headers, max_depth)


def walk(part: Part) -> Iterator[Part]:
    yield part
    for child in part.children:
        yield from walk(child)


def _read_fast(raw: bytes, root_headers: Headers, max_depth: int) -> Part:
    marked = _MARK not in raw and _ENCODED_WORD.search(raw) is not None
    node = fast_mail_parser.parse_email_tree(_ENCODED_WORD.sub(_MARK, raw) if marked else raw, mode="lazy")
    tree = _from_fast(node, marked, max_depth)
    tree.headers = root_headers
    return tree


def _from_fast(node: fast_mail_parser.PyLazyMimePart, marked: bool, depth: int) -> Part:
    if depth < 0:
        raise TooDeep
    fields = Headers({name.lower(): [_raw_value(value) for value in values] for name, values in node.headers.items()})
    content = node.content
    if marked and content is not None and fields.first("content-transfer-encoding").lower() != "base64":
        content = content.replace(_MARK, b"=?")
    # What is inside an attached message belongs to that message.
    children = [] if node.is_message else [_from_fast(child, marked, depth - 1) for child in node.children]
    return Part(fields, node.content_type.lower(), content, children)


def _raw_value(value: str) -> str:
    """The bytes that stood in the message: it shows valid UTF-8 as such, and Latin-1 characters for any other byte."""
    value = value.replace("=\x01", "=?")
    if value.isascii():
        return value
    try:
        data = value.encode("latin-1")
    except UnicodeEncodeError:
        data = value.encode("utf-8", "replace")
    return data.decode("ascii", "surrogateescape")


def _read_slow(raw: bytes, root_headers: Headers, max_depth: int) -> Part:
    # compat32: policy.default raises on reading all sorts of broken headers.
    tree = _from_slow(email.message_from_bytes(raw, policy=policy.compat32), max_depth)
    tree.headers = root_headers
    return tree


def _from_slow(message: "Message[str, str]", depth: int) -> Part:
    if depth < 0:
        raise TooDeep
    fields: dict[str, list[str]] = {}
    for name, value in message.raw_items():
        fields.setdefault(name.lower(), []).append(" ".join(str(value).splitlines()))
    part = Part(Headers(fields), message.get_content_type(), None)
    payload = message.get_payload()
    if part.content_type.startswith("multipart/") and isinstance(payload, list):
        part.children = [_from_slow(child, depth - 1) for child in payload if isinstance(child, Message)]
        return part
    if isinstance(payload, list):
        data = b"".join(_bytes_of(child) for child in payload if isinstance(child, Message))
    else:
        data = str(payload or "").encode("ascii", "surrogateescape")
        if part.content_type.startswith("multipart/"):  # its boundary is missing or never comes: text is all it can be
            part.content_type, part.damaged = "text/plain", True
    part.content, damaged = decode_transfer(data, part.headers.first("content-transfer-encoding"))
    part.damaged |= damaged
    return part


def _bytes_of(message: "Message[str, str]") -> bytes:
    try:
        return message.as_bytes()
    except Exception:  # noqa: BLE001 - writing out a broken message raises whatever its breakage leads to
        return "\n".join(f"{name}: {value}" for name, value in message.raw_items()).encode("utf-8", "surrogateescape")


def decode_transfer(data: bytes, encoding: str) -> tuple[bytes, bool]:
    """The bytes behind a Content-Transfer-Encoding, and whether something of it was broken. An unknown one encodes nothing."""
    match encoding.strip().lower():
        case "base64":
            return headers.decode_base64(data)
        case "quoted-printable":
            return binascii.a2b_qp(data), False
        case "x-uuencode" | "uuencode" | "x-uue" | "uue":
            return _decode_uu(data)
        case _:
            return data, False


def _decode_uu(data: bytes) -> tuple[bytes, bool]:
    decoded, damaged = bytearray(), False
    lines = data.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith(b"begin ")]
    for line in lines[starts[0] + 1 if starts else 0 :]:
        if line.strip() == b"end":
            return bytes(decoded), damaged
        try:
            decoded += binascii.a2b_uu(line)
        except binascii.Error:
            damaged = True
    return bytes(decoded), True
