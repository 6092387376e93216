"""Broken mail of every kind met in the wild or made to harm: `SAMPLES`, name → bytes."""

import base64
import random
from collections.abc import Iterator

JAPANESE = "請求書を送付します。ご確認ください。①㈱髙橋 ﾊﾝｶｸ"
CRLF = b"\r\n"
HEAD = b"From: Taro <taro@example.jp>\r\nTo: hanako@example.com\r\nSubject: Hello\r\nDate: Tue, 1 Jul 2025 10:00:00 +0900\r\nMessage-ID: <1@example.jp>\r\n"

LABELS = (
    "", "us-ascii", "ascii", "unknown-8bit", "default", "utf-8", "UTF8", "utf8mb4", "iso-2022-jp", "ISO-2022-JP-MS", "cp50220", "cp50221",
    "csiso2022jp", "_iso-2022-jp$esc", "shift_jis", "x-sjis", "windows-31j", "cp932", "euc-jp", "x-euc-jp", "eucjp-ms", "gb2312", "gb18030",
    "big5", "ks_c_5601-1987", "iso-8859-1", "iso-8859-8-i", "windows-874", "cp-850", "unicode-1-1-utf-7", "utf-16", "utf-32", "hz-gb-2312",
    "iso-2022-kr", "iso-2022-cn", "idna", "punycode", "base64", "hex", "rot13", "zlib", "bz2", "undefined", "unicode_escape",
    "raw_unicode_escape", "\0", "utf-8\0", "x" * 300, "utf-8;", "'utf-8'", "%s", "../../etc", "日本",
)  # fmt: skip

PAYLOADS = {
    "utf8": JAPANESE.encode(),
    "cp932": JAPANESE.encode("cp932"),
    "jis": "請求書を送付します。".encode("iso2022_jp"),
    "jis_vendor": b"\x1b$B-!-j\x1b(I\x4a\x5d\x1b(B end",
    "binary": bytes(range(256)),
}

