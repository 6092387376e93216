"""The small pure parts under the IMAP provider: the wire, FETCH rows, cursors, sets of UIDs."""

import contextlib
import socket
import threading
from array import array
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imapclient.datetime_util import parse_to_datetime

from inboxes.providers.base import CursorExpired
from inboxes.providers.imap.connection import Answer
from inboxes.providers.imap.cursors import Place, format_cursor, format_remote_id, parse_cursor, parse_remote_id
from inboxes.providers.imap.fetch import BadRow, Completion, Row, parse_internal_date, read_rows
from inboxes.providers.imap.streaming import LONGEST_UID_SET, chunks, uid_set
from inboxes.providers.imap.wire import LONGEST_LINE, Wire


def wire_over(*parts: bytes):
    """A wire over a real socket pair, fed by a thread that sends the parts one by one and then hangs up."""
    here, there = socket.socketpair()
    here.settimeout(60)

    def feed():
        with there, contextlib.suppress(OSError):
            for part in parts:
                there.sendall(part)

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    return Wire(here)


@pytest.fixture
def wired():
    """Makes wires and closes them afterwards."""
    made = []

    def make(*parts: bytes) -> Wire:
        made.append(wire_over(*parts))
        return made[-1]

    yield make
    for wire in made:
        wire.close()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_lines_and_literals_come_out_the_same_however_they_arrive(wired, size):
    stream = b"* OK hello\r\n* 1 FETCH (BODY[] {5}\r\na\r\nbc X {3}\r\n\r\n\r)\r\n" * 3
    wire = wired(*(stream[start : start + size] for start in range(0, len(stream), size)))
    for _ in range(3):
        assert wire.read_response() == [b"* OK hello"]
        assert wire.read_response() == [b"* 1 FETCH (BODY[] {5}", b"a\r\nbc", b" X {3}", b"\r\n\r", b")"]
    with pytest.raises(ConnectionResetError):
        wire.read_line()


def test_of_a_long_literal_only_the_beginning_is_kept_and_the_stream_stays_in_step(wired):
    wire = wired(b"x" * 1_000_000 + b"next\r\n")
    assert wire.read(1_000_000, keep=10) == b"x" * 10
    assert wire.read_line() == b"next"
    assert wire.received == 1_000_006


def test_a_short_literal_that_is_all_there_is_cut_to_what_is_kept(wired):
    wire = wired(b"line\r\nabcdef\r\n")
    assert wire.read_line() == b"line"
    assert (wire.read(6, keep=2), wire.read_line()) == (b"ab", b"")


def test_a_line_without_end_is_refused(wired):
    wire = wired(*[b"x" * (1 << 20)] * (LONGEST_LINE // (1 << 20) + 2))
    with pytest.raises(ConnectionError):
        wire.read_line()


def test_a_literal_that_claims_gigabytes_is_refused(wired):
    with pytest.raises(ConnectionError):
        wired(b"* X {4000000000}\r\n").read_response()


def test_an_answer_without_end_is_refused_and_each_answer_counts_by_itself(wired, monkeypatch):
    monkeypatch.setattr("inboxes.providers.imap.wire.LONGEST_ANSWER", 1_000_000)
    wire = wired(*[b"* 1 EXISTS\r\n" * 10_000] * 20)
    for _ in range(8):
        wire.begin_answer()
        for _ in range(10_000):
            wire.read_response()
    with pytest.raises(ConnectionError, match="too long"):
        [wire.read_response() for _ in range(120_000)]


def test_rows_stream_until_the_command_completes_and_nothing_behind_is_lost(wired):
    wire = wired(
        b'* 1 FETCH (UID 4 RFC822.SIZE 10 FLAGS (\\Seen) X-GM-THRID 99 X-GM-LABELS ("\\\\Sent" CRM) BODY[] {3}\r\nabc)\r\n'
        b"* 2 FETCH (UID 5)\r\nQ1 OK done\r\n* 3 EXISTS\r\nQ2 NO what\r\n"
    )
    rows = read_rows(wire)
    assert next(rows) == Row(4, 10, None, b"\\Seen", b"abc", "99", b'"\\\\Sent" CRM')
    assert next(rows) == Row(5)
    assert next(rows) == Completion(b"Q1", b"OK done")
    assert wire.read_line() == b"* 3 EXISTS"


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_any_bytes_end_in_rows_bad_rows_or_a_lost_connection(parts):
    wire = wire_over(*(b"* 1 FETCH (UID 7 " + part + b"\r\n" for part in parts))
    try:
        for item in read_rows(wire, keep=100):
            assert isinstance(item, Row | BadRow | Completion)
    except OSError:
        pass
    finally:
        wire.close()


@given(st.integers(86_400, 7_000_000_000), st.integers(-14 * 60, 14 * 60))
def test_internal_dates_are_read_as_imapclient_reads_them(seconds, minutes):
    moment = datetime.fromtimestamp(seconds, UTC)
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"
    text = f"{moment:%d-%b-%Y %H:%M:%S} {zone}".encode()
    expected = parse_to_datetime(text, normalise=False).astimezone(UTC)
    assert parse_internal_date(text) == expected


def test_a_day_with_a_blank_is_read_and_an_impossible_one_is_not():
    assert parse_internal_date(b" 7-Jul-2026 00:00:00 +0900") == datetime(2026, 7, 6, 15, tzinfo=UTC)
    assert parse_internal_date(b"32-Jul-2026 00:00:00 +0900") is None
    assert parse_internal_date(b"01-Foo-2026 00:00:00 +0900") is None


@given(st.sets(st.integers(1, 300)))
def test_a_set_of_uids_names_exactly_its_members(uids):
    named = set()
    for part in uid_set(sorted(uids)).decode().split(",") if uids else []:
        first, _, last = part.partition(":")
        named |= set(range(int(first), int(last or first) + 1))
    assert named == uids


@given(st.sets(st.integers(1, 4_000_000_000), max_size=3000), st.integers(1, 2000))
def test_chunks_hold_every_uid_once_and_fit_in_a_line(uids, size):
    parts = list(chunks(array("I", sorted(uids)), size))
    assert [uid for part in parts for uid in part] == sorted(uids)
    assert all(len(part) <= size and len(uid_set(part)) <= LONGEST_UID_SET for part in parts)


@given(st.integers(0, 2**32 - 1), st.integers(1, 2**32 - 1))
def test_cursors_and_keys_come_back_as_they_went(uidvalidity, uid):
    place = Place(uidvalidity, uid)
    assert parse_cursor(format_cursor(place)) == place
    assert parse_remote_id(format_remote_id(place)) == place


@pytest.mark.parametrize("text", ["", "v1", "v1:", "v1:1", "v2:1:2", "v1:a:2", "v1:1:2:3", "v1:1:-2", "v1:١:2", "1:2"])
def test_what_is_no_cursor_is_expired(text):
    with pytest.raises(CursorExpired):
        parse_cursor(text)


@pytest.mark.parametrize(
    ("status", "ok"), [(b"OK done", True), (b"ok done", True), (b"NO x", False), (b"BAD x", False), (b"OKAY", False)]
)
def test_only_ok_is_ok(status, ok):
    assert Answer([], status).ok is ok
