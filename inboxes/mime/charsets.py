"""From bytes to text: what mail calls its character set, and what it really is. Japanese repairs included."""

import codecs
import re
import unicodedata
from typing import NamedTuple

import charset_normalizer

from inboxes.mime import iso2022jp


class Decoded(NamedTuple):
    """`defect` is "" when the declared character set was true, else `charset_guessed` or `charset_damaged` (text was lost)."""

    text: str
    defect: str = ""


GUESSED = "charset_guessed"
DAMAGED = "charset_damaged"

# Labels that declare nothing: the bytes must speak for themselves.
_UNDECLARED = frozenset(
    {
        "",
        "us-ascii",
        "ascii",
        "ansi_x3.4-1968",
        "unknown-8bit",
        "x-unknown",
        "unknown",
        "default",
        "binary",
        "8bit",
        "none",
    }
)

# The labels of nearly all mail, as they are mostly written: the first codec the table below would try.
_QUICK = {
    "utf-8": "utf-8",
    "UTF-8": "utf-8",
    "iso-2022-jp": "iso2022_jp",
    "ISO-2022-JP": "iso2022_jp",
    "shift_jis": "cp932",
    "Shift_JIS": "cp932",
}
_SHIFT_JIS = ("cp932",)  # never shift_jis: ①, ㈱ and 髙 are outside it, and senders mean cp932
_EUC_JP = ("euc_jp", "euc_jis_2004")
_CODECS: dict[str, tuple[str, ...]] = {
    "utf-8": ("utf-8",),
    "utf8": ("utf-8",),
    "utf8mb4": ("utf-8",),
    "unicode-1-1-utf-8": ("utf-8",),
    "unicode-1-1-utf-7": ("utf-7",),
    **dict.fromkeys(
        ("shift-jis", "shiftjis", "sjis", "x-sjis", "ms-kanji", "windows-31j", "cp932", "ms932", "x-ms-cp932"),
        _SHIFT_JIS,
    ),
    **dict.fromkeys(("shift-jisx0213", "shift-jis-2004"), ("shift_jis_2004", "cp932")),
    **dict.fromkeys(("euc-jp", "x-euc-jp", "x-euc", "eucjp", "cp51932", "eucjp-ms", "eucjpms"), _EUC_JP),
    **dict.fromkeys(("gb2312", "gbk", "x-gbk", "gb18030", "cp936", "euc-cn", "gb-2312-80"), ("gb18030",)),
    **dict.fromkeys(("big5", "big5-hkscs", "cn-big5", "x-x-big5"), ("big5hkscs", "cp950")),
    **dict.fromkeys(("ks-c-5601-1987", "ksc5601", "euc-kr", "cp949", "windows-949", "x-windows-949"), ("cp949",)),
    # Senders who say Latin-1 mean cp1252; its five unused bytes are what Latin-1 is still good for.
    **dict.fromkeys(("iso-8859-1", "latin1", "l1", "windows-1252", "cp1252", "x-ansi", "ansi"), ("cp1252", "latin-1")),
    "iso-8859-8-i": ("iso8859_8",),
    "iso-8859-8-e": ("iso8859_8",),
    "windows-874": ("cp874",),
    "cp-850": ("cp850",),
    "x-mac-japanese": ("cp932",),
    "x-mac-roman": ("mac_roman",),
    "macintosh": ("mac_roman",),
}
_ISO_2022_JP = re.compile(
    r"_?(?:cs)?-?iso-?2022-?jp(?:-?(?:ms|ext|1|2|3|2004))?(?:\$esc)?|cp5022[012]|jis|jis7"
).fullmatch
# Codecs Python knows that are not character sets, or that run something else than a table.
_DENIED = frozenset(
    "idna punycode base64 hex quopri rot-13 rot13 zlib zip bz2 uu undefined unicode-escape raw-unicode-escape unicode-internal charmap "
    "mbcs oem palmos string-escape".split()
)

_SURROGATE = re.compile("[\ud800-\udfff]")
# NFC would replace these by another character: the 神 or 隆 in somebody's name.
_COMPATIBILITY_IDEOGRAPHS = re.compile("([\uf900-\ufaff\U0002f800-\U0002fa1f]+)")
# Asked only when the text was found not to look Japanese.
_NOT_JAPANESE = [
    "cp932",
    "shift_jis",
    "shift_jis_2004",
    "shift_jisx0213",
    "euc_jp",
    "euc_jis_2004",
    "euc_jisx0213",
    "utf_7",
]
_LONG_ENOUGH_TO_DETECT = 40
_DETECTION_SAMPLE = 20_000


def decode(data: bytes, label: str = "", *, hint: str = "") -> Decoded:
    """Never raises. The text is clean (see `clean`). `hint` is tried before guessing, e.g. the character set of the body.

    Order: what is declared, if it decodes strictly; ISO-2022-JP if its escapes are there; UTF-8; the Japanese sets if the
    text they give looks Japanese; a statistical detector for longer text; cp1252; Latin-1.
    """
    quick = _decode_quickly(data, label)
    if quick is not None:
        return Decoded(quick)
    name = _canonical(label)
    if (
        data.isascii()
        and b"\x1b" not in data
        and (name in _UNDECLARED or name in _CODECS)
        and name != "unicode-1-1-utf-7"
    ):
        return Decoded(clean(data.decode("ascii")))
    declared = _decode_declared(data, name)
    if declared is not None:
        return Decoded(clean(declared))
    return _guess(data, name, _canonical(hint))


def text_of(data: bytes, label: str, *, hint: str = "") -> str:
    """As `decode`, where nobody asks whether the label was true."""
    quick = _decode_quickly(data, label)
    return decode(data, label, hint=hint).text if quick is None else quick


