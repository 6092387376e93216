"""All that stored bytes may say: as text in the usual charsets, and inside compression, base64 and escapes. Pure."""

import base64
import binascii
import bz2
import gzip
import html
import lzma
import quopri
import re
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any
from urllib.parse import unquote

from inboxes.mime.headers import decode_text

DEPTH = 4
LARGEST = 64 * 1024 * 1024
"""Bytes taken from one compressed value."""

_LEGACY_CHARSETS = ("cp932", "euc_jp", "utf-16-le", "utf-16-be")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{60,}(?:\r?\n[A-Za-z0-9+/_-]+)+={0,2}|[A-Za-z0-9+/_-]{16,}={0,2}")
_ENCODED_WORDS = re.compile(r"=\?[^?\s]+\?[bBqQ]\?[^?]*\?=(?:\s+=\?[^?\s]+\?[bBqQ]\?[^?]*\?=)*")
_QUOTED_PRINTABLE = re.compile(rb"=[0-9A-Fa-f]{2}")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


def readings(data: bytes, *, depth: int = DEPTH) -> Iterator[str]:
    """Every text the bytes may stand for, the plain one first; not normalised."""
    inner = _decompressed(data)
    if inner is not None:
        if depth:
            yield from readings(inner, depth=depth - 1)
        return
    yield from _texts(data)
    if depth:
        for wrapped in _BASE64.findall(data):
            if unwrapped := _from_base64(wrapped):
                yield from readings(unwrapped, depth=depth - 1)
        if _QUOTED_PRINTABLE.search(data):
            yield quopri.decodestring(data).decode("utf-8", "replace")


def readings_of_text(text: str) -> Iterator[str]:
    """The same for what is a text already."""
    yield from _unescaped(text)
    if wrapped := _BASE64.findall(text.encode("utf-8", "replace")):
        for part in wrapped:
            if unwrapped := _from_base64(part):
                yield from readings(unwrapped, depth=DEPTH - 1)


def _texts(data: bytes) -> Iterator[str]:
    text = data.decode("utf-8", "replace")
    yield from _unescaped(text)
    if b"\x1b$" in data:
        yield data.decode("iso2022_jp_ext", "ignore")
    if "\ufffd" in text or "\0" in text:
        for charset in _LEGACY_CHARSETS:
            yield data.decode(charset, "ignore")


def _unescaped(text: str) -> Iterator[str]:
    """JSON, URLs, HTML and headers write some characters in their own way."""
    yield text
    if "\\" in text:
        yield _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text).replace('\\"', '"').replace("\\/", "/")
    if _PERCENT.search(text):
        yield unquote(text.replace("+", " "))
    if "&" in text and (plain := html.unescape(text)) != text:
        yield plain
    if "=?" in text:
        yield _ENCODED_WORDS.sub(lambda match: decode_text(match[0]), text)


def _from_base64(text: bytes) -> bytes:
    """Empty if it is none; both alphabets, with or without padding."""
    plain = b"".join(text.split()).rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    try:
        return base64.b64decode(plain + b"=" * (-len(plain) % 4))
    except binascii.Error:
        return b""


def _decompressed(data: bytes) -> bytes | None:
    """None if it is not compressed."""
    try:
        if data[:1] == b"\x78":
            return zlib.decompressobj().decompress(data, LARGEST)
        if data[:2] == b"\x1f\x8b":
            return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data, LARGEST)
    except zlib.error:
        pass
    return None


OPENERS: dict[bytes, Callable[..., IO[Any]]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
"""How files are read that begin so."""
