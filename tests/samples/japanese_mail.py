"""Japanese mail as real programs write it, each with the exact subject, text and file name a reader must see: `LABELLED`."""

import base64
import quopri
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote_from_bytes


@dataclass(frozen=True)
class Labelled:
    name: str
    raw: bytes
    subject: str
    text: str
    filename: str = ""


SUBJECT = "お見積りの件（株式会社サンプル様）"
TEXT = "いつもお世話になっております。\nお見積りをお送りします。\n"
FILENAME = "請求書_2025年7月.pdf"
# NEC row 13, an IBM extension and half-width kana: what the plain codecs refuse.
VENDOR_SUBJECT = "①㈱髙橋商店 ﾊﾝｶｸ"
VENDOR_TEXT = "㈱髙橋商店 №①\n〆切はⅣ月、ｶﾀｶﾅで。\n"
VENDOR_FILENAME = "①㈱髙橋.pdf"
WAVES = "10時〜12時 −5℃ ‖"

CHARSETS = {
    "utf-8": "utf-8",
    "iso-2022-jp": "iso2022_jp",
    "shift_jis": "cp932",
    "windows-31j": "cp932",
    "euc-jp": "euc_jp",
}


def cp50221(text: str) -> bytes:
    """ISO-2022-JP as Windows programs write it: the Shift JIS code of each character moved to the JIS plane."""
    written = bytearray()
    mode = b"\x1b(B"
    for character in text:
        code = character.encode("cp932")
        if len(code) == 1:
            wanted, unit = (b"\x1b(B", code) if code < b"\x80" else (b"\x1b(I", bytes((code[0] & 0x7F,)))
        else:
            wanted, unit = b"\x1b$B", _to_jis(*code)
        written += b"" if wanted == mode else wanted
        written += unit
        mode = wanted
    return bytes(written) + (b"" if mode == b"\x1b(B" else b"\x1b(B")


def _to_jis(lead: int, trail: int) -> bytes:
    if (lead, trail) == (0xFB, 0xFC):  # 髙: the IBM extension is written as NEC's selection of it
        lead, trail = 0xEE, 0xE0
    row = (lead - (0x81 if lead < 0xA0 else 0xC1)) * 2
    if trail >= 0x9F:
        return bytes((row + 0x22, trail - 0x7E))
    return bytes((row + 0x21, trail - (0x1F if trail < 0x7F else 0x20)))


def encoded_word(data: bytes, charset: str, encoding: str = "B") -> bytes:
    if encoding in "Bb":
        return f"=?{charset}?{encoding}?{base64.b64encode(data).decode()}?=".encode()
    payload = "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"={byte:02X}" for byte in data)
    return f"=?{charset}?{encoding}?{payload}?=".encode()