def _decode_quickly(data: bytes, label: str) -> str | None:
    codec = _QUICK.get(label)
    if codec is None or (codec != "iso2022_jp" and b"\x1b" in data):
        return None
    try:
        return _composed(data.decode(codec).removeprefix("\ufeff").replace("\0", ""))
    except UnicodeDecodeError:
        return None


def clean(text: str) -> str:
    """Text the database takes and search can compare: without NUL, lone surrogates as U+FFFD, composed (NFC)."""
    text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = _SURROGATE.sub("\ufffd", text)
    return _composed(text)


def _composed(text: str) -> str:
    if unicodedata.is_normalized("NFC", text):
        return text
    kept_and_composed = _COMPATIBILITY_IDEOGRAPHS.split(text)
    kept_and_composed[::2] = [unicodedata.normalize("NFC", run) for run in kept_and_composed[::2]]
    return "".join(kept_and_composed)


def _canonical(label: str) -> str:
    # RFC 2231 allows a language after the name of the set: `utf-8*ja`.
    return label.partition("*")[0].strip(" \t\r\n\"'").lower().replace("_", "-")


def _decode_declared(data: bytes, name: str) -> str | None:
    """The text, if the declaration holds without a single wrong byte."""
    if _ISO_2022_JP(name):
        return iso2022jp.decode_strict(data) if not _has_8bit_without_escapes(data) else None
    if name in _UNDECLARED or (b"\x1b$" in data and not name.startswith("iso-2022")):
        return None
    for codec in _CODECS.get(name) or _python_codec(name):
        try:
            return data.decode(codec).removeprefix("\ufeff")
        except (UnicodeError, ValueError):
            continue
    return None


def _has_8bit_without_escapes(data: bytes) -> bool:
    return b"\x1b" not in data and not data.isascii()


def _python_codec(name: str) -> tuple[str, ...]:
    if name in _DENIED:
        return ()
    try:
        found = codecs.lookup(name)
        # Bytes-to-bytes codecs and codecs that answer nonsense fail here and not on somebody's mail.
        return (found.name,) if isinstance(b"".decode(found.name), str) and found.name not in _DENIED else ()
    except (LookupError, ValueError, UnicodeError, TypeError):
        return ()


def _guess(data: bytes, name: str, hint: str) -> Decoded:
    defect = "" if name in _UNDECLARED and data.isascii() else GUESSED
    if b"\x1b" in data:
        text, lost = iso2022jp.decode(data)
        declared = _ISO_2022_JP(name) or name in _UNDECLARED
        return Decoded(clean(text), DAMAGED if lost else "" if declared else defect)
    utf8 = _strictly(data, "utf-8")
    if utf8 is not None:
        return Decoded(clean(utf8.removeprefix("\ufeff")), defect)
    if b"\xed" in data and (text := _cesu8(data)):
        return Decoded(clean(text), GUESSED)
    if _is_mostly_utf8(data, name):
        return Decoded(clean(data.decode("utf-8", "replace")), DAMAGED)
    hinted = _decode_declared(data, hint) if hint else None
    if hinted is not None:
        return Decoded(clean(hinted), GUESSED)
    return Decoded(clean(_guess_legacy(data, name)), GUESSED)


def _guess_legacy(data: bytes, name: str) -> str:
    for codec in ("cp932", "euc_jp"):
        text = _strictly(data, codec)
        if text is None:  # a cut may have split the last character
            text = (_strictly(data[:-1], codec) or "") + "\ufffd"
        if _looks_japanese(text, codec):
            return text
    declared = _CODECS.get(name) or _python_codec(name)
    if declared and declared[0] not in ("utf-8", "ascii"):
        return data.decode(declared[0], "replace")
    if len(data) >= _LONG_ENOUGH_TO_DETECT:
        best = charset_normalizer.from_bytes(data[:_DETECTION_SAMPLE], cp_exclusion=_NOT_JAPANESE).best()
        if best is not None:
            return data.decode(best.encoding, "replace")
    return _strictly(data, "cp1252") or data.decode("latin-1")


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeError:
        return None


def _cesu8(data: bytes) -> str:
    """UTF-8 of UTF-16 units, as some databases and Java programs write emoji; "" if it is not that."""
    try:
        units = data.decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")
    except UnicodeError:
        return ""
    return units.decode("utf-16-le", "replace")


def _is_mostly_utf8(data: bytes, name: str) -> bool:
    """UTF-8 with a few bytes cut or broken: whole multi-byte characters remain, and they outnumber the damage."""
    text = data.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    right = sum(1 for character in text[:_DETECTION_SAMPLE] if character > "\x7f") - wrong
    return right > wrong * (1 if name in ("utf-8", "utf8") else 4)


def _looks_japanese(text: str, codec: str) -> bool:
    """Kana and everyday kanji among what is not ASCII. Western and Cyrillic text read as cp932 gives rare kanji instead."""
    wide = [character for character in text[:_DETECTION_SAMPLE] if character > "\x7f"]
    if not wide:
        return False
    kana = sum(1 for character in wide if "\u3040" <= character <= "\u30ff")
    if codec == "euc_jp":  # Chinese and Korean sets share its byte ranges; only kana tells them apart
        return kana * 10 >= len(wide)
    return (kana + sum(1 for character in wide if _is_everyday_kanji(character))) * 2 > len(wide)


def _is_everyday_kanji(character: str) -> bool:
    """JIS level 1, and the punctuation around it, by the first byte of its Shift JIS code."""
    code = character.encode("cp932", "replace")
    return len(code) == 2 and (code[0] in (0x81, 0x82, 0x87) or 0x88 <= code[0] <= 0x98)