HEADER_LINES = {
    "message_id_empty": b"Message-ID: <>",
    "message_id_open": b"Message-ID: <",
    "message_id_exchange": b"Message-ID: <[abc]>",
    "message_id_bracket": b"Message-ID: <a@[",
    "message_id_two": b"Message-ID: <a@b> <c@d>",
    "message_id_bare": b"Message-ID: abc@example.com",
    "message_id_spaces": b"Message-ID: < a b @ c >",
    "message_id_folded": b"Message-ID: <aaa\r\n bbb@example.com>",
    "message_id_8bit": b"Message-ID: <\x93\xfa@example.com>",
    "message_id_nul": b"Message-ID: <a\0b@example.com>",
    "message_id_huge": b"Message-ID: <" + b"a" * 70_000 + b"@b>",
    "message_id_twice": b"Message-ID: <a@b>\r\nMessage-ID: <c@d>",
    "references_commas": b"References: <a@b>,<c@d>,,<e@f>",
    "references_thousands": b"References: " + b" ".join(b"<%d@b>" % number for number in range(5_000)),
    "references_one_megabyte": b"References: " + b"<a@b>\r\n " * 130_000,
    "in_reply_to_prose": b"In-Reply-To: Your message of Tue <a@b> from home",
    "from_open": b"From: <",
    "from_quote": b'From: "',
    "from_at": b"From: a@",
    "from_missing_close": b"From: Taro <taro@example.jp",
    "from_comment": b"From: taro@example.jp (Taro (the (one)))",
    "from_nested_comments": b"From: " + b"(" * 2_000 + b")" * 2_000 + b" a@b.c",
    "from_route": b"From: <@a.b,@c.d:taro@example.jp>",
    "from_8bit_cp932": b"From: \x8eR\x93c <taro@example.jp>",
    "from_raw_jis": b"From: \x1b$B;3ED\x1b(B <taro@example.jp>",
    "from_raw_utf8": "From: 山田 <taro@example.jp>".encode(),
    "from_comma_in_word": b"From: =?utf-8?Q?Yamada,_Taro?= <taro@example.jp>",
    "from_quoted_word": b'From: "=?utf-8?B?5bGx55Sw?=" <taro@example.jp>',
    "from_two": b"From: a@example.jp, b@example.jp",
    "from_repeated": b"From: a@example.jp\r\nFrom: b@example.jp",
    "from_idn": "From: taro@日本語.jp".encode(),
    "from_carrier": b"From: taro..y.@docomo.ne.jp",
    "from_literal": b"From: taro@[192.168.0.1]",
    "from_localhost": b"From: root@localhost",
    "from_no_domain": b"From: root",
    "from_empty": b"From:",
    "from_backslashes": b'From: "' + b'\\"' * 20_000,
    "to_broken_group": b"To: grp: a@b, c@d; e@f",
    "to_undisclosed": b"To: undisclosed-recipients:;",
    "to_semicolons": b"To: a;b@c;d@e",
    "to_five_thousand": b"To: " + b", ".join(b"u%d@example.com" % number for number in range(5_000)),
    "to_long_quoted": b'To: "' + b"x" * 100_000 + b'" <a@b.c>',
    "to_colons": b"To: :::a@b.c:::;;;",
    "to_controls": b"To: a\x01\x02@b.c, \x7f <c@d.e>",
    "date_none": b"Date:",
    "date_words": b"Date: yesterday",
    "date_year_0": b"Date: Thu, 1 Jan 0000 00:00:00 +0000",
    "date_1970": b"Date: Thu, 1 Jan 1970 00:00:00 +0000",
    "date_2099": b"Date: Thu, 1 Jan 2099 00:00:00 +0000",
    "date_day_32": b"Date: Wed, 32 Jul 2025 10:00:00 +0900",
    "date_hour_25": b"Date: Tue, 1 Jul 2025 25:00:00 +0900",
    "date_second_60": b"Date: Tue, 1 Jul 2025 23:59:60 +0900",
    "date_zone_9999": b"Date: Tue, 1 Jul 2025 10:00:00 +9999",
    "date_zone_name": b"Date: Tue, 1 Jul 2025 10:00:00 JST",
    "date_two_digits": b"Date: Tue, 1 Jul 25 10:00:00 +0900",
    "date_iso": b"Date: 2025-07-01T10:00:00+09:00",
    "date_asctime": b"Date: Tue Jul  1 10:00:00 2025",
    "date_japanese": "Date: 2025年7月1日 10:00".encode(),
    "date_huge_number": b"Date: Tue, 1 Jul 99999999999999 10:00:00 +0900",
    "date_twice": b"Date: Tue, 1 Jul 2025 10:00:00 +0900\r\nDate: x",
    "date_long": b"Date: " + b"1" * 60_000,
    "subject_raw_utf8": "Subject: 請求書".encode(),
    "subject_raw_cp932": "Subject: 請求書".encode("cp932"),
    "subject_raw_euc": "Subject: お見積り".encode("euc_jp"),
    "subject_raw_jis": "Subject: 請求書".encode("iso2022_jp"),
    "subject_raw_latin": "Subject: Grüße".encode("latin-1"),
    "subject_lower_q": b"Subject: =?utf-8?q?a=c3=a9?=",
    "subject_word_without_end": b"Subject: =?utf-8?B?6KuL5rGC5pu4",
    "subject_word_spaces": b"Subject: =?utf-8?Q?a b c?=",
    "subject_word_glued": b"Subject: Re:=?utf-8?B?6KuL5rGC?==?utf-8?B?5pu4?=x",
    "subject_word_split_character": b"Subject: =?utf-8?B?6A==?= =?utf-8?B?q4s=?=",
    "subject_word_cut_base64": b"Subject: =?utf-8?B?6KuL5?= =?utf-8?B?rGC?=",
    "subject_word_bad_base64": b"Subject: =?utf-8?B?!!!!?=",
    "subject_word_unknown_charset": b"Subject: =?x-made-up?B?gYI=?=",
    "subject_word_nul_charset": b"Subject: =?\0?B?gYI=?=",
    "subject_word_base64_charset": b"Subject: =?base64?B?gYI=?=",
    "subject_word_unknown_encoding": b"Subject: =?utf-8?X?abc?=",
    "subject_word_language": b"Subject: =?utf-8*ja?B?6KuL?=",
    "subject_jis_without_end": b"Subject: =?iso-2022-jp?B?GyRCQEE1YT1x?=",
    "subject_jis_row_13": b"Subject: =?iso-2022-jp?B?GyRCLSEtahsoQg==?=",
    "subject_empty_word": b"Subject: =?utf-8?Q??=",
    "subject_many_words": b"Subject: " + b"=?utf-8?Q?a?= " * 4_000,
    "subject_many_starts": b"Subject: " + b"=?" * 30_000,
    "subject_many_open_words": b"Subject: " + b"=?a?q?" * 10_000,
    "subject_tabs": b"Subject: a\t\tb\r\n\t c",
    "subject_nul": b"Subject: a\0b",
    "subject_escape": b"Subject: \x1b\x1b\x1b$",
    "subject_surrogate": b"Subject: \xed\xa0\x80 \xed\xb0\x80",
    "subject_bidi": "Subject: a\u202eb\u200f".encode(),
    "subject_bom": b"Subject: \xef\xbb\xbfHello",
    "subject_huge": b"Subject: " + b"x" * 300_000,
    "subject_twice": b"Subject: one\r\nSubject: two",
    "header_without_colon": b"this is no header",
    "header_blank_name": b": value",
    "header_space_before_colon": b"Subject : spaced",
    "header_8bit_name": b"\xff\xfe: value",
    "header_bare_cr": b"X-A: a\rX-B: b",
    "header_bare_lf": b"X-A: a\nX-B: b",
    "header_fold_of_blanks": b"X-A: a\r\n \r\n b",
    "header_utf16": "X-A: a".encode("utf-16"),
    "header_many": b"\r\n".join(b"X-%d: v" % number for number in range(20_000)),
    "return_path_null": b"Return-Path: <>",
    "content_type_empty": b"Content-Type:",
    "content_type_slash": b"Content-Type: /",
    "content_type_word": b"Content-Type: text",
    "content_type_semicolons": b"Content-Type: ;;;;;",
    "content_type_twice": b"Content-Type: text/plain\r\nContent-Type: text/html",
    "content_type_8bit": b"Content-Type: text/plain; charset=\xff\xfe",
    "content_type_open_quote": b'Content-Type: text/plain; charset="utf-8',
    "content_type_star": b"Content-Type: text/plain; name*",
    "content_type_many": b"Content-Type: text/plain" + b"; a=b" * 5_000,
    "content_type_partial": b"Content-Type: message/partial; id=x; number=1; total=2",
    "content_type_external": b"Content-Type: message/external-body; access-type=local-file; name=/etc/passwd",
    "encoding_unknown": b"Content-Transfer-Encoding: made-up",
    "encoding_twice": b"Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 8bit",
    "encoding_base64_of_plain_text": b"Content-Transfer-Encoding: base64",
    "encoding_quoted_printable_of_plain_text": b"Content-Transfer-Encoding: quoted-printable",
    "encoding_uuencode_of_plain_text": b"Content-Transfer-Encoding: x-uuencode",
    "disposition_traversal": b'Content-Disposition: attachment; filename="../../etc/passwd"',
    "disposition_windows_path": b'Content-Disposition: attachment; filename="C:\\Users\\a\\b.pdf"',
    "disposition_nul": b'Content-Disposition: attachment; filename="a\0.pdf"',
    "disposition_bidi": 'Content-Disposition: attachment; filename="a\u202efdp.exe"'.encode(),
    "disposition_300_bytes": 'Content-Disposition: attachment; filename="{}.pdf"'.format("請" * 100).encode(),
    "disposition_raw_cp932": 'Content-Disposition: attachment; filename="表示.pdf"'.encode("cp932"),
    "disposition_rfc2231_no_charset": b"Content-Disposition: attachment; filename*=%E8%AB%8B.pdf",
    "disposition_rfc2231_out_of_order": b"Content-Disposition: attachment; filename*1*=%8B.pdf; filename*0*=utf-8''%E8%AB",
    "disposition_rfc2231_gap": b"Content-Disposition: attachment; filename*0=a; filename*7=b",
    "disposition_rfc2231_huge_index": b"Content-Disposition: attachment; filename*99999999999=b",
    "disposition_rfc2231_bad_percent": b"Content-Disposition: attachment; filename*=utf-8''%ZZ%",
    "disposition_rfc2231_bad_charset": b"Content-Disposition: attachment; filename*=rot13''abc",
    "disposition_reserved": b"Content-Disposition: attachment; filename=CON.txt",
    "disposition_dots": b'Content-Disposition: attachment; filename="..."',
    "disposition_no_value": b"Content-Disposition: attachment; filename",
}  # fmt: skip


