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
    """`content` is None for a multipart.

    `damaged`: its encoding was broken and what could be read was kept. `cut`: it has children, but too deep to be read.
    """

    headers: Headers
    content_type: str
    content: bytes | None
    children: list["Part"] = field(default_factory=list)
    damaged: bool = False
    cut: bool = False


# fast-mail-parser decodes encoded words in part headers one by one, which loses characters cut in two. It does not see
# them behind this mark.
_ENCODED_WORD = re.compile(rb"=\?(?=[A-Za-z0-9_*.:-]+\?[bBqQ]\?)")
_MARK = b"=~^`"
_CONTENT_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+").fullmatch
_QUOTED_PRINTABLE = b"\t\r\n" + bytes(range(0x20, 0x7F))
_FOLD = re.compile(r"[\r\n]+[ \t]?")
_UUENCODE = frozenset({"x-uuencode", "uuencode", "x-uue", "uue"})
# What of the header block says how to read the body.
_ROOT_FIELDS = ("content-type", "content-transfer-encoding", "content-disposition", "content-id")


def read(fields: Headers, body: bytes, *, max_depth: int) -> Part:
    """The tree of the message with these headers and this body. Raises whatever the standard library does."""
    # Headers are read one way only, ours, however broken their block was.
    head = "".join(f"{name}: {fields.first(name)}\r\n" for name in _ROOT_FIELDS if name in fields)
    raw = head.encode("ascii", "surrogateescape") + b"\r\n" + body
    tree = _read_fast(raw, max_depth) or _read_slow(raw, max_depth)
    tree.headers = fields
    return tree


def walk(part: Part) -> Iterator[Part]:
    yield part
    for child in part.children:
        yield from walk(child)


def _read_fast(raw: bytes, max_depth: int) -> Part | None:
    """None where fast-mail-parser refuses, or would lose something."""
    marked = b"=?" in raw and _ENCODED_WORD.search(raw) is not None
    if marked and _MARK in raw:
        return None
    try:
        node = fast_mail_parser.parse_email_tree(_ENCODED_WORD.sub(_MARK, raw) if marked else raw, mode="lazy")
        tree = _from_fast(node, marked, max_depth)
    except fast_mail_parser.ParseError:
        return None
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        return None
    # It drops what quoted-printable does not allow, and the body of a multipart without parts.
    parts = list(walk(tree))
    lossy = any(_encoding(part.headers) == "quoted-printable" for part in parts) and (
        raw.translate(None, _QUOTED_PRINTABLE) != b""
    )
    return None if lossy or any(part.content is None and not part.children and not part.cut for part in parts) else tree


def _from_fast(node: fast_mail_parser.PyLazyMimePart, marked: bool, depth: int) -> Part:
    fields = Headers.of((name, _raw_value(value)) for name, values in node.headers.items() for value in values)
    content, damaged = node.content, False
    encoding = _encoding(fields)
    if marked and content is not None and encoding != "base64":
        content = content.replace(_MARK, b"=?")
    if content is not None and encoding in _UUENCODE:
        content, damaged = _decode_uu(content)
    part = Part(fields, _valid_type(node.content_type), content, damaged=damaged, cut=depth == 0 and content is None)
    if not part.cut and not node.is_message:  # what is inside an attached message belongs to that message
        part.children = [_from_fast(child, marked, depth - 1) for child in node.children]
    return part


def _encoding(fields: Headers) -> str:
    return fields.first("content-transfer-encoding").lower()


def _valid_type(content_type: str) -> str:
    content_type = content_type.lower()
    return content_type if _CONTENT_TYPE(content_type) else "text/plain"  # RFC 2045, section 5.2


def _raw_value(value: str) -> str:
    """The bytes that stood in the message: it shows valid UTF-8 as such, and Latin-1 characters for any other byte."""
    value = value.replace("=~^`", "=?")
    if value.isascii():
        return value
    try:
        data = value.encode("latin-1")
    except UnicodeEncodeError:
        data = value.encode("utf-8", "replace")
    return data.decode("ascii", "surrogateescape")


def _read_slow(raw: bytes, max_depth: int) -> Part:
    # compat32: policy.default raises on reading all sorts of broken headers.
    return _from_slow(email.message_from_bytes(raw, policy=policy.compat32), max_depth)


def _from_slow(message: "Message[str, str]", depth: int) -> Part:
    fields = Headers.of((name, _FOLD.sub(" ", str(value)).strip()) for name, value in message.raw_items())
    part = Part(fields, message.get_content_type(), None)
    payload = message.get_payload()
    if part.content_type.startswith("multipart/") and isinstance(payload, list):
        part.cut = depth == 0
        part.children = (
            [] if part.cut else [_from_slow(child, depth - 1) for child in payload if isinstance(child, Message)]
        )
        return part
    if isinstance(payload, list):
        data = b"".join(_bytes_of(child) for child in payload if isinstance(child, Message))
    else:
        data = _undecoded(message)
        if part.content_type.startswith("multipart/"):  # its boundary is missing or never comes: text is all it can be
            part.content_type, part.damaged = "text/plain", True
    part.content, damaged = decode_transfer(data, part.headers.first("content-transfer-encoding"))
    part.damaged |= damaged
    return part


def _undecoded(message: "Message[str, str]") -> bytes:
    """The bytes of a part as they stand: the tolerant decoders are ours."""
    del message["content-transfer-encoding"]
    data = message.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _bytes_of(message: "Message[str, str]") -> bytes:
    try:
        return message.as_bytes()
    except Exception:  # noqa: BLE001 - writing out a broken message raises whatever its breakage leads to
        return "\n".join(f"{name}: {value}" for name, value in message.raw_items()).encode("utf-8", "surrogateescape")


def decode_transfer(data: bytes, encoding: str) -> tuple[bytes, bool]:
    """The bytes behind a Content-Transfer-Encoding, and whether something of it was broken. An unknown one encodes nothing."""
    match encoding.lower():
        case "base64":
            return headers.decode_base64(data)
        case "quoted-printable":
            return binascii.a2b_qp(data), False
        case name if name in _UUENCODE:
            return _decode_uu(data)
        case _:
            return data, False


def _decode_uu(data: bytes) -> tuple[bytes, bool]:
    decoded, damaged = bytearray(), False
    lines = data.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith(b"begin ")]
    if not starts:
        return data, True
    for line in lines[starts[0] + 1 :]:
        if line.strip() == b"end":
            return bytes(decoded), damaged
        try:
            decoded += binascii.a2b_uu(line)
        except binascii.Error:
            damaged = True
    return bytes(decoded), True
