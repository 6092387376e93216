"""ISO-2022-JP as Japanese mail programs write it (CP50220, CP50221, ISO-2022-JP-MS), which no codec of Python reads.

A two-byte run is moved to the Shift JIS plane by arithmetic and read as cp932: NEC row 13 (①㈱), the IBM extensions (髙)
and the user-defined rows come out right. A final escape back to ASCII is not required.
"""

import re

_STANDARD = ("iso2022_jp", "iso2022_jp_ext", "iso2022_jp_2", "iso2022_jp_2004")
_SHIFT = re.compile(rb"\x1b(?:\$(?:\([@-Z?]|[@AB])|\([@-Z]|\.[AF])|\x0e|\x0f|\n")
_TWO_BYTE = frozenset({b"\x1b$B", b"\x1b$@", b"\x1b$(B", b"\x1b$(@"})
_USER_DEFINED = b"\x1b$(?"
_JIS_X_0212 = b"\x1b$(D"
_KANA = frozenset({b"\x1b(I", b"\x0e"})
_LOST = "\ufffd"
_ROWS = 94


def decode_strict(data: bytes) -> str | None:
    """The text, if nothing of it is lost by any reading; the standard codecs first, so that 〜 and − stay what they are."""
    for codec in _STANDARD:
        try:
            return data.decode(codec)
        except UnicodeError:
            continue
    text, lost = decode(data)
    return None if lost else text


def decode(data: bytes) -> tuple[str, bool]:
    """Always gives text; what cannot be read becomes U+FFFD, and the flag says so. Like the standard codecs, ends a run at a newline."""
    pieces: list[str] = []
    mode, start = b"", 0
    for shift in _SHIFT.finditer(data):
        pieces.append(_read_run(data[start : shift.start()], mode))
        mode, start = shift[0], shift.end()
        if mode == b"\n":
            pieces.append("\n")
    pieces.append(_read_run(data[start:], mode))
    text = "".join(pieces)
    return text, _LOST in text


def _read_run(run: bytes, mode: bytes) -> str:
    if not run:
        return ""
    if mode in _TWO_BYTE:
        return _read_pairs(run, first_row=0)
    if mode == _USER_DEFINED:
        return _read_pairs(run, first_row=_ROWS)
    if mode in _KANA:
        return bytes(byte | 0x80 if 0x21 <= byte <= 0x5F else byte for byte in run).decode("cp932", "replace")
    if mode == _JIS_X_0212:
        pairs = (run[at : at + 2] for at in range(0, len(run), 2))
        return "".join(bytes((0x8F, *(byte | 0x80 for byte in pair))).decode("euc_jp", "replace") for pair in pairs)
    if len(mode) > 2 and mode not in (b"\x1b(B", b"\x1b(J"):
        return _read_foreign(mode + run)
    return run.replace(b"\x1b", b"").decode("cp932", "replace")  # ASCII, and the 8-bit kana of some old programs


def _read_foreign(run: bytes) -> str:
    for codec in ("iso2022_jp_2", "iso2022_jp_2004"):
        try:
            return run.decode(codec)
        except UnicodeError:
            continue
    return _LOST


def _read_pairs(run: bytes, *, first_row: int) -> str:
    shifted = bytearray()
    at = 0
    while at < len(run):
        byte = run[at]
        if byte <= 0x20:  # a space or a line end inside the run stands for itself
            shifted.append(byte)
            at += 1
            continue
        pair = run[at : at + 2]
        shifted += _to_shift_jis(pair[0] & 0x7F, pair[1] & 0x7F, first_row) if len(pair) == 2 else b"\x80\x80"
        at += 2
    return shifted.decode("cp932", "replace").replace("\x80", _LOST)


def _to_shift_jis(first: int, second: int, first_row: int) -> bytes:
    if not (0x21 <= first <= 0x7E and 0x21 <= second <= 0x7E):
        return b"\x80"
    row = first - 0x21 + first_row
    lead = (row >> 1) + (0x81 if row < 62 else 0xC1)
    trail = second + 0x7E if row & 1 else second + (0x1F if second < 0x60 else 0x20)
    return bytes((lead, trail))