def _bodies_of_every_charset() -> Iterator[tuple[str, bytes]]:
    for number, label in enumerate(LABELS):
        for kind, payload in PAYLOADS.items():
            declared = b"Content-Type: text/plain; charset=" + label.encode() + CRLF
            yield f"charset_{number:02}_{kind}", HEAD + declared + CRLF + payload


def _headers() -> Iterator[tuple[str, bytes]]:
    for name, line in HEADER_LINES.items():
        field = line.partition(b":")[0].lower() + b":"
        others = b"".join(kept + CRLF for kept in HEAD.split(CRLF) if kept and not kept.lower().startswith(field))
        yield f"header_{name}", line + CRLF + others + CRLF + b"Hello, this is the body."


def multipart(subtype: str, *parts: bytes, boundary: str = "b1", close: bool = True) -> bytes:
    """A content type with its body, to be put behind other headers."""
    mark = boundary.encode()
    body = b"".join(b"--" + mark + CRLF + part + CRLF for part in parts)
    return (
        f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'.encode()
        + body
        + (b"--" + mark + b"--\r\n" if close else b"")
    )


TEXT = b"Content-Type: text/plain; charset=utf-8\r\n\r\nplain words"
HTML = b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>rich <b>words</b></p>"
PDF = b'Content-Type: application/pdf; name="a.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n' + base64.b64encode(
    b"%PDF-1.4 content"
)
TNEF = (
    b'Content-Type: application/octet-stream; name="winmail.dat"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    + base64.b64encode(b"\x78\x9f\x3e\x22" + bytes(60))
)
CALENDAR = b"Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR"
INNER = HEAD + CRLF + b"inner body"


