import time

import pytest

from inboxes.mime.address_list import MAX_ADDRESSES, parse_addresses


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a@b.c", [("", "a@b.c")]),
        ("<a@b.c>", [("", "a@b.c")]),
        ("Taro <A@B.C>", [("Taro", "a@b.c")]),
        ('"Yamada, Taro" <a@b.c>, d@e.f', [("Yamada, Taro", "a@b.c"), ("", "d@e.f")]),
        ('"a\\"b" <a@b.c>', [('a"b', "a@b.c")]),
        ("a@b.c (Taro)", [("Taro", "a@b.c")]),
        ("Taro (at (work)) <a@b.c>", [("Taro", "a@b.c")]),
        ("team: a@b.c, d@e.f; g@h.i", [("", "a@b.c"), ("", "d@e.f"), ("", "g@h.i")]),
        ("undisclosed-recipients:;", []),
        ("a;b@c.d;e@f.g", [("", "b@c.d"), ("", "e@f.g")]),
        ("<@relay,@relay:a@b.c>", [("", "a@b.c")]),
        ("<mailto:a@b.c>", [("", "a@b.c")]),
        ("Taro <a @ b.c>", [("Taro", "a@b.c")]),
        ("Taro <a@b.c", [("Taro", "a@b.c")]),
        ('"Taro <a@b.c>, d@e.f', [("Taro", "a@b.c"), ("", "d@e.f")]),
        ('"Taro" a@b.c', [("Taro", "a@b.c")]),
        ("'a@b.c'", [("", "a@b.c")]),
        ("'Taro' <'a@b.c'>", [("Taro", "a@b.c")]),
        ("a @ b.c (Taro), d(x)@e.f", [("Taro", "a@b.c"), ("x", "d@e.f")]),
        ("=?utf-8?Q?Taro_=3Ca=40b.c=3E?=", [("Taro", "a@b.c")]),
        ("a@b.c,, ,d@e.f,", [("", "a@b.c"), ("", "d@e.f")]),
        ("=?utf-8?Q?Yamada,_Taro?= <a@b.c>", [("Yamada, Taro", "a@b.c")]),
        ('"=?utf-8?B?5bGx55Sw?=" <a@b.c>', [("山田", "a@b.c")]),
        ("=?utf-8?B?5bGx?= =?utf-8?B?55Sw?= <a@b.c>", [("山田", "a@b.c")]),
        ("\x1b$B;3ED\x1b(B <a@b.c>", [("山田", "a@b.c")]),
        ("\udc8eR\udc93c <a@b.c>", [("山田", "a@b.c")]),
        ("taro@日本語.jp".encode().decode("ascii", "surrogateescape"), [("", "taro@xn--wgv71a119e.jp")]),
        ("taro..y.@docomo.ne.jp", [("", "taro..y.@docomo.ne.jp")]),
        ("root@localhost, a@[1.2.3.4]", [("", "root@localhost"), ("", "a@[1.2.3.4]")]),
        ("Taro", []),
        ("<", []),
        ('"', []),
        ("a@", []),
        ("", []),
    ],
)
def test_addresses_are_read_however_they_are_written(value, expected):
    assert [(address.name, address.email) for address in parse_addresses([value])] == expected


def test_several_fields_are_read_one_after_the_other():
    assert [address.email for address in parse_addresses(["a@b.c, d@e.f", "g@h.i"])] == ["a@b.c", "d@e.f", "g@h.i"]


def test_an_address_that_cannot_be_normalised_is_still_shown():
    assert [address.email for address in parse_addresses(["Taro <ta ro@-b.c>"])] == ["taro@-b.c"]


@pytest.mark.parametrize("entry", ["a{}@b.c, ", "grp{0}: a{0}@b.c; "])
def test_recipients_are_bounded(entry):
    assert len(parse_addresses(["".join(entry.format(number) for number in range(5_000))])) == MAX_ADDRESSES


@pytest.mark.parametrize(
    "value",
    [
        '"\\"' * 20_000,
        "<" * 60_000,
        "(" * 30_000 + ")" * 30_000,
        "(a)," * 15_000,
        "=?" * 30_000,
        "=?a?q?" * 10_000,
        '"' * 60_001,
        "@" * 60_000,
        "a." * 30_000,
        "a." * 30_000 + "@",
        "a@" + "b-" * 30_000 + " ",
        "a@" + "b." * 30_000 + " ",
        "a@b.c," + " " * 60_000 + "x",
        ":" * 60_000,
        "a@" + ":" * 60_000,
        '"a"' * 10_000 + "@" + ":" * 30_000,
        '"\\' * 30_000,
    ],
)
def test_values_made_to_be_slow_are_not(value):
    started = time.process_time()
    parse_addresses([value])
    assert time.process_time() - started < 2
