"""An e-mail whose files are not kept: everything people read stays, nothing of a file does."""

from base64 import b64encode

import pytest

from inboxes.mime import guard
from inboxes.mime.parse import Defect, ParsedMessage, ParseState, headers_only, parse
from inboxes.mime.rewriting import NOTE, without_files
from tests.samples.broken_mail import HEAD, HTML, INNER, PDF, SAMPLES, TEXT, multipart
from tests.samples.japanese_mail import LABELLED
from tests.samples.well_formed_mail import WELL_FORMED

SECRET = b"the contents of the file, which nobody may find again"
FILE = b"Content-Type: application/x-secret; name=secret.bin\r\n\r\n" + SECRET
ENCODED = b"Content-Type: application/pdf; name=secret.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b64encode(
    SECRET
)
READABLE = [
    raw
    for raw in (*SAMPLES.values(), *WELL_FORMED.values(), *(sample.raw for sample in LABELLED))
    if not guard.looks_hostile(raw)
]


def said(message: ParsedMessage) -> tuple[object, ...]:
    return message.text.strip(), message.html.strip(), message.headers.first("subject"), message.headers.first("from")


def named(message: ParsedMessage) -> list[tuple[str, str, str]]:
    return [(file.filename, file.content_type, file.content_id) for file in message.attachments]


def test_every_sample_says_the_same_without_its_files():
    with_files = 0
    for raw in READABLE:
        parsed = parse(raw)
        kept = without_files(raw, parsed)
        assert kept == without_files(raw, parse(raw))
        if parsed.state is ParseState.FULL:
            again = parse(kept)
            assert (said(again), again.state) == (said(parsed), ParseState.FULL)
            assert named(again) == named(parsed)
            assert (kept == raw) == (not parsed.attachments)
        assert [file.size for file in parse(kept).attachments] == [0] * len(parsed.attachments)
        with_files += bool(parsed.attachments)
    assert with_files > 50


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + multipart("mixed", TEXT, FILE),
        HEAD + multipart("mixed", TEXT, ENCODED),
        HEAD + FILE,
        HEAD + multipart("mixed", TEXT, b"Content-Type: message/rfc822\r\n\r\n" + INNER + SECRET),
        HEAD + multipart("mixed", TEXT, FILE, close=False),
        HEAD + multipart("mixed", TEXT, FILE) + SECRET,
        HEAD + multipart("related", HTML, b"Content-ID: <a>\r\n" + FILE),
    ],
)
def test_nothing_of_a_file_is_left(raw):
    kept = without_files(raw, parse(raw))
    assert NOTE in kept
    for trace in (SECRET, b64encode(SECRET)[:40]):
        assert trace not in kept.replace(b"\r\n", b"")


def test_what_is_not_understood_is_not_kept():
    raw = HEAD + multipart("mixed", TEXT, FILE)
    kept = without_files(raw, headers_only(raw, Defect.PARSER_KILLED))
    assert SECRET not in kept
    assert parse(kept).headers.first("subject") == "Hello"


def test_the_headers_stay_as_they_came_but_for_those_of_the_body():
    raw = b"Received: a\r\n\tb\r\nReceived: c\r\nX-Odd : d\r\nnonsense\r\n" + HEAD + multipart("mixed", TEXT, PDF)
    block = without_files(raw, parse(raw)).partition(b"\r\n\r\n")[0]
    fields = (b"Received: a\r\n\tb\r\nReceived: c\r\nX-Odd : d\r\n" + HEAD).rstrip(b"\r\n")
    assert block == b"\r\n".join(
        [fields, NOTE, b"MIME-Version: 1.0", b"Content-Type: multipart/mixed; boundary=genkan-parts"]
    )