def _nested(depth: int) -> bytes:
    part = TEXT
    for level in range(depth):
        part = multipart("mixed", part, boundary=f"level{level}")
    return part


def _attached(depth: int) -> bytes:
    message = INNER
    for _ in range(depth):
        message = HEAD + b"Content-Type: message/rfc822\r\n\r\n" + message
    return message[len(HEAD) :]


def _structures() -> Iterator[tuple[str, bytes]]:
    one_line = b"Content-Type: text/plain\r\nContent-Transfer-Encoding: "
    yield "no_boundary_parameter", b"Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\nwords\r\n--x--"
    yield "boundary_never_comes", b"Content-Type: multipart/mixed; boundary=x\r\n\r\njust words"
    yield "boundary_empty", b'Content-Type: multipart/mixed; boundary=""\r\n\r\n--\r\n\r\nwords\r\n----'
    yield "boundary_never_closed", multipart("mixed", TEXT, PDF, close=False)
    yield "boundary_in_the_text", multipart("mixed", TEXT + b"\r\n--b1 is quoted here\r\nmore", PDF)
    yield "boundary_with_blanks", multipart("mixed", TEXT, boundary="a b  c")
    yield "boundary_is_prefix_of_inner", multipart("mixed", multipart("alternative", TEXT, HTML, boundary="b1x"), PDF)
    yield "boundary_same_as_inner", multipart("mixed", multipart("alternative", TEXT, HTML), PDF)
    yield "boundary_of_500_characters", multipart("mixed", TEXT, boundary="x" * 500)
    yield "boundary_closed_twice", multipart("mixed", TEXT) + b"--b1--\r\n--b1\r\n\r\nafter"
    yield (
        "boundary_8bit",
        b"Content-Type: multipart/mixed; boundary=\x93\xfa\r\n\r\n--\x93\xfa\r\n\r\nwords\r\n--\x93\xfa--",
    )
    yield (
        "epilogue_and_preamble",
        multipart("mixed", TEXT).replace(b"\r\n\r\n--b1", b"\r\n\r\npreamble\r\n--b1", 1) + b"epilogue",
    )
    yield "multipart_without_parts", b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x--\r\n"
    yield "multipart_empty", b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    yield "part_without_headers", multipart("mixed", b"\r\nwords")
    yield "part_of_nothing", multipart("mixed", b"", b"", b"")
    yield "part_with_header_only", multipart("mixed", b"Content-Type: text/plain")
    yield (
        "multipart_base64_encoded",
        multipart("mixed", TEXT).replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n", 1),
    )
    yield "multipart_unknown_subtype", multipart("made-up", TEXT, HTML)
    yield "alternative_with_stub", multipart("alternative", b"\r\nView as HTML", HTML.replace(b"rich", b"rich " * 100))
    yield "alternative_html_first", multipart("alternative", HTML, TEXT)
    yield "alternative_with_file", multipart("alternative", TEXT, PDF, HTML)
    yield "alternative_with_calendar", multipart("alternative", TEXT, HTML, CALENDAR)
    yield "related_without_root", multipart("related", PDF)
    yield "mixed_text_html_text", multipart("mixed", TEXT, HTML, TEXT)
    yield "digest", multipart("digest", b"\r\n" + INNER, b"\r\n" + INNER)
    yield "message_attached", multipart("mixed", TEXT, b"Content-Type: message/rfc822\r\n\r\n" + INNER)
    yield (
        "message_attached_base64",
        multipart(
            "mixed",
            TEXT,
            b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(INNER),
        ),
    )
    yield "message_attached_empty", multipart("mixed", TEXT, b"Content-Type: message/rfc822\r\n\r\n")
    yield "message_attached_30_deep", _attached(30)
    yield "message_attached_300_deep", _attached(300)
    yield "report", multipart(
        "report; report-type=delivery-status", TEXT, b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nStatus: 5.1.1",
        b"Content-Type: text/rfc822-headers\r\n\r\n" + HEAD,
    )  # fmt: skip
    yield "report_without_blocks", multipart("report", TEXT, b"Content-Type: message/delivery-status\r\n\r\n")
    yield "tnef", multipart("mixed", TEXT, TNEF)
    yield "tnef_alone", TNEF
    yield (
        "smime_enveloped",
        b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n\r\n\x30\x80",
    )
    yield (
        "smime_signed",
        b"Content-Type: application/x-pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n\r\n\x30\x80",
    )
    yield (
        "smime_detached",
        multipart(
            "signed; protocol=x", TEXT, b"Content-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\n\x30\x80"
        ),
    )
    yield (
        "pgp_encrypted",
        multipart(
            "encrypted",
            b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1",
            b"Content-Type: application/octet-stream\r\n\r\nx",
        ),
    )
    yield "uuencoded_in_text", b"\r\nwords\nbegin 644 a.txt\n%:&5L;&\\ \nend\nmore"
    yield "uuencoded_broken", b"\r\nbegin 644 a.txt\n\x01\x02\nend\n"
    yield (
        "uuencode_part",
        b"Content-Type: text/plain; name=a.txt\r\nContent-Transfer-Encoding: uuencode\r\n\r\nbegin 644 a.txt\n%:&5L;&\\ \nend\n",
    )
    yield "base64_with_junk", one_line + b"base64\r\n\r\nSGVs*bG8!= gd29y\r\nbGQ=="
    yield "base64_cut", one_line + b"base64\r\n\r\nSGVsbG8gd29yb"
    yield "base64_one_letter", one_line + b"base64\r\n\r\nS"
    yield "base64_padding_inside", one_line + b"base64\r\n\r\nSGk=\r\nSGk=\r\n"
    yield "base64_of_nothing", one_line + b"base64\r\n\r\n====\r\n"
    yield "quoted_printable_raw_equals", one_line + b"quoted-printable\r\n\r\na=b=ZZ=3D=\r\nhttp://x/?a=?b=?utf-8?q?c?="
    yield "quoted_printable_8bit", one_line + b"quoted-printable\r\n\r\n\xe8\xab\x8b=E6=B1=82"
    yield (
        "format_flowed",
        b"Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\na \r\nb\r\n> c \r\n> d\r\n-- \r\nsig",
    )
    yield "html_only", HTML
    yield "html_empty", b"Content-Type: text/html\r\n\r\n"
    yield "html_declared_plain", b"Content-Type: text/plain\r\n\r\n<html><p>x</p></html>"
    yield "html_nested_20000", b"Content-Type: text/html\r\n\r\n" + b"<div>" * 20_000 + b"deep"
    yield "html_20000_links", b"Content-Type: text/html\r\n\r\n" + b'<a href="https://example.com/">x</a>' * 20_000
    yield (
        "html_20000_attributes",
        b"Content-Type: text/html\r\n\r\n<img " + b" ".join(b"a%d=1" % number for number in range(20_000)) + b">",
    )
    yield "html_ampersands", b"Content-Type: text/html\r\n\r\n" + b"&" * 300_000
    yield "html_unclosed_tags", b"Content-Type: text/html\r\n\r\n" + b"<img " * 100_000
    yield "html_unclosed_comments", b"Content-Type: text/html\r\n\r\n" + b"<!--" * 100_000
    yield "html_xml_declaration", b"Content-Type: text/html\r\n\r\n<?xml version='1.0' encoding='utf-16'?><p>x</p>"
    yield "html_null_references", b"Content-Type: text/html\r\n\r\n<p>a&#0;b&#xd800;c&#x110000;</p>"
    yield "text_6_million", b"\r\n" + b"words " * 1_000_000
    yield "one_line_of_2_million", b"\r\n" + b"x" * 2_000_000
    yield "nested_29", _nested(29)
    yield "nested_31", _nested(31)
    yield "nested_100", _nested(100)
    yield "nested_1000", _nested(1_000)
    yield "parts_501", multipart("mixed", *[TEXT] * 501)
    yield "parts_20000", multipart("mixed", *[b"\r\nx"] * 20_000)
    yield "parts_without_end_3000", b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n" * 3_000
    yield (
        "boundaries_declared_2000",
        b"Content-Type: multipart/mixed; boundary=x" + b"; boundary=y" * 2_000 + b"\r\n\r\n--x\r\n\r\nwords\r\n--x--",
    )
    yield "nul_everywhere", b"\r\n" + b"a\0" * 5_000
    yield "surrogates", b"Content-Type: text/plain; charset=utf-8\r\n\r\n\xed\xa0\x80\xed\xbf\xbf words"
    yield "decomposed", "Content-Type: text/plain; charset=utf-8\r\n\r\nか\u3099".encode()
    yield "encoded_word_in_body", b"\r\n=?utf-8?B?6KuL?= stays as it is"
    yield (
        "mark_in_body",
        multipart("mixed", b"\r\n=\x01 and =?utf-8?B?6KuL?=", b'Content-Type: a/b; name="=?utf-8?B?6KuL?="\r\n\r\nx'),
    )


