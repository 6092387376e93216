"""The tags of the templates: what they say to eyes and to screen readers."""

import pytest
from django.core.paginator import Paginator
from django.template import Context, RequestContext, Template
from django.test import RequestFactory

from crm_project.templatetags import ui


def rendered(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Sarah Okafor", "SO"),
        ("Genkan", "G"),
        ("田中 由紀", "田"),
        ("ludwig van beethoven", "LB"),
        ("", "?"),
        ("(none) ", "N"),
    ],
)
def test_initials_are_short_in_every_script(name, letters):
    assert ui.initials(name) == letters


def test_an_icon_is_hidden_from_screen_readers():
    assert 'aria-hidden="true"' in ui.icon("mail")


def test_names_are_escaped_wherever_they_stand():
    name = "<b>Eve</b>"

    for source in (
        "{% badge 'ok' name %}",
        "{% avatar name %}",
        "{% callout 'info' name %}{{ name }}{% endcallout %}",
        "{% empty_state 'mail' name %}{{ name }}{% endempty_state %}",
        "{% dialog 'd' name %}{{ name }}{% enddialog %}",
        "{% menu 'm' name %}{{ name }}{% endmenu %}",
        "{% timeline_item 'note' name %}{{ name }}{% endtimeline_item %}",
        "{% why name %}{{ name }}{% endwhy %}",
        "{% steps 1 name %}",
        "{% stat name name %}",
        "{% progress 1 2 name %}",
        "{% breakdown parts name %}",
    ):
        assert "<b>Eve" not in rendered(source, name=name, parts=[(name, 1, "ok")])


def test_the_parts_of_a_breakdown_fill_the_bar():
    bars = ui.breakdown([("a", 1, "ok"), ("b", 3, "bad")], "all")["bars"]

    assert [(bar["x"], bar["width"]) for bar in bars] == [("0.00", "25.00"), ("25.00", "75.00")]


def test_a_breakdown_of_nothing_is_empty():
    bars = ui.breakdown([("a", 0, "ok")], "all")["bars"]

    assert [bar["width"] for bar in bars] == ["0.00"]


def test_a_link_of_the_sidebar_is_current_on_the_pages_below_it():
    source = "{% nav_item 'account_change_password' 'key-round' 'Password' %}"

    on_page = rendered(source, request=RequestFactory().get("/accounts/password/change/"))
    elsewhere = rendered(source, request=RequestFactory().get("/accounts/logout/"))

    assert ('aria-current="page"' in on_page, "aria-current" in elsewhere) == (True, False)


def test_paging_keeps_the_other_parameters():
    request = RequestFactory().get("/contacts/?q=tanaka&page=2")

    page = Paginator(range(9), 3).get_page(2)
    html = Template("{% pagination page %}").render(RequestContext(request, {"page": page}))

    assert ("?q=tanaka&amp;page=1" in html, "?q=tanaka&amp;page=3" in html) == (True, True)
