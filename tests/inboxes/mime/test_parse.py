import base64

import pytest

from inboxes.mime import tree
from inboxes.mime.parse import Attachment, Limits, ParseState, parse
from tests.samples.broken_mail import CALENDAR, HEAD, HTML, INNER, PDF, SAMPLES, TEXT, TNEF, multipart
from tests.samples.japanese_mail import LABELLED

THE_PDF = Attachment("a.pdf", "application/pdf", b"%PDF-1.4 content")
# What each kind of breakage has to be called; every other sample is read in full.
PARTIAL = {
    "header_references_one_megabyte": "headers_too_large",
    "header_subject_huge": "headers_too_large",
    "structure_text_6_million": "text_too_long",
    "structure_nested_31": "too_deep",
    "structure_nested_100": "too_deep",
    "structure_nested_1000": "structure_unreadable",
    "structure_parts_501": "too_many_parts",
    "structure_parts_20000": "too_many_parts",
    "structure_parts_without_end_3000": "too_many_parts",
}
UNPARSABLE = {
    "empty": "empty",
    "blank_lines": "empty",
    "spaces": "empty",
    "noise": "no_headers",
    "nothing_but_nul": "no_headers",
    "words_only": "no_headers",
    "words_with_colon": "no_headers",
    "utf16": "no_headers",
    "ebcdic": "no_headers",
}


def test_there_are_enough_broken_samples():
    assert len(SAMPLES) >= 500


@pytest.mark.parametrize("name", SAMPLES)
def test_broken_mail_is_read_or_named_and_never_raises(name):
    message = parse(SAMPLES[name])
    if name in UNPARSABLE:
        assert (message.state, message.defects) == (ParseState.UNPARSABLE, (UNPARSABLE[name],))
    elif name in PARTIAL:
        assert message.state == ParseState.PARTIAL
        assert PARTIAL[name] in message.defects
    else:
        assert message.state == ParseState.FULL
    for text in (message.text, message.html, *message.defects, *message.reported_message_ids):
        assert "\0" not in text
        text.encode()
    for file in message.attachments:
        assert 0 < len(file.filename.encode()) <= 255
        assert not set(file.filename) & set('/\\:*?"<>|\0')
        assert "\0" not in file.content_id + file.content_type
        file.content_id.encode()


@pytest.mark.parametrize("sample", LABELLED, ids=lambda sample: sample.name)
def test_japanese_mail_is_read_exactly(sample):
    message = parse(sample.raw)
    assert message.text.rstrip("\n") == sample.text.rstrip("\n")
    assert [file.filename for file in message.attachments] == ([sample.filename] if sample.filename else [])


def test_a_usual_message_has_text_html_and_files():
    message = parse(HEAD + multipart("mixed", multipart("alternative", TEXT, HTML, boundary="in"), PDF))
    assert (message.state, message.defects) == (ParseState.FULL, ())
    assert (message.text, message.html) == ("plain words", "<p>rich <b>words</b></p>")
    assert message.attachments == (THE_PDF,)
    assert message.attachments[0].size == 16
    assert message.headers.first("subject") == "Hello"


@pytest.mark.parametrize(
    "name",
    [
        "leading_blank_lines",
        "mbox_separator",
        "byte_order_mark",
        "line_feeds",
        "carriage_returns",
        "mixed_line_ends",
        "doubled_carriage_returns",
    ],
)
def test_what_is_around_and_between_the_lines_does_not_matter(name):
    message = parse(SAMPLES[name])
    assert (message.text, message.html, message.attachments) == ("plain words", "<p>rich <b>words</b></p>", (THE_PDF,))


def test_a_cut_message_shows_what_came():
    message = parse(SAMPLES["cut_at_75_percent"])
    assert (message.text, message.html, message.attachments) == ("plain words", "<p>rich <b>words</b></p>", ())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("structure_no_boundary_parameter", "--x\n\nwords\n--x--"),
        ("structure_boundary_never_comes", "just words"),
        ("structure_boundary_empty", "words"),
        ("structure_part_without_headers", "words"),
        ("structure_alternative_html_first", "plain words"),
        ("structure_mixed_text_html_text", "plain words\n\nrich words\n\nplain words"),
        ("structure_html_only", "rich words"),
        ("structure_html_xml_declaration", "x"),
        ("structure_format_flowed", "ab\n> cd\n-- \nsig"),
        ("structure_quoted_printable_8bit", "請求"),
        ("structure_quoted_printable_raw_equals", "a=b=ZZ=http://x/?a=?b=?utf-8?q?c?"),
        ("structure_base64_cut", "Hello wor"),
        ("structure_base64_padding_inside", "HiHi"),
        ("structure_encoded_word_in_body", "=?utf-8?B?6KuL?= stays as it is"),
        ("structure_decomposed", "が"),
        ("structure_boundaries_declared_2000", "words"),
        ("header_header_without_colon", "Hello, this is the body."),
        ("header_content_type_empty", "Hello, this is the body."),
        ("header_content_type_semicolons", "Hello, this is the body."),
        ("header_encoding_base64_of_plain_text", "Hello, this is the body."),
        ("header_encoding_uuencode_of_plain_text", "Hello, this is the body."),
    ],
)
def test_text_is_found_where_others_lose_it(name, text):
    assert parse(SAMPLES[name]).text == text


def test_text_between_html_is_seen_by_those_who_read_html():
    html = parse(SAMPLES["structure_mixed_text_html_text"]).html
    assert html == "<div>plain words</div>\n<p>rich <b>words</b></p>\n<div>plain words</div>"


