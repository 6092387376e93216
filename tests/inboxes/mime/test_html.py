import re
import time
from html.parser import HTMLParser

import pytest

from inboxes.mime.html import MAX_LENGTH, MAX_LINKS, sanitise, show_inline_images, show_remote_images, to_text
from tests.samples.hostile_html import HOSTILE

FORBIDDEN_TAGS = set(
    """
    script style iframe frame frameset object embed applet form input button textarea select base meta link svg math template noscript
    video audio source image use marquee body head html isindex
    """.split()
)
BOMBS = {
    "blanks in a style": f'<p style="color:rgb({" " * 60_000}1)">x</p>',
    "divs": "<div>" * 100_000,
    "balanced_divs": "<div>" * 50_000 + "</div>" * 50_000,
    "formatting": "<b><i><u>" * 30_000,
    "svg_rows": "<svg>" + "<tr>" * 50_000,
    "tables": "<table><tr><td>" * 20_000,
    "attributes": "<img " + " ".join(f"a{number}=1" for number in range(200_000)) + ">",
    "quoted_attributes": "<img " + " ".join(f'a{number}=">"' for number in range(100_000)) + ">",
    "unclosed_tags": "<img " * 300_000,
    "ampersands": "&" * 1_000_000,
    "references": "&amp;" * 300_000,
    "angle_brackets": "<" * 1_000_000,
    "comments": "<!--" * 300_000,
    "style": '<p style="' + "a:b;" * 300_000 + '">',
    "images": '<img src="https://example.com/a.png">' * 40_000,
}


class Seen(HTMLParser):
    """Every tag and attribute a browser would meet."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_hostile_is_left(name):
    seen = Seen(sanitise(HOSTILE[name]).html)
    assert FORBIDDEN_TAGS.isdisjoint(seen.tags)
    for tag, attribute, value in seen.attributes:
        assert not attribute.startswith("on")
        assert attribute not in {
            "id",
            "name",
            "srcset",
            "background",
            "action",
            "formaction",
            "ping",
            "srcdoc",
            "poster",
        }
        if attribute == "src":
            assert tag == "img"
            assert re.match(r"data:image/(png|jpeg|gif|webp|bmp)[;,]", value)
        if attribute == "class":
            assert value in {"", "gmail_quote"}
        if attribute == "href":
            assert re.match(r"(https?|mailto|tel):", value)
        if attribute == "style":
            assert not re.search(
                r"url|expression|image-set|position|behaviou?r|binding|@|\\|/\*|z-index|var\(", value, re.IGNORECASE
            )


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_is_loaded_even_when_remote_images_are_shown(name):
    shown = Seen(show_remote_images(sanitise(HOSTILE[name]).html))
    sources = [value for _, attribute, value in shown.attributes if attribute == "src"]
    assert [source for source in sources if "evil.example" in source] == []


def test_what_a_mail_wants_to_say_stays():
    html = (
        '<p style="color:#333;font-size:14px;text-align:center">お世話に<b>なって</b>おります</p>'
        '<table bgcolor="#ffffff" width="600"><tbody><tr><td align="right" colspan="2">1</td></tr></tbody></table>'
        "<ul><li>a</li></ul><blockquote>b</blockquote><pre>c</pre>"
    )
    assert sanitise(html).html == html


def test_links_open_elsewhere_and_tell_nothing():
    seen = Seen(sanitise('<a href="https://example.com/?a=1&amp;b=2">x</a>').html)
    assert sorted(seen.attributes) == [
        ("a", "href", "https://example.com/?a=1&b=2"),
        ("a", "rel", "noopener noreferrer nofollow"),
        ("a", "target", "_blank"),
    ]


@pytest.mark.parametrize(
    "url", ["https://example.com/a.png?b=1&c=2", "http://example.com/a.png", "HTTPS://example.com/a.png"]
)
def test_remote_images_wait_until_somebody_asks(url):
    sanitised = sanitise(f'<img alt="a > b" src="{url}" width="3">')
    assert sanitised.has_remote
    assert ("img", "data-remote-src", url) in Seen(sanitised.html).attributes
    assert [name for _, name, _ in Seen(sanitised.html).attributes if name == "src"] == []
    assert ("img", "src", url) in Seen(show_remote_images(sanitised.html)).attributes


@pytest.mark.parametrize(
    "url", [" https://example.com/a", "&#1;https://example.com/a&#10;", "ht&#9;tps://example.com/a"]
)
def test_what_browsers_pass_over_in_an_address_makes_no_image_load(url):
    assert sanitise(f'<img src="{url}">').html == '<img data-remote-src="https://example.com/a">'


def test_an_image_without_a_scheme_is_remote_too():
    assert sanitise('<img src="//example.com/a.png">').html == '<img data-remote-src="https://example.com/a.png">'


def test_images_that_came_with_the_mail_are_mapped():
    sanitised = sanitise('<img src="cid:a&amp;b@x"><img src="CID:other@x">')
    assert not sanitised.has_remote
    assert sanitised.html == '<img data-cid="a&amp;b@x"><img data-cid="other@x">'
    shown = show_inline_images(sanitised.html, {"a&b@x": '/files/1?"=2'})
    assert shown == '<img src="/files/1?&quot;=2"><img data-cid="other@x">'


def test_a_percent_encoded_content_id_is_found():
    assert show_inline_images('<img data-cid="a%40x">', {"a@x": "/files/1"}) == '<img src="/files/1">'


def test_images_inside_the_html_stay():
    assert sanitise('<img src="data:image/png;base64,AAAA">').html == '<img src="data:image/png;base64,AAAA">'


def test_text_that_looks_like_an_image_stays_text():
    html = sanitise('<p title="&lt;img src=&quot;https://x&quot;&gt;">&lt;img src="https://x"&gt;</p>').html
    assert Seen(html).tags == ["p"]
    assert show_remote_images(html) == html


def test_links_and_length_are_bounded():
    many = Seen(sanitise('<a href="https://example.com">x</a>' * (MAX_LINKS + 5)).html)
    assert len([name for _, name, _ in many.attributes if name == "href"]) == MAX_LINKS
    assert len(sanitise("x" * (MAX_LENGTH + 5)).html) == MAX_LENGTH


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_do_not_keep_us_busy(name):
    started = time.process_time()
    sanitise(BOMBS[name])
    to_text(BOMBS[name])
    assert time.process_time() - started < 8


def test_of_a_bomb_the_words_are_left():
    assert sanitise("<div>" * 5_000 + "a < b & c").html == "<pre>" + " " * 5_000 + "a &lt; b &amp; c</pre>"
    assert to_text("<div>" * 5_000 + "words") == "words"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hello <b>Taro</b></p><p>Bye</p>", "Hello Taro\n\nBye"),
        ("<ul><li>a</li><li>b</li></ul>", "* a\n * b"),
        ("お世話に<br>なっております。", "お世話に\nなっております。"),
        ("<style>p{}</style><script>x</script><title>t</title>words", "words"),
        ('<div style="display:none">preview</div>words', "words"),
        ("a&nbsp;&zwnj;&#8203;b", "a b"),
        ('<a href="https://example.com">link</a> <img alt="logo" src=x>', "link"),
        ("<?xml version='1.0' encoding='utf-16'?><p>x</p>", "x"),
        ("a&#0;b", "a\ufffdb"),
        ("just text", "just text"),
        ("<!-- -->", ""),
        ("", ""),
    ],
)
def test_text_is_what_a_reader_sees(html, text):
    assert to_text(html) == text
