import pytest

from inboxes.addresses import (
    InvalidAddress,
    domain_of,
    is_no_reply,
    is_public_suffix,
    is_valid,
    normalise,
    normalise_domain,
    organisation_domain,
    readable,
)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("taro@example.jp", "taro@example.jp"),
        (" Taro.Yamada@Example.CO.JP\n", "taro.yamada@example.co.jp"),
        ("taro+crm@example.jp", "taro+crm@example.jp"),
        ("taro..y.@docomo.ne.jp", "taro..y.@docomo.ne.jp"),
        ('"taro..y."@docomo.ne.jp', "taro..y.@docomo.ne.jp"),
        ('"Taro Y"@example.jp', '"taro y"@example.jp'),
        ("taro@日本語.jp", "taro@xn--wgv71a119e.jp"),
        ("taro@xn--WGV71A119E.jp", "taro@xn--wgv71a119e.jp"),
        ("taro@ＥＸＡＭＰＬＥ.jp", "taro@example.jp"),
        ("STRASSE@straße.de", "strasse@xn--strae-oqa.de"),
        ("Ärger@example.de", "ärger@example.de"),
        ("taro@example.jp.", "taro@example.jp"),
        ("root@localhost", "root@localhost"),
        ("taro@[192.168.0.1]", "taro@[192.168.0.1]"),
        ("taro@under_score.example", "taro@under_score.example"),
        ("a" * 64 + "@" + ("b" * 60 + ".") * 3 + "jp", "a" * 64 + "@" + ("b" * 60 + ".") * 3 + "jp"),
    ],
)
def test_normalise_gives_the_one_form_an_address_has(text, address):
    assert normalise(text) == address
    assert normalise(address) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "taro",
        "@",
        "taro@",
        "@example.jp",
        "a b@example.jp",
        "a@b@example.jp",
        "a@b..jp",
        "a@-b.jp",
        "a@b-.jp",
        "a\0@b.jp",
        "a@b c.jp",
        "a,b@c.jp",
        "<a@b.jp>",
        "a@" + "b" * 64 + ".jp",
        "a" * 400 + "@b.jp",
        "a" * 250 + "@b.jp",
        "ä" * 64 + "@" + ("b" * 60 + ".") * 3 + "example.jp",
        "a@\udc80.jp",
        "\udc80@b.jp",
        '"a\n"@b.jp',
        '""@b.jp',
        "a@日本 語.jp",
        "what\u037e@b.jp",  # the Greek question mark, which is normalised to a semicolon
        "ﬃ" * 100 + "@b.jp",  # 300 letters, written out
        "a" * 80 + "@" + ("ä" + "b" * 40 + ".") * 4 + "jp",  # longer as A-labels
    ],
)
def test_normalise_refuses_what_is_no_address_and_does_not_repeat_it(text):
    with pytest.raises(InvalidAddress) as refused:
        normalise(text)
    assert str(refused.value) == ""


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("taro@example.jp", True),
        ("taro@日本語.jp", True),
        ("root@localhost", False),
        ("taro@[192.168.0.1]", False),
        ("taro", False),
    ],
)
def test_is_valid_asks_for_a_domain_that_can_be_reached(text, valid):
    assert is_valid(text) is valid


def test_domain_of_is_what_follows_the_last_at():
    assert domain_of('"a@b"@example.jp') == "example.jp"


def test_normalise_domain_takes_what_people_type():
    assert normalise_domain(" Example.JP. ") == "example.jp"
    assert normalise_domain("日本語.jp") == "xn--wgv71a119e.jp"
    with pytest.raises(InvalidAddress):
        normalise_domain("example .jp")


@pytest.mark.parametrize(
    ("domain", "organisation"),
    [
        ("example.co.jp", "example.co.jp"),
        ("mail.tokyo.example.co.jp", "example.co.jp"),
        ("example.github.io", "example.github.io"),
        ("xn--wgv71a119e.jp", "xn--wgv71a119e.jp"),
        ("co.jp", None),
        ("jp", None),
        ("localhost", None),
        ("[192.168.0.1]", None),
        ("192.168.0.1", None),
        ("gmail.com", None),
        ("yahoo.co.jp", None),
        ("docomo.ne.jp", None),
        ("i.softbank.jp", None),
        ("abc.nifty.com", None),
        ("icloud.com", None),
        ("qq.com", None),
    ],
)
def test_organisation_domain_names_an_organisation_or_nothing(domain, organisation):
    assert organisation_domain(domain) == organisation


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("xn--wgv71a119e.example", "日本語.example"),
        ("病院@xn--wgv71a119e.example", "病院@日本語.example"),
        ("example.com", "example.com"),
        ("xn--a.example", "xn--a.example"),
        ("xn--strange@example.com", "xn--strange@example.com"),
    ],
)
def test_an_address_is_shown_as_people_write_it(text, shown):
    assert readable(text) == shown


@pytest.mark.parametrize(
    ("domain", "public"),
    [
        ("com", True),
        ("co.jp", True),
        ("kobe.jp", True),
        ("localhost", True),
        ("example.co.jp", False),
        ("city.kobe.jp", False),
        ("docomo.ne.jp", False),
    ],
)
def test_a_public_suffix_is_what_anybody_can_register_below(domain, public):
    assert is_public_suffix(domain) is public


@pytest.mark.parametrize(
    "local",
    [
        "no-reply",
        "noreply",
        "no_reply",
        "do-not-reply",
        "donotreply",
        "calendar-noreply",
        "noreply+abc",
        "noreply123",
        "mailer-daemon",
        "postmaster",
        "bounce+123",
        "bounces",
        "auto-reply",
        "soushin-senyo",
        "ne-pas-repondre",
    ],
)
def test_machines_that_do_not_read_are_known_by_their_address(local):
    assert is_no_reply(f"{local}@example.jp")


@pytest.mark.parametrize(
    "local", ["taro", "info", "reply", "tanaka.noriko", "jan.oreply", "arnold", "replay", "bounceton", "dontreplyname"]
)
def test_people_are_not_taken_for_machines(local):
    assert not is_no_reply(f"{local}@noreply.example.jp")
