import time
from datetime import UTC, datetime, timedelta

import pytest

from inboxes.mime import headers

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        (b"A: b\r\nC: d\r\n\r\n", {"a": ["b"], "c": ["d"]}),
        (b"A: b\r\nC: d\r\n\r\nE: body", {"a": ["b"], "c": ["d"]}),
        (b"A: b\r\n\r\n folded body", {"a": ["b"]}),
        (b"A: b\nC: d\n\nbody: x", {"a": ["b"], "c": ["d"]}),
        (b"A: b\rC: d\r\rbody: x", {"a": ["b"], "c": ["d"]}),
        (b"A: b\r\nC: d\nE: f\r\n\r\n", {"a": ["b"], "c": ["d"], "e": ["f"]}),
        (b"A: b\r\n c\r\n\td\r\n\r\n", {"a": ["b c d"]}),
        (b"A: 1\r\na: 2\r\n\r\n", {"a": ["1", "2"]}),
        (b"Subject : x :y\r\n\r\n", {"subject": ["x :y"]}),
        (b"no field\r\nA: b\r\n\r\n", {"a": ["b"]}),
        (b"A: \xe3\x81\x82\r\n\r\n", {"a": ["\udce3\udc81\udc82"]}),
        (b"A:\r\nB:c\r\n\r\n", {"a": [""], "b": ["c"]}),
        (b"", {}),
    ],
)
def test_a_block_is_read_with_any_line_ends_and_folds(raw, fields):
    block = headers.parse(raw)
    assert {name: block.all(name) for name in block} == fields


def test_the_first_of_a_repeated_field_counts():
    block = headers.parse(b"From: a@b.c\r\nFrom: d@e.f\r\n\r\n")
    assert (block.first("from"), block.all("from"), block.first("to")) == ("a@b.c", ["a@b.c", "d@e.f"], "")


def test_values_and_blocks_are_bounded():
    long = headers.parse(b"A: " + b"x" * 100_000 + b"\r\nB: c\r\n\r\n")
    assert len(long.first("a")) <= headers.MAX_VALUE
    assert long.first("b") == "c"


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        (b"A: b\r\n\r\nbody", (b"A: b", b"body")),
        (b"A: b\n\nbody\r\n\r\n", (b"A: b", b"body\r\n\r\n")),
        (b"A: b", (b"A: b", b"")),
        (b"\r\n\r\nbody", (b"", b"body")),
    ],
)
def test_a_message_is_split_at_its_first_blank_line(raw, parts):
    assert headers.split(raw) == parts


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Re: offer", "Re: offer"),
        ("a\t b  c", "a b c"),
        ("=?utf-8?B?5pel?= =?utf-8?B?5pys?=", "日本"),
        ("=?UTF-8?b?5pel?==?utf-8?q?=e6=9c=ac?=!", "日本!"),
        ("=?utf-8?Q?a_b=20c?= d", "a b c d"),
        ("=?utf-8?q?a b?=", "a b"),
        ("=?utf-8?B?5pel", "日"),
        ("=?utf-8?B?5pel?", "日"),
        ("a =?utf-8?q?b?= c =?utf-8?q?d?=", "a b c d"),
        ("=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
        ("=? not a word ?=", "=? not a word ?="),
        ("=?utf-8?q??= a", "a"),
        ("=?utf-8*ja?q?x?=", "x"),
        ("a\u202eb", "ab"),
    ],
)
def test_encoded_words_are_read_however_they_are_written(value, text):
    assert headers.decode_text(value) == text


