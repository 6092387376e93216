"""An e-mail without the contents of its files, for inboxes that keep only their names."""

import re
from base64 import encodebytes
from collections.abc import Iterator
from urllib.parse import quote

from inboxes.mime import headers
from inboxes.mime.parse import Attachment, ParsedMessage, ParseState, tidy

NOTE = b"X-Genkan-Files: contents not kept"

_FIELD = re.compile(rb"^[!-9;-~]+[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*", re.MULTILINE)
_OF_THE_BODY = re.compile(rb"content-|mime-version", re.IGNORECASE).match
_OUTER, _INNER = b"genkan-parts", b"genkan-texts"


def without_files(raw: bytes, parsed: ParsedMessage) -> bytes:
    """The same headers, texts and names of files, under a field that says so. Equal bytes give equal bytes.

    It is written anew from what was understood, so that no byte of a file is left, wherever the e-mail held it. An e-mail that was
    read whole and has no files stays as it is.
    """
    if parsed.state is ParseState.FULL and not parsed.attachments:
        return raw
    block = b"" if parsed.state is ParseState.UNPARSABLE else headers.split(tidy(raw))[0][: headers.MAX_BLOCK]
    kept = [field.rstrip(b"\r") for field in _FIELD.findall(block) if not _OF_THE_BODY(field)]
    texts = _multipart(b"alternative", _INNER, _texts(parsed))
    body = _multipart(b"mixed", _OUTER, [texts, *map(_name_only, parsed.attachments)])
    return b"\r\n".join([*kept, NOTE, b"MIME-Version: 1.0", body])


def _multipart(kind: bytes, boundary: bytes, parts: list[bytes]) -> bytes:
    inner = b"".join(b"--%b\r\n%b\r\n" % (boundary, part) for part in parts)
    return b"Content-Type: multipart/%b; boundary=%b\r\n\r\n%b--%b--\r\n" % (kind, boundary, inner, boundary)


def _texts(parsed: ParsedMessage) -> list[bytes]:
    texts = [_text(b"plain", parsed.text)]
    return [*texts, _text(b"html", parsed.html)] if parsed.html else texts


def _text(kind: bytes, text: str) -> bytes:
    """Encoded, so that no line of it can be taken for a boundary."""
    content = encodebytes(text.encode("utf-8", "replace")).replace(b"\n", b"\r\n")
    return b"Content-Type: text/%b; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n%b" % (kind, content)


def _name_only(file: Attachment) -> bytes:
    return b"\r\n".join(_fields_of(file)) + b"\r\n\r\n"


def _fields_of(file: Attachment) -> Iterator[bytes]:
    yield b"Content-Type: " + file.content_type.encode("ascii", "replace")
    yield b"Content-Disposition: attachment; filename*=utf-8''" + quote(file.filename, safe="").encode()
    if file.content_id:
        yield b"Content-ID: <%b>" % file.content_id.encode("utf-8", "replace")
