"""How addresses, telephone numbers and quoted text are written on pages."""

import pytest

from contacts.templatetags.contacts import breakable, dialled, frame_height, unquoted
from inboxes.models import Message


@pytest.mark.parametrize(
    ("address", "html"),
    [
        ("sarah@meridian.example", "sarah@<wbr>meridian.example"),
        ("<b>@x.example", "&lt;b&gt;@<wbr>x.example"),
        ("undisclosed", "<wbr>undisclosed"),
    ],
)
def test_an_address_breaks_after_its_at_sign(address, html):
    assert breakable(address) == html


@pytest.mark.parametrize(
    ("phone", "number"),
    [("+44 20 7946 0123", "+442079460123"), ("03-0000-0123", "0300000123"), ("０３（１２３４）５６７８", "0312345678")],
)
def test_a_telephone_number_is_written_for_dialling(phone, number):
    assert dialled(phone) == number


def test_quoted_text_loses_the_marks_of_its_lines_and_nothing_else():
    quoted = "On Friday Sarah wrote:\n> Thanks\n>\n>> nested\n> > spaced\n5 > 4"

    assert unquoted(quoted) == "On Friday Sarah wrote:\nThanks\n\nnested\nspaced\n5 > 4"


@pytest.mark.parametrize(
    ("html", "images", "height"),
    [
        ("<p>Hi</p>", False, 160),
        ("<p>Line</p>" * 10, False, 308),
        ("<p>Line</p>" * 10, True, 388),
        ("<br>" * 900, False, 800),
    ],
)
def test_a_frame_is_about_as_high_as_its_mail(html, images, height):
    assert frame_height(Message(body_html=html, has_remote_images=images)) == height
