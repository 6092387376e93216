"""The catalogues of translated texts."""

import re

import pytest
from babel.messages.pofile import read_po
from django.conf import settings

from crm_project.translations import Translations

CODE = """
from django.utils.translation import gettext as _, ngettext, pgettext_lazy

class Status:
    ACTIVE = pgettext_lazy("inbox", "Active")

def describe(count):
    # Translators: shown above the list
    return _("Your inboxes"), ngettext("%(count)d inbox", "%(count)d inboxes", count) % {"count": count}
"""
PAGE = """
{% load i18n %}
    {% if a %}
  <h1>{% translate "Welcome" %}</h1>{% endif %}
{% blocktranslate trimmed with name=user.name count n=items|length %}
    {{ name }} has {{ n }} mail
{% plural %}
    {{ name }} has {{ n }} mails
{% endblocktranslate %}
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "inboxes").mkdir()
    (tmp_path / "inboxes" / "code.py").write_text(CODE)
    (tmp_path / "templates" / "inboxes").mkdir(parents=True)
    (tmp_path / "templates" / "inboxes" / "page.html").write_text(PAGE)
    (tmp_path / "templates" / "base.html").write_text('{% load i18n %}{% translate "Menu" %}')
    return tmp_path


def read(project, app="inboxes"):
    return Translations(project, app=app, apps=["inboxes", "crm_project"], language="ja")


def edit(catalogue, old, new):
    text = catalogue.path.read_text()
    assert old in text
    catalogue.path.write_text(text.replace(old, new))


def texts(catalogue):
    return {(message.context, message.id) for message in catalogue.stored if message.id}


def translate_everything(catalogue):
    for message in catalogue.stored:
        if message.id:
            message.string = message.id if isinstance(message.id, str) else (message.id[1],)
    catalogue.write()


def test_texts_of_code_and_of_the_apps_own_templates_are_collected(project):
    read(project).write()

    assert texts(read(project)) == {
        ("inbox", "Active"),
        (None, "Your inboxes"),
        (None, ("%(count)d inbox", "%(count)d inboxes")),
        (None, "Welcome"),
        (None, ("%(name)s has %(n)s mail", "%(name)s has %(n)s mails")),
    }
    assert "#. Translators: shown above the list" in read(project).path.read_text()


def test_shared_templates_belong_to_the_project(project):
    read(project, "crm_project").write()

    assert texts(read(project, "crm_project")) == {(None, "Menu")}


def test_collecting_again_changes_nothing_and_keeps_translations(project):
    read(project).write()
    translate_everything(read(project))
    before = read(project).path.read_text()

    read(project).write()

    assert read(project).path.read_text() == before
    assert list(read(project).problems()) == []


def test_texts_that_are_gone_are_dropped(project):
    read(project).write()
    (project / "templates" / "inboxes" / "page.html").unlink()
    assert any("not used any more: 'Welcome'" in problem for problem in read(project).problems())

    read(project).write()

    assert (None, "Welcome") not in texts(read(project))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('msgid "Welcome"\nmsgstr "Welcome"', 'msgid "Welcome"\nmsgstr ""', "not translated: 'Welcome'"),
        ('msgid "Welcome"', '#, fuzzy\nmsgid "Welcome"', "fuzzy: 'Welcome'"),
        ('msgstr[0] "%(count)d inboxes"', 'msgstr[0] "%(number)d"', "other placeholders or tags than the English text"),
        ('msgid "Welcome"\nmsgstr "Welcome"\n', "", "missing: 'Welcome'"),
    ],
)
def test_what_a_catalogue_lacks_is_named(project, old, new, problem):
    read(project).write()
    translate_everything(read(project))
    edit(read(project), old, new)

    assert [line for line in read(project).problems() if problem in line] != []


def test_japanese_has_one_word_for_an_e_mail():
    """The other one stands in the names of the two kinds of inbox, and alone, as a label."""
    strings = []
    for path in settings.BASE_DIR.glob("*/locale/ja/LC_MESSAGES/django.po"):
        with path.open("rb") as file:
            for message in read_po(file):
                strings += [message.string] if isinstance(message.string, str) else message.string

    assert "Eメール" in strings
    rest = {text: re.sub("(個人用|チームの)Eメール", "", text) for text in strings if text != "Eメール"}
    assert [text for text in rest if "Eメール" in rest[text]] == []
