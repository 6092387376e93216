"""From the bytes of a message to what a timeline shows: text, HTML, files. Always a record, whatever the bytes are."""

import html as html_escapes
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote

from inboxes.mime import charsets, headers, tree
from inboxes.mime.flowed import unflow
from inboxes.mime.headers import Headers
from inboxes.mime.html import to_text
from inboxes.mime.parameters import parse_parameters, sanitise_filename
from inboxes.mime.tree import Part
from inboxes.mime.uuencode import extract_files


class ParseState(StrEnum):
    """How much of a message could be read. The raw bytes are the caller's to keep in any case."""

    FULL = "full"
    PARTIAL = "partial"  # some of it, at least the headers
    UNPARSABLE = "unparsable"  # this is no e-mail


class Defect(StrEnum):
    """What was wrong, as stable codes."""

    CHARSET_GUESSED = "charset_guessed"
    CHARSET_DAMAGED = "charset_damaged"
    TRANSFER_DAMAGED = "transfer_damaged"
    HEADERS_TOO_LARGE = "headers_too_large"
    TEXT_TOO_LONG = "text_too_long"
    TOO_MANY_PARTS = "too_many_parts"
    TOO_DEEP = "too_deep"
    NO_HEADERS = "no_headers"
    EMPTY = "empty"
    STRUCTURE_UNREADABLE = "structure_unreadable"
    PARSER_KILLED = "parser_killed"