def test_undeclared_bytes_are_read_by_the_hint():
    raw = "Gruß".encode("cp850").decode("ascii", "surrogateescape")
    assert headers.decode_text(raw, hint="cp850") == "Gruß"


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("<a@b> <c@d>", ("<a@b>", "<c@d>")),
        ("<a@b>,<c@d>", ("<a@b>", "<c@d>")),
        ("Your message <a@b> of Tuesday", ("<a@b>",)),
        ("<a\tb@c>", ("<ab@c>",)),
        ("<[abc]>", ("<[abc]>",)),
        ("a@b", ("<a@b>",)),
        ("<A@b>", ("<A@b>",)),
        ("<a\0@b>", ("<a@b>",)),
        ("<>", ()),
        ("< >", ()),
        ("<a@[", ()),
        ("", ()),
    ],
)
def test_message_ids_are_taken_out_of_whatever_is_around_them(value, ids):
    assert headers.message_ids(value) == ids


def test_of_many_message_ids_the_root_and_the_last_are_kept():
    ids = headers.message_ids(" ".join(f"<{number}@b>" for number in range(5_000)))
    assert (len(ids), ids[0], ids[1], ids[-1]) == (100, "<0@b>", "<4901@b>", "<4999@b>")


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("Tue, 1 Jul 2025 10:00:00 +0900", datetime(2025, 7, 1, 1, tzinfo=UTC)),
        ("Tue, 01 Jul 2025 10:00 -0230", datetime(2025, 7, 1, 12, 30, tzinfo=UTC)),
        ("1 Jul 2025 10:00:00 +0000 (UTC)", datetime(2025, 7, 1, 10, tzinfo=UTC)),
        ("Tue, 1 Jul 2025 10:00:00 GMT", datetime(2025, 7, 1, 10, tzinfo=UTC)),
        ("Tue, 1 Jul 2025 10:00:00 JST", datetime(2025, 7, 1, 1, tzinfo=UTC)),
        ("Tue, 1 Jul 2025 23:59:60 +0000", datetime(2025, 7, 1, 23, 59, 59, tzinfo=UTC)),
        ("Tue, 1 Jul 25 10:00:00 +0900", datetime(2025, 7, 1, 1, tzinfo=UTC)),
        ("2025-07-01T10:00:00+09:00", datetime(2025, 7, 1, 1, tzinfo=UTC)),
        ("Sun, 22 Nov 2026 00:00:00 +0000", datetime(2026, 11, 22, tzinfo=UTC)),
        ("Tue, 1 Jan 1980 00:00:00 +0000", datetime(1980, 1, 1, tzinfo=UTC)),
        ("Mon, 31 Dec 1979 23:59:59 +0000", datetime(1979, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("Thu, 1 Jan 0000 00:00:00 +0000", None),
        ("Wed, 32 Jul 2025 10:00:00 +0900", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates_are_read(value, moment):
    assert headers.date(value) == moment


def test_a_date_is_plausible_from_1980_to_a_day_from_now():
    first, last, second = datetime(1980, 1, 1, tzinfo=UTC), NOW + timedelta(days=1), timedelta(seconds=1)
    moments = (first - second, first, last, last + second)
    assert [headers.is_plausible(moment, now=NOW) for moment in moments] == [False, True, True, False]


@pytest.mark.parametrize(
    "value",
    [
        "=?" * 30_000,
        "=?a?q?" * 10_000,
        "=?utf-8?q?a?= " * 4_000,
        "<" * 60_000,
        "<a" * 30_000,
        " " * 60_000,
        "\udc80" * 60_000,
        "1" * 60_000,
    ],
)
def test_values_made_to_be_slow_are_not(value):
    started = time.process_time()
    headers.decode_text(value)
    headers.message_ids(value)
    headers.date(value)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("data", "decoded"),
    [
        (b"SGVsbG8=", (b"Hello", False)),
        (b"SGVs\r\nbG8=\r\n", (b"Hello", False)),
        (b"SGVsbG8", (b"Hello", True)),
        (b"SGVs*bG8=", (b"Hello", True)),
        (b"SGVsbG8gd29ybGQhI", (b"Hello world!", True)),
        (b"SGk=\r\nSGk=", (b"HiHi", True)),
        (b"This is not base64, is it?", (b"This is not base64, is it?", True)),
    ],
)
def test_base64_gives_all_that_can_be_saved(data, decoded):
    assert headers.decode_base64(data) == decoded
