"""Parameters of Content-Type and Content-Disposition, and the file names they carry (RFC 2231, RFC 2047, or raw)."""

import mimetypes
import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from inboxes.mime import charsets
from inboxes.mime.headers import decode_bytes, decode_words

MAX_FILENAME_BYTES = 255

_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*(?:"([^"\\]*(?:\\.[^"\\]*)*)(?:"|\Z)|([^;]*))', re.DOTALL)
_CONTINUED = re.compile(r"([^*]+)\*(\d{1,3})?(\*)?").fullmatch
_ESCAPE = re.compile(r"\\([\"\\])")
# Controls, and what turns or hides text: `invoice<RLO>fdp.exe` must not read as a PDF.
_INVISIBLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\ufffd]"
)
_PATH = re.compile(r"(?:[A-Za-z]:)?[\\/]|\.{1,2}[\\/]|~[\\/]").match
_NOT_IN_NAMES = re.compile(r'[\\/<>:"|?*]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|\Z)", re.IGNORECASE).match
_NAMES = {
    "text/calendar": "invite.ics",
    "message/rfc822": "message.eml",
    "message/delivery-status": "delivery-status.txt",
    "message/disposition-notification": "receipt.txt",
    "text/rfc822-headers": "headers.txt",
}
# Without the files of the machine, so that a name is the same everywhere.
_TYPES = mimetypes.MimeTypes(filenames=())


@lru_cache(maxsize=2_000)
def parse_parameters(value: str, *, hint: str = "") -> Mapping[str, str]:
    """Parameters of a raw header value by lower-case name, decoded; of a repeated one the first counts."""
    plain: dict[str, str] = {}
    extended: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, quoted, bare in _PARAMETER.findall(decode_bytes(value, hint=hint)):
        name = name.lower()
        text = _ESCAPE.sub(r"\1", quoted) if quoted else bare.strip()
        continued = _CONTINUED(name)
        if continued:
            pieces = extended.setdefault(continued[1], {})
            pieces.setdefault(int(continued[2] or 0), (text, bool(continued[3]) or continued[2] is None))
        else:
            plain.setdefault(name, text)
    decoded = {name: charsets.clean(decode_words(text, hint=hint)) for name, text in plain.items()}
    return decoded | {name: _join(pieces, hint) for name, pieces in extended.items()}


def _join(pieces: dict[int, tuple[str, bool]], hint: str) -> str:
    """RFC 2231: the bytes of all pieces in order of their numbers, decoded once; a character may be cut between pieces."""
    charset, data = "", bytearray()
    for position, (_, (text, encoded)) in enumerate(sorted(pieces.items())):
        if encoded and position == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        data += unquote_to_bytes(text) if encoded else text.encode("utf-8", "surrogateescape")
    text = charsets.decode(bytes(data), charset, hint=hint).text
    return decode_words(text, hint=hint)


def sanitise_filename(name: str, *, content_type: str = "") -> str:
    """A name that is safe to show and to save under: no path, no control or direction characters, at most 255 bytes.

    Never empty: a nameless part is called after its type.
    """
    name = charsets.clean(_INVISIBLE.sub("", name)).strip()
    if _PATH(name):
        name = re.split(r"[\\/]", name)[-1]
    name = _NOT_IN_NAMES.sub("_", name).strip(" .")
    if not name:
        name = _NAMES.get(content_type) or "attachment" + (_TYPES.guess_extension(content_type, strict=False) or "")
    if _RESERVED(name):
        name = f"_{name}"
    return _shorten(name)


def _shorten(name: str) -> str:
    if len(name.encode()) <= MAX_FILENAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension.encode()) > 20:
        stem, extension = name, ""
    room = MAX_FILENAME_BYTES - len((dot + extension).encode()) if extension else MAX_FILENAME_BYTES
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .") + (dot + extension if extension else "")
