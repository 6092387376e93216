"""The fast parser and the standard library must tell the same of well-formed mail, and nothing may break on changed bytes."""

import email
from email.policy import default

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inboxes.mime import headers, tree
from inboxes.mime.parse import ParseState, parse
from tests.samples.well_formed_mail import WELL_FORMED

NAMES = sorted(WELL_FORMED)


def flattened(part: tree.Part) -> list[tuple[str, str, bytes | None, bool]]:
    return [
        (each.content_type, each.headers.first("content-disposition"), each.content, each.damaged)
        for each in tree.walk(part)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_both_readers_give_the_same_tree(name):
    block, body = headers.split(WELL_FORMED[name])
    content_type = headers.parse(block).first("content-type")
    encoding = headers.parse(block).first("content-transfer-encoding")
    raw = f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + body
    fast, slow = tree._read_fast(raw, 30), tree._read_slow(raw, 30)
    assert fast is not None
    assert [
        (kind, where, content and content.replace(b"\r\n", b"\n"), damaged)
        for kind, where, content, damaged in flattened(fast)
    ] == [
        (kind, where, content and content.replace(b"\r\n", b"\n"), damaged)
        for kind, where, content, damaged in flattened(slow)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_record_says_what_the_standard_library_says(name):
    message, expected = parse(WELL_FORMED[name]), email.message_from_bytes(WELL_FORMED[name], policy=default)
    assert (message.state, message.defects) == (ParseState.FULL, ())
    plain, html = expected.get_body(("plain",)), expected.get_body(("html",))
    if plain is not None and name != "nested_8":
        assert message.text == plain.get_content().replace("\r\n", "\n")
    if html is not None:
        assert message.html == html.get_content().replace("\r\n", "\n")
    files = [part for part in expected.iter_attachments() if part.get_filename()]
    by_name = {file.filename: file.content for file in message.attachments}
    for part in files:
        content = part.get_content()
        assert by_name[part.get_filename() or ""] == (content.encode() if isinstance(content, str) else content)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(NAMES),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=20),
)
def test_no_change_of_bytes_breaks_the_parser(name, changes):
    raw = bytearray(WELL_FORMED[name])
    for place, byte in changes:
        raw[int(place * len(raw))] = byte
    message = parse(bytes(raw))
    message.text.encode()
    message.html.encode()
    assert message.state in ParseState


@settings(max_examples=100, deadline=None)
@given(raw=st.binary(max_size=2_000))
def test_no_bytes_at_all_break_the_parser(raw):
    assert parse(raw).state in ParseState
    assert parse(b"From: a@b.c\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + raw).state in ParseState