# With one of these the record is not the whole message.
_INCOMPLETE = frozenset(
    {
        Defect.HEADERS_TOO_LARGE,
        Defect.TEXT_TOO_LONG,
        Defect.TOO_MANY_PARTS,
        Defect.TOO_DEEP,
        Defect.STRUCTURE_UNREADABLE,
        Defect.PARSER_KILLED,
    }
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one parse; text in characters, counted for plain text and HTML apart."""

    depth: int = 30
    parts: int = 500
    text: int = 5_000_000


DEFAULT = Limits()


@dataclass(frozen=True, slots=True)
class Attachment:
    """`filename` is safe to show and save under. `content_id` has no brackets. `is_inline`: shown within the HTML, or only
    of use to programs (a signature)."""

    filename: str
    content_type: str
    content: bytes
    content_id: str = ""
    is_inline: bool = False

    @property
    def size(self) -> int:
        return len(self.content)


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """`html` is as it came: `html.sanitise` it before anybody sees it. `text` is never empty if `html` says something.

    `reported_message_ids`: for a delivery report or read receipt, the messages it is about.
    """

    state: ParseState
    headers: Headers
    text: str = ""
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    defects: tuple[str, ...] = ()
    is_encrypted: bool = False
    is_signed: bool = False
    reported_message_ids: tuple[str, ...] = ()


_MESSAGE_FIELDS = frozenset(
    {
        "from",
        "to",
        "cc",
        "subject",
        "date",
        "message-id",
        "received",
        "return-path",
        "content-type",
        "mime-version",
        "sender",
        "reply-to",
    }
)
_TNEF_SIGNATURE = b"\x78\x9f\x3e\x22"
# Parts for programs: nobody attached these.
_NOT_FOR_PEOPLE = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature", "text/x-amp-html"}
)
_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_STUB_LENGTH = 400
_CID = re.compile(r"cid:([^\"'\s)>]+)", re.IGNORECASE)


def parse(raw: bytes, *, limits: Limits = DEFAULT) -> ParsedMessage:
    """Never raises. For mail that is large or may be hostile call `guard.parse`, which puts a process around this."""
    raw = tidy(raw)
    block, body = headers.split(raw)
    fields = headers.parse(block)
    if not raw.strip():
        return ParsedMessage(ParseState.UNPARSABLE, fields, defects=(Defect.EMPTY,))
    if _MESSAGE_FIELDS.isdisjoint(fields) and len(block) <= headers.MAX_BLOCK:
        return ParsedMessage(ParseState.UNPARSABLE, fields, defects=(Defect.NO_HEADERS,))
    reading = _Reading(fields, limits)
    if len(block) > headers.MAX_BLOCK:
        reading.note(Defect.HEADERS_TOO_LARGE)
    try:
        reading.read(tree.read(fields, body, max_depth=limits.depth))
    except Exception:  # noqa: BLE001 - whatever either parser trips over, the headers and the raw bytes are kept
        reading.give_up(body)
    return reading.result()


def headers_only(raw: bytes, defect: Defect) -> ParsedMessage:
    """The record of a message whose body nobody could read."""
    fields = headers.parse(tidy(raw[: headers.MAX_SCANNED]))
    return ParsedMessage(ParseState.PARTIAL, fields, defects=(defect,))


def tidy(raw: bytes) -> bytes:
    """The message from its first field on: without blank lines or an mbox separator before it, its lines ended in a known way."""
    raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if raw.startswith((b"From ", b">From ")):
        raw = raw.partition(b"\n")[2]
    if b"\n" not in raw:
        return raw.replace(b"\r", b"\r\n")
    return raw.replace(b"\r\r\n", b"\r\n") if b"\r\r\n" in raw[:1000] else raw


@dataclass(slots=True)
class _Body:
    """What one subtree contributes: the same words as text and as HTML, either may be missing."""

    text: str = ""
    html: str = ""


@dataclass(slots=True)
class _Reading:
    """One pass over a tree, collecting."""

    fields: Headers
    limits: Limits
    parts_left: int = 0
    body: _Body = field(default_factory=_Body)
    files: list[tuple[str, str, bytes, str]] = field(default_factory=list)
    defects: dict[str, None] = field(default_factory=dict)
    is_encrypted: bool = False
    is_signed: bool = False
    reported: tuple[str, ...] = ()

    def note(self, defect: str) -> None:
        if defect:
            self.defects[defect] = None

    def read(self, root: Part) -> None:
        self.parts_left = self.limits.parts
        self.body = self._read_part(root)

    def give_up(self, body: bytes) -> None:
        """Nothing is known of the structure: the beginning of the body as it stands is better than nothing."""
        self.note(Defect.STRUCTURE_UNREADABLE)
        text = charsets.decode(body[:20_000])
        self.body, self.files = _Body(text.text), []

    def result(self) -> ParsedMessage:
        html = self._cut(self.body.html)
        text = self._cut(self.body.text) or to_text(html)
        shown = _shown_ids(html) if self.files else frozenset()
        attachments = tuple(
            Attachment(name, content_type, content, cid, cid.lower() in shown or content_type in _NOT_FOR_PEOPLE)
            for name, content_type, content, cid in self.files
        )
        state = ParseState.FULL if _INCOMPLETE.isdisjoint(self.defects) else ParseState.PARTIAL
        return ParsedMessage(
            state,
            self.fields,
            text,
            html,
            attachments,
            tuple(self.defects),
            self.is_encrypted,
            self.is_signed,
            self.reported,
        )

    def _cut(self, text: str) -> str:
        if len(text) > self.limits.text:
            self.note(Defect.TEXT_TOO_LONG)
        return text[: self.limits.text]

    def _read_part(self, part: Part) -> _Body:
        if self.parts_left <= 0:
            self.note(Defect.TOO_MANY_PARTS)
            return _Body()
        self.parts_left -= 1
        if part.damaged:
            self.note(Defect.TRANSFER_DAMAGED)
        if part.cut:
            self.note(Defect.TOO_DEEP)
        if part.content is None:
            return self._read_multipart(part)
        if _is_body(part):
            return self._read_text(part, part.content)
        self._keep_file(part, part.content)
        return _Body()

    def _read_multipart(self, part: Part) -> _Body:
        self.is_signed |= part.content_type == "multipart/signed"
        self.is_encrypted |= part.content_type == "multipart/encrypted"
        if part.content_type == "multipart/report":
            self.reported = _reported_message_ids(part)
        bodies = [self._read_part(child) for child in part.children]
        return _choose(bodies) if part.content_type == "multipart/alternative" else _combine(bodies)

    def _read_text(self, part: Part, content: bytes) -> _Body:
        parameters = parse_parameters(part.headers.first("content-type"))
        # Four bytes are the most a character takes; beyond that there is nothing to keep anyway.
        decoded = charsets.decode(content[: self.limits.text * 4], parameters.get("charset", ""))
        self.note(decoded.defect)
        text = decoded.text.replace("\r\n", "\n").replace("\r", "\n")
        if part.content_type == "text/html":
            return _Body(html=text)
        if parameters.get("format", "").lower() == "flowed":
            text = unflow(text, delsp=parameters.get("delsp", "").lower() == "yes")
        text, files = extract_files(text)
        self.files += [(sanitise_filename(name), "application/octet-stream", data, "") for name, data in files]
        return _Body(text=text)

    def _keep_file(self, part: Part, content: bytes) -> None:
        parameters = parse_parameters(part.headers.first("content-type"))
        content_type = part.content_type
        if content.startswith(_TNEF_SIGNATURE):
            content_type = "application/ms-tnef"
        if content_type in _SMIME:
            signed = parameters.get("smime-type", "").lower() in ("signed-data", "certs-only")
            self.is_signed |= signed
            self.is_encrypted |= not signed
        name = _filename(part, parameters, content)
        content_id = charsets.clean(headers.decode_bytes(part.headers.first("content-id"))).strip("<> ")
        self.files.append((sanitise_filename(name, content_type=content_type), content_type, content, content_id))


def _shown_ids(html: str) -> frozenset[str]:
    return frozenset(unquote(html_escapes.unescape(cid)).lower() for cid in _CID.findall(html))


def _is_body(part: Part) -> bool:
    if part.content_type not in ("text/plain", "text/html", "text/enriched", "text"):
        return False
    disposition = part.headers.first("content-disposition")
    if disposition.partition(";")[0].strip().lower() == "attachment":
        return False
    return not (
        parse_parameters(disposition).get("filename")
        or parse_parameters(part.headers.first("content-type")).get("name")
    )


def _filename(part: Part, type_parameters: Mapping[str, str], content: bytes) -> str:
    disposition = parse_parameters(part.headers.first("content-disposition"))
    name = (
        disposition.get("filename")
        or type_parameters.get("name")
        or headers.decode_text(part.headers.first("content-description"))
    )
    if name or part.content_type != "message/rfc822":
        return name
    return f"{headers.decode_text(headers.parse(content).first('subject')) or 'message'}.eml"


def _choose(bodies: list[_Body]) -> _Body:
    """The alternatives say the same: the richest HTML is the last one, and text that only says `see the HTML` is none."""
    html = next((body.html for body in reversed(bodies) if body.html), "")
    text = next((body.text for body in reversed(bodies) if body.text.strip()), "")
    if html and len(text.strip()) < _STUB_LENGTH:
        html_text = to_text(html)
        if len(html_text) > 3 * len(text.strip()):
            text = html_text
    return _Body(text, html)


def _combine(bodies: list[_Body]) -> _Body:
    """One after the other. Where some have HTML, the others are shown as HTML too, so that a reader of either sees all."""
    bodies = [body for body in bodies if body.text.strip() or body.html]
    if len(bodies) == 1:
        return bodies[0]
    if not any(body.html for body in bodies):
        return _Body("\n\n".join(body.text.strip("\n") for body in bodies))
    texts = (body.text or to_text(body.html) for body in bodies)
    return _Body("\n\n".join(texts), "\n".join(body.html or _as_html(body.text) for body in bodies))


def _as_html(text: str) -> str:
    return "<div>{}</div>".format(html_escapes.escape(text.strip("\n")).replace("\n", "<br>\n"))


def _reported_message_ids(report: Part) -> tuple[str, ...]:
    """From the returned message or its headers; all of a receipt's or report's fields that name the original."""
    found: list[str] = []
    for child in report.children:
        if child.content_type in (
            "message/rfc822",
            "text/rfc822-headers",
            "message/rfc822-headers",
            "message/global-headers",
        ):
            found += headers.message_ids(headers.parse((child.content or b"")[: headers.MAX_BLOCK]).first("message-id"))
        elif child.content_type in ("message/disposition-notification", "message/delivery-status"):
            for block in re.split(rb"\r?\n\r?\n", child.content or b"")[:50]:
                fields = headers.parse(block)
                found += headers.message_ids(
                    fields.first("original-message-id") or fields.first("x-original-message-id")
                )
    return tuple(dict.fromkeys(found))