def _wholes() -> Iterator[tuple[str, bytes]]:
    """Not even a message, or one with something around it."""
    noise = random.Random(1)
    good = HEAD + multipart("mixed", multipart("alternative", TEXT, HTML, boundary="in"), PDF)
    yield "empty", b""
    yield "blank_lines", b"\r\n\r\n\r\n"
    yield "spaces", b"   \r\n  "
    yield "noise", noise.randbytes(5_000)
    yield "nothing_but_nul", bytes(5_000)
    yield "words_only", b"hello, this is no e-mail"
    yield "words_with_colon", b"hello: this is no e-mail either\r\n\r\nreally"
    yield "headers_only", HEAD
    yield "headers_only_cut_in_a_name", HEAD[:40]
    yield "leading_blank_lines", b"\r\n\r\n" + good
    yield "mbox_separator", b"From taro@example.jp Tue Jul  1 10:00:00 2025\r\n" + good
    yield "byte_order_mark", b"\xef\xbb\xbf" + good
    yield "line_feeds", good.replace(b"\r\n", b"\n")
    yield "carriage_returns", good.replace(b"\r\n", b"\r")
    yield "mixed_line_ends", good.replace(b"\r\n", b"\n", 7)
    yield "doubled_carriage_returns", good.replace(b"\r\n", b"\r\r\n")
    yield "utf16", good.decode().encode("utf-16")
    yield "ebcdic", good.decode().encode("cp037")
    yield "ends_in_fold", HEAD.removesuffix(CRLF) + b"\r\n \r\n "
    for percent in range(5, 100, 5):
        yield f"cut_at_{percent:02}_percent", good[: len(good) * percent // 100]


def _samples() -> dict[str, bytes]:
    samples = dict(_wholes()) | dict(_headers()) | dict(_bodies_of_every_charset())
    return samples | {f"structure_{name}": HEAD + rest for name, rest in _structures()}


SAMPLES = _samples()
