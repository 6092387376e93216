"""`manage.py inbox view-as` and `contact timeline --person`: mail as a colleague sees it, from a shell."""

import io
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from inboxes.models import Visibility
from logging_rules import view_as
from tests.factories.contacts import log_mail, make_contact, make_inbox

pytestmark = pytest.mark.django_db


def run(*arguments):
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def inbox(alice):
    sarah = make_contact("Sarah Okafor", "sarah@meridian.example")
    log_mail(sarah, "Open", owner=alice)
    log_mail(sarah, "Limited", owner=alice, visibility=Visibility.SUBJECT)
    log_mail(sarah, "Private", owner=alice, visibility=Visibility.PRIVATE)
    return make_inbox(alice)


def test_the_answer_has_totals_and_every_mail_with_its_reason(inbox, bob, monkeypatch):
    monkeypatch.setattr(view_as, "PAGE_MAILS", 1)

    answer = json.loads(run("inbox", "view-as", inbox.address, "--person", bob.email, "--json"))

    assert answer["totals"] == {"logged": 3, "readable": 1, "subject_only": 1, "unknown": 1}
    assert {mail["subject"]: mail["because"] for mail in answer["mails"]} == {"Open": "everyone", "Limited": "subject"}


def test_it_can_be_limited_to_a_contact(inbox, bob):
    make_contact("Omar", "omar@x.example")
    arguments = ("inbox", "view-as", inbox.address, "--person", bob.email)

    assert "can open 0 of 0 logged e-mails" in run(*arguments, "--contact", "omar@x.example")
    assert "can open 1 of 3 logged e-mails" in run(*arguments, "--contact", "sarah@meridian.example")
    with pytest.raises(CommandError, match="No contact"):
        run(*arguments, "--contact", "nobody@x.example")


def test_a_timeline_shows_what_everybody_may_know_or_what_one_person_may(inbox, alice, bob):
    def subjects(*more):
        answer = json.loads(run("contact", "timeline", "sarah@meridian.example", "--json", *more))
        return sorted(entry["subject"] for entry in answer["entries"])

    assert subjects() == subjects("--person", bob.email) == ["Limited", "Open"]
    assert subjects("--person", alice.email) == ["Limited", "Open", "Private"]