def test_text_that_only_points_to_the_html_is_replaced_by_it():
    assert parse(SAMPLES["structure_alternative_with_stub"]).text == "rich " * 99 + "rich words"


def test_damage_is_said():
    assert parse(SAMPLES["structure_base64_cut"]).defects == ("transfer_damaged",)
    assert parse(SAMPLES["charset_05_cp932"]).defects == ("charset_guessed",)


@pytest.mark.parametrize(
    ("part", "file"),
    [
        (TNEF, Attachment("winmail.dat", "application/ms-tnef", b"\x78\x9f\x3e\x22" + bytes(60))),
        (CALENDAR, Attachment("invite.ics", "text/calendar", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR")),
        (b"Content-Type: message/rfc822\r\n\r\n" + INNER, Attachment("Hello.eml", "message/rfc822", INNER)),
        (
            b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(INNER),
            Attachment("Hello.eml", "message/rfc822", INNER),
        ),
        (b"Content-Type: text/plain; name=notes.txt\r\n\r\nnotes", Attachment("notes.txt", "text/plain", b"notes")),
        (
            b"Content-Type: text/html\r\nContent-Disposition: attachment\r\n\r\n<p>",
            Attachment("attachment.html", "text/html", b"<p>"),
        ),
        (
            b"Content-Type: application/pgp-signature; name=signature.asc\r\n\r\nx",
            Attachment("signature.asc", "application/pgp-signature", b"x", is_inline=True),
        ),
        (
            b"Content-Type: text/plain; name=a.txt\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a.txt\r\n%:&5L;&\\ \r\nend",
            Attachment("a.txt", "text/plain", b"hello"),
        ),
    ],
)
def test_what_is_no_text_is_kept_as_a_file(part, file):
    message = parse(HEAD + multipart("mixed", TEXT, part))
    assert (message.text, message.attachments) == ("plain words", (file,))


def test_recipients_and_text_of_an_attached_message_stay_its_own():
    message = parse(
        HEAD + multipart("mixed", TEXT, b"Content-Type: message/rfc822\r\n\r\n" + INNER.replace(b"hanako", b"secret"))
    )
    assert message.text == "plain words"
    assert message.headers.first("to") == "hanako@example.com"


def test_an_image_is_inline_only_if_the_html_shows_it():
    image = b"Content-Type: image/png; name=logo.png\r\nContent-ID: <Logo@x>\r\nContent-Disposition: inline\r\n\r\npng"
    shown = parse(HEAD + multipart("related", b'Content-Type: text/html\r\n\r\n<img src="cid:logo@x">', image))
    apart = parse(HEAD + multipart("mixed", TEXT, image))
    assert [(file.content_id, file.is_inline) for file in shown.attachments] == [("Logo@x", True)]
    assert [(file.content_id, file.is_inline) for file in apart.attachments] == [("Logo@x", False)]


def test_files_written_into_plain_text_are_taken_out():
    message = parse(SAMPLES["structure_uuencoded_in_text"])
    assert message.text == "words\n\nmore"
    assert message.attachments == (Attachment("a.txt", "application/octet-stream", b"hello"),)


@pytest.mark.parametrize(
    ("name", "encrypted", "signed"),
    [
        ("structure_smime_enveloped", True, False),
        ("structure_smime_signed", False, True),
        ("structure_smime_detached", False, True),
        ("structure_pgp_encrypted", True, False),
        ("structure_message_attached", False, False),
    ],
)
def test_encryption_and_signatures_are_said(name, encrypted, signed):
    message = parse(SAMPLES[name])
    assert (message.is_encrypted, message.is_signed) == (encrypted, signed)


def test_a_report_names_the_message_it_is_about():
    returned = b"Content-Type: message/rfc822\r\n\r\n" + INNER
    receipt = b"Content-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822; a@b\r\nOriginal-Message-ID: <7@example.jp>"
    assert parse(SAMPLES["structure_report"]).reported_message_ids == ("<1@example.jp>",)
    assert parse(HEAD + multipart("report", TEXT, returned)).reported_message_ids == ("<1@example.jp>",)
    assert parse(HEAD + multipart("report", TEXT, receipt)).reported_message_ids == ("<7@example.jp>",)
    assert parse(HEAD + multipart("mixed", TEXT, returned)).reported_message_ids == ()


def test_limits_are_the_callers():
    nested = HEAD + multipart("mixed", multipart("mixed", TEXT, boundary="in"), PDF)
    assert parse(nested, limits=Limits(depth=1)).defects == ("too_deep",)
    assert parse(nested, limits=Limits(depth=1)).attachments == (THE_PDF,)
    assert parse(nested, limits=Limits(parts=3)).defects == ("too_many_parts",)
    short = parse(nested, limits=Limits(text=5))
    assert (short.text, short.defects, short.state) == ("plain", ("text_too_long",), ParseState.PARTIAL)


@pytest.mark.parametrize(
    ("encoding", "data", "decoded"),
    [
        ("base64", b"SGVsbG8=", (b"Hello", False)),
        ("Quoted-Printable", b"a=3Db=\r\nc", (b"a=bc", False)),
        ("x-uuencode", b"begin 644 a\n%:&5L;&\\ \nend\n", (b"hello", False)),
        ("x-uuencode", b"begin 644 a\n%:&5L;&\\ \n", (b"hello", True)),
        ("8bit", b"\xff", (b"\xff", False)),
        ("made-up", b"x", (b"x", False)),
    ],
)
def test_transfer_encodings_are_undone(encoding, data, decoded):
    assert tree.decode_transfer(data, encoding) == decoded
