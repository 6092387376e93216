"""From all mail that was seen to the mail that was logged: the numbers, the periods, and who may see them."""

import json
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.urls import reverse

from inboxes.models import DailyCount, Folder, FolderState
from logging_rules.funnel import Step, funnel_of
from tests.factories.inboxes import connected_inbox

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def inbox(alice):
    return connected_inbox(alice, "alice@ours.example")


@pytest.fixture
def count(inbox):
    def count(code, messages, *, days_ago=0, folder="INBOX", state=FolderState.LIVE):
        place, _ = Folder.objects.get_or_create(
            inbox=inbox, remote_id=folder, defaults={"name": folder, "role": "other", "state": state}
        )
        day = TODAY - timedelta(days=days_ago)
        DailyCount.objects.create(folder=place, day=day, code=code, messages=messages)

    return count


def test_the_steps_come_in_the_order_of_the_rules_and_end_with_what_was_logged(inbox, count):
    count("no_known_contact", 50)
    count("known_contact_incoming", 20)
    count("never_log_personal", 10, folder="Archive")
    count("no_known_contact", 10, folder="Archive")
    count("reply_to_logged", 10, days_ago=3)

    funnel = funnel_of(inbox, days=7, now=NOON)

    assert (funnel.seen, funnel.logged, funnel.skipped, funnel.share_logged) == (100, 30, 70, 0.3)
    assert funnel.steps == [
        Step("never_log_personal", 10, is_logged=False, share=0.1, start=0.9),
        Step("no_known_contact", 60, is_logged=False, share=0.6, start=0.3),
        Step("reply_to_logged", 10, is_logged=True, share=0.1, start=0.2),
        Step("known_contact_incoming", 20, is_logged=True, share=0.2, start=0.0),
    ]


@pytest.mark.parametrize(("days", "seen"), [(7, 1), (30, 3), (90, 7), (0, 15)])
def test_a_period_ends_today_and_holds_as_many_days_as_it_says(inbox, count, days, seen):
    for days_ago, messages in ((6, 1), (29, 2), (89, 4), (90, 8)):
        count("no_known_contact", messages, days_ago=days_ago)

    assert funnel_of(inbox, days=days, now=NOON).seen == seen


def test_a_folder_that_is_gone_does_not_count_beside_the_one_its_mail_went_to(inbox, count):
    count("no_known_contact", 5, folder="Old", state=FolderState.RETIRED)
    count("no_known_contact", 5, folder="New")

    assert funnel_of(inbox, days=7, now=NOON).seen == 5


def test_nothing_seen_is_nothing_and_no_error(inbox):
    funnel = funnel_of(inbox, days=7, now=NOON)
    assert (funnel.seen, funnel.logged, funnel.share_logged, funnel.steps) == (0, 0, 0.0, [])


@time_machine.travel(NOON, tick=False)
def test_the_owner_sees_the_numbers_of_the_period_and_nobody_else_the_page(
    inbox, count, alice_client, bob_client, admin_client
):
    count("no_known_contact", 4_321)
    count("known_contact_incoming", 1_234, days_ago=40)
    page = reverse("inboxes:funnel", args=[inbox.code])

    recent, everything, nonsense = (
        alice_client.get(page + query).content.decode() for query in ("", "?days=all", "?days=99999")
    )

    assert ("4,321" in recent, "1,234" in recent) == (True, False)
    assert ("4,321" in everything, "1,234" in everything, "5,555" in everything) == (True, True, True)
    assert "1,234" not in nonsense
    assert [client.get(page).status_code for client in (bob_client, admin_client)] == [404, 404]


@time_machine.travel(NOON, tick=False)
def test_the_command_says_the_same(inbox, count):
    count("no_known_contact", 3)
    count("known_contact_incoming", 1)
    count("known_contact_incoming", 9, days_ago=10)
    out = StringIO()

    call_command("inbox", "funnel", inbox.address, "--days", "7", "--json", stdout=out)

    assert json.loads(out.getvalue()) == {
        "address": "alice@ours.example",
        "days": 7,
        "seen": 4,
        "logged": 1,
        "steps": [
            {"code": "no_known_contact", "count": 3, "logged": False},
            {"code": "known_contact_incoming", "count": 1, "logged": True},
        ],
    }
