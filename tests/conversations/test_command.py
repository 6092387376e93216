"""`manage.py conversation`, which lets nobody read more than the pages do."""

import pytest
from django.core.management.base import CommandError

from inboxes.models import TeamThread
from tests.acceptance.commands import run
from tests.factories.conversations import NOON, arrive, team_inbox

pytestmark = pytest.mark.django_db
ALICE, ADMIN = ("--as", "alice@genkan.example"), ("--as", "admin@genkan.example")


@pytest.fixture
def inbox(alice, admin):
    return team_inbox(alice, owner=admin)


def test_a_member_lists_searches_and_shows(inbox):
    thread = arrive(inbox, "Order 4711", body_text="Where is it?").team_thread
    arrive(inbox, "Something else")

    assert run("conversation", "inboxes", *ALICE) == [
        {"code": str(inbox.code), "name": "Support", "address": inbox.address, "unread": 2}
    ]
    [found] = run("conversation", "list", inbox.address, "--search", "4711", *ALICE)["conversations"]
    assert (found["subject"], found["unread"], found["code"]) == ("Order 4711", True, str(thread.code))
    shown = run("conversation", "show", found["code"], *ALICE)
    assert [(mail["text"], mail["why_not_logged"]) for mail in shown["mails"]] == [
        ("Where is it?", "Nobody in it is a contact.")
    ]


def test_lists_go_on_where_they_ended(inbox):
    for number in range(51):
        arrive(inbox, f"Order {number}")

    first = run("conversation", "list", str(inbox.code), *ALICE)
    second = run("conversation", "list", str(inbox.code), "--before", first["older"], *ALICE)

    assert len(first["conversations"]) == 50
    assert [row["subject"] for row in second["conversations"]] == ["Order 0"]
    assert second["older"] is None


def test_reading_is_marked(inbox):
    code = str(arrive(inbox).team_thread.code)

    def unread():
        return run("conversation", "inboxes", *ALICE)[0]["unread"]

    run("conversation", "read", code, *ALICE)
    assert unread() == 0
    run("conversation", "unread", code, *ALICE)
    assert unread() == 1


def test_filtered_mail_is_taken_back_and_that_is_undone(inbox):
    spam = arrive(inbox, filtered="spam").team_thread

    restored = run("conversation", "restore", str(spam.code), *ALICE)
    assert TeamThread.objects.get().filtered == ""

    run("conversation", "undo", restored["code"], *ALICE)
    assert TeamThread.objects.get().filtered == "spam"


def test_who_manages_without_being_a_member_gets_nothing(inbox, alice):
    thread = arrive(inbox, "Secret", filtered="spam").team_thread
    restored = run("conversation", "restore", str(thread.code), *ALICE)["code"]

    assert run("conversation", "inboxes", *ADMIN) == []
    code = str(thread.code)
    for command in (("list", inbox.address), ("show", code), ("read", code), ("restore", code), ("undo", restored)):
        with pytest.raises(CommandError) as refusal:
            run("conversation", *command, *ADMIN)
        assert "Secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("list", "nobody@ours.example"), "is a member of no team inbox nobody@ours.example"),
        (("list", "nonsense"), "is a member of no team inbox nonsense"),
        (("list", "support@ours.example", "--before", "x"), "x is no place in a list"),
        (("inboxes",), "Nobody signs in as x@y.example"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(inbox, arguments, said):
    person = ("--as", "x@y.example") if arguments == ("inboxes",) else ALICE

    with pytest.raises(CommandError, match=said):
        run("conversation", *arguments, *person)


def test_conversations_of_two_inboxes_are_not_restored_at_once(inbox, alice, admin):
    other = team_inbox(alice, owner=admin, address="sales@ours.example")
    codes = [str(arrive(place, filtered="spam", at=NOON).team_thread.code) for place in (inbox, other)]

    with pytest.raises(CommandError, match="more than one inbox"):
        run("conversation", "restore", *codes, *ALICE)