def message(subject: bytes, body: bytes, content_type: str = "text/plain; charset=utf-8", *headers: bytes) -> bytes:
    lines = [
        b"From: =?utf-8?B?5bGx55Sw5aSq6YOO?= <taro@example.jp>",
        b"To: hanako@example.com",
        b"Subject: " + subject,
        b"Date: Tue, 1 Jul 2025 10:00:00 +0900",
        b"MIME-Version: 1.0",
        b"Content-Type: " + content_type.encode(),
        *headers,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def with_file(*part_headers: bytes) -> bytes:
    part = b"\r\n".join((*part_headers, b"Content-Transfer-Encoding: base64", b"", base64.b64encode(b"%PDF")))
    body = (
        b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        + TEXT.encode()
        + b"\r\n--b\r\n"
        + part
        + b"\r\n--b--\r\n"
    )
    return message(encoded_word(SUBJECT.encode(), "UTF-8"), body, 'multipart/mixed; boundary="b"')


def _every_charset_and_encoding() -> Iterator[Labelled]:
    for label, codec in CHARSETS.items():
        subject, text = SUBJECT.encode(codec), TEXT.encode(codec)
        content_type = f'text/plain; charset="{label}"'
        for encoding in "BbQq":
            yield Labelled(
                f"{label}_{encoding}",
                message(encoded_word(subject, label, encoding), text, content_type),
                SUBJECT,
                TEXT,
            )
        word = encoded_word(subject, label)
        encodings = {b"base64": base64.encodebytes(text), b"quoted-printable": quopri.encodestring(text)}
        for name, body in encodings.items():
            raw = message(word, body, content_type, b"Content-Transfer-Encoding: " + name)
            yield Labelled(f"{label}_body_{name.decode()}", raw, SUBJECT, TEXT)
        yield Labelled(f"{label}_raw_subject", message(subject, text, content_type), SUBJECT, TEXT)


def _vendor_characters() -> Iterator[Labelled]:
    for label in ("iso-2022-jp", "ISO-2022-JP-MS", "cp50220", "CP50221", "csISO2022JP"):
        raw = message(
            encoded_word(cp50221(VENDOR_SUBJECT), label), cp50221(VENDOR_TEXT), f"text/plain; charset={label}"
        )
        yield Labelled(f"vendor_{label}", raw, VENDOR_SUBJECT, VENDOR_TEXT)
    for label in ("shift_jis", "Shift-JIS", "sjis", "x-sjis", "ms_kanji", "windows-31j", "cp932"):
        raw = message(
            encoded_word(VENDOR_SUBJECT.encode("cp932"), label),
            VENDOR_TEXT.encode("cp932"),
            f"text/plain; charset={label}",
        )
        yield Labelled(f"vendor_{label}", raw, VENDOR_SUBJECT, VENDOR_TEXT)
    raw = message(cp50221(VENDOR_SUBJECT), cp50221(VENDOR_TEXT), "text/plain")
    yield Labelled("vendor_undeclared_jis", raw, VENDOR_SUBJECT, VENDOR_TEXT)
    word = encoded_word(WAVES.encode("iso2022_jp"), "iso-2022-jp")
    yield Labelled(
        "waves_stay_as_jis_has_them",
        message(word, WAVES.encode("iso2022_jp"), "text/plain; charset=iso-2022-jp"),
        WAVES,
        WAVES,
    )
    surname = "\ufa19田と\uf9dc"  # NFC would replace the first character
    yield Labelled(
        "compatibility_ideograph", message(encoded_word(surname.encode(), "utf-8"), surname.encode()), surname, surname
    )


def _false_declarations() -> Iterator[Labelled]:
    word = encoded_word(SUBJECT.encode(), "iso-2022-jp")
    yield Labelled(
        "iso_2022_jp_is_utf8", message(word, TEXT.encode(), "text/plain; charset=iso-2022-jp"), SUBJECT, TEXT
    )
    word = encoded_word(SUBJECT.encode("cp932"), "iso-2022-jp")
    yield Labelled(
        "iso_2022_jp_is_cp932", message(word, TEXT.encode("cp932"), "text/plain; charset=iso-2022-jp"), SUBJECT, TEXT
    )
    word = encoded_word(SUBJECT.encode("iso2022_jp"), "utf-8")
    yield Labelled("utf8_is_iso_2022_jp", message(word, TEXT.encode("iso2022_jp")), SUBJECT, TEXT)
    word = encoded_word(SUBJECT.encode("cp932"), "utf-8")
    yield Labelled("utf8_is_cp932", message(word, TEXT.encode("cp932")), SUBJECT, TEXT)
    word = encoded_word(SUBJECT.encode(), "us-ascii")
    yield Labelled("ascii_is_utf8", message(word, TEXT.encode(), "text/plain; charset=us-ascii"), SUBJECT, TEXT)
    for codec in ("utf-8", "cp932", "euc_jp", "iso2022_jp"):
        yield Labelled(
            f"undeclared_{codec}", message(SUBJECT.encode(codec), TEXT.encode(codec), "text/plain"), SUBJECT, TEXT
        )
    kanji = "請求書送付"
    yield Labelled(
        "undeclared_cp932_kanji_only", message(kanji.encode("cp932"), kanji.encode("cp932"), "text/plain"), kanji, kanji
    )


def _subjects() -> Iterator[Labelled]:
    data = SUBJECT.encode()
    cut = [data[at : at + 7] for at in range(0, len(data), 7)]  # no multiple of three: most cuts go through a character
    yield Labelled(
        "cut_inside_characters", message(b"\r\n ".join(encoded_word(piece, "UTF-8") for piece in cut), b""), SUBJECT, ""
    )
    yield Labelled("cut_and_glued", message(b"".join(encoded_word(piece, "UTF-8") for piece in cut), b""), SUBJECT, "")
    mixed = b" ".join(encoded_word(piece, "UTF-8", "BQ"[number % 2]) for number, piece in enumerate(cut))
    yield Labelled("cut_with_both_encodings", message(mixed, b""), SUBJECT, "")
    text = base64.b64encode(data).decode().rstrip("=")
    sliced = " ".join(f"=?utf-8?B?{text[at : at + 10]}?=" for at in range(0, len(text), 10))
    yield Labelled("base64_cut_anywhere", message(sliced.encode(), b""), SUBJECT, "")
    jis = SUBJECT.encode("iso2022_jp").removesuffix(b"\x1b(B")
    yield Labelled("jis_without_return_to_ascii", message(encoded_word(jis, "ISO-2022-JP"), b""), SUBJECT, "")
    halves = [SUBJECT[:8].encode("iso2022_jp"), SUBJECT[8:].encode("iso2022_jp")]
    words = b"\r\n\t".join(encoded_word(half, "ISO-2022-JP") for half in halves)
    yield Labelled("jis_in_two_words", message(words, b""), SUBJECT, "")
    word = encoded_word(data, "UTF-8")
    yield Labelled("glued_to_text", message(b"Re:" + word + b"[1]", b""), f"Re:{SUBJECT}[1]", "")
    yield Labelled("end_mark_missing", message(word.removesuffix(b"?="), b""), SUBJECT, "")
    yield Labelled("with_language", message(word.replace(b"UTF-8", b"UTF-8*ja"), b""), SUBJECT, "")
    yield Labelled("in_quotes", message(b'"' + word + b'"', b""), f'"{SUBJECT}"', "")
    decomposed = "か\u3099ぎ"
    yield Labelled(
        "decomposed", message(encoded_word(decomposed.encode(), "utf-8"), decomposed.encode()), "がぎ", "がぎ"
    )


def _flowed() -> Iterator[Labelled]:
    lines = "長い文章は行の終わりで \r\n折り返されますが、 \r\n一つの段落です。\r\n> 引用も \r\n> 同じです。\r\n"
    for delsp, gap in (("yes", ""), ("no", " ")):
        raw = message(b"flowed", lines.encode(), f"text/plain; charset=utf-8; format=flowed; delsp={delsp}")
        text = f"長い文章は行の終わりで{gap}折り返されますが、{gap}一つの段落です。\n> 引用も{gap}同じです。\n"
        yield Labelled(f"flowed_delsp_{delsp}", raw, "flowed", text)


def _filenames() -> Iterator[Labelled]:
    def labelled(name: str, *headers: bytes, filename: str = FILENAME) -> Labelled:
        return Labelled(f"filename_{name}", with_file(*headers), SUBJECT, TEXT, filename)

    pdf = b"Content-Type: application/pdf"
    utf8, jis = FILENAME.encode(), FILENAME.encode("iso2022_jp")
    quoted = quote_from_bytes(utf8, safe="")
    yield labelled("rfc2231", pdf, f"Content-Disposition: attachment; filename*=UTF-8''{quoted}".encode())
    yield labelled(
        "rfc2231_lower_case", pdf, f"Content-Disposition: attachment; filename*=utf-8'ja'{quoted.lower()}".encode()
    )
    for name, label, data in (
        ("utf8", "utf-8", utf8),
        ("jis", "iso-2022-jp", jis),
        ("cp932", "shift_jis", FILENAME.encode("cp932")),
    ):
        # Five bytes to a piece cut characters, and the escapes of ISO-2022-JP, in two.
        pieces = [quote_from_bytes(data[at : at + 5], safe="") for at in range(0, len(data), 5)]
        parameters = [
            f"filename*{number}*={label + 2 * chr(39) if not number else ''}{piece}"
            for number, piece in enumerate(pieces)
        ]
        yield labelled(
            f"rfc2231_pieces_{name}", pdf, b"Content-Disposition: attachment;\r\n " + ";\r\n ".join(parameters).encode()
        )
        yield labelled(
            f"rfc2231_pieces_{name}_reversed",
            pdf,
            b"Content-Disposition: attachment; " + "; ".join(reversed(parameters)).encode(),
        )
    yield labelled("rfc2231_without_charset", pdf, f"Content-Disposition: attachment; filename*={quoted}".encode())
    for charset, data in (("UTF-8", utf8), ("ISO-2022-JP", jis), ("Shift_JIS", FILENAME.encode("cp932"))):
        word = encoded_word(data, charset)
        yield labelled(f"rfc2047_{charset}", pdf, b'Content-Disposition: attachment; filename="' + word + b'"')
        yield labelled(f"rfc2047_{charset}_unquoted", pdf, b"Content-Disposition: attachment; filename=" + word)
        yield labelled(
            f"rfc2047_{charset}_in_name", pdf + b'; name="' + word + b'"', b"Content-Disposition: attachment"
        )
    words = b"\r\n ".join(encoded_word(utf8[at : at + 7], "UTF-8") for at in range(0, len(utf8), 7))
    yield labelled("rfc2047_cut_inside_characters", pdf, b'Content-Disposition: attachment; filename="' + words + b'"')
    for codec in ("utf-8", "cp932", "iso2022_jp"):
        yield labelled(
            f"raw_{codec}", pdf, b'Content-Disposition: attachment; filename="' + FILENAME.encode(codec) + b'"'
        )
    backslash = "仕様一覧表.pdf"  # its last character ends in 0x5C in Shift JIS
    yield labelled(
        "raw_cp932_backslash",
        pdf,
        b'Content-Disposition: attachment; filename="' + backslash.encode("cp932") + b'"',
        filename=backslash,
    )
    vendor = encoded_word(cp50221(VENDOR_FILENAME), "ISO-2022-JP")
    yield labelled(
        "vendor_jis", pdf, b'Content-Disposition: attachment; filename="' + vendor + b'"', filename=VENDOR_FILENAME
    )
    both = b"Content-Disposition: attachment; filename=\"invoice.pdf\"; filename*=UTF-8''" + quoted.encode()
    yield labelled("extended_before_plain", pdf, both)
    yield labelled(
        "disposition_before_type",
        pdf + b"; name=other.pdf",
        f"Content-Disposition: attachment; filename*=UTF-8''{quoted}".encode(),
    )
    composed = "ガイド.pdf"
    decomposed = "カ\u3099イト\u3099.pdf"
    yield labelled(
        "decomposed_by_macos",
        pdf,
        f'Content-Disposition: attachment; filename="{decomposed}"'.encode(),
        filename=composed,
    )


LABELLED = [
    *_every_charset_and_encoding(),
    *_vendor_characters(),
    *_false_declarations(),
    *_subjects(),
    *_flowed(),
    *_filenames(),
]
