"""Who clears a removed inbox away: one worker at a time, slice after slice, and another one when that was lost."""

import base64
import json
from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contacts.models import TimelineEntry
from inboxes import actions
from inboxes.models import Inbox, InboxStatus, Message, Removal, Sighting, TeamThread
from logging_rules.actions import clear_some, finish_removal, removing
from logging_rules.tasks import clear_all_removed, clear_removed
from tests.factories.contacts import log_mail, make_contact
from tests.factories.conversations import arrive, team_inbox
from tests.factories.inboxes import SARAH

MAILS = 6


@pytest.fixture
def inbox(alice, monkeypatch):
    """Being erased, two e-mails at once."""
    monkeypatch.setattr(removing, "MAILS_AT_ONCE", 2)
    contact = make_contact("Sarah", SARAH)
    for number in range(MAILS):
        log_mail(contact, f"Quote {number}", owner=alice)
    inbox = Inbox.objects.get(owner=alice)
    Inbox.objects.filter(pk=inbox.pk).update(status=InboxStatus.DISABLED)
    inbox.refresh_from_db()
    actions.remove(inbox=inbox, erase=True, by=alice)
    return inbox


@pytest.fixture
def queue():
    """Takes the tasks of clearing that wait in the real broker, and returns their arguments."""
    client = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    client.delete("default")

    def taken():
        found = [json.loads(raw) for raw in client.lrange("default", 0, -1)]
        client.delete("default")
        clearing = [task for task in found if task["headers"]["task"] == "logging_rules.tasks.clear_removed"]
        return [json.loads(base64.b64decode(task["body"]))[1] for task in clearing]

    yield taken
    client.delete("default")
    client.close()


def cleared(inbox):
    return Removal.objects.get(inbox=inbox).cleared


@pytest.mark.django_db
def test_a_tick_starts_no_second_chain_while_one_goes_on(inbox, queue):
    clear_removed(inbox_id=inbox.pk)
    assert queue() == [{"inbox_id": inbox.pk}]
    clear_all_removed()
    clear_all_removed()
    assert queue() == []


@pytest.mark.django_db
def test_a_lost_chain_is_picked_up_once(inbox, queue):
    assert clear_some(inbox_id=inbox.pk, now=timezone.now() - removing.LOST_AFTER)
    clear_all_removed()
    clear_all_removed()
    assert queue() == [{"inbox_id": inbox.pk}]
    Removal.objects.filter(inbox=inbox).update(touched_at=timezone.now() - timedelta(days=1))
    finish_removal(inbox_id=inbox.pk, now=timezone.now() - timedelta(days=1))
    clear_all_removed()
    assert (queue(), cleared(inbox)) == ([], MAILS)


@pytest.mark.django_db(transaction=True)
def test_of_two_chains_that_meet_one_ends(inbox, queue):
    other = connections["default"].copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM inboxes_removal FOR UPDATE")
            with connection.cursor() as mine:
                mine.execute("SET lock_timeout = '2s'")
            clear_removed(inbox_id=inbox.pk)
            assert (queue(), cleared(inbox)) == ([], 0)
            cursor.execute("ROLLBACK")
    finally:
        other.close()
    clear_removed(inbox_id=inbox.pk)
    assert queue() == [{"inbox_id": inbox.pk}]


@pytest.mark.django_db
def test_a_slice_asks_as_much_of_a_big_inbox_as_of_a_small_one(inbox):
    asked = []
    while True:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            goes_on = clear_some(inbox_id=inbox.pk, now=timezone.now())
        asked.append([query["sql"] for query in queries])
        if not goes_on:
            break
    assert len(asked) == MAILS / 2 + 1
    assert len({len(queries) for queries in asked[:-2]}) == 1
    assert [sql for queries in asked for sql in queries if "UNION" in sql] == []
    assert (Message.objects.count(), Sighting.objects.count(), TimelineEntry.objects.count()) == (0, 0, 0)


@pytest.mark.django_db
def test_the_threads_of_a_team_go_in_slices_too(admin, bob, monkeypatch):
    inbox = team_inbox(bob, owner=admin)
    for number in range(MAILS):
        arrive(inbox, f"Question {number}", logged_for=make_contact(str(number), f"{number}@meridian.example"))
    monkeypatch.setattr(removing, "ROWS_AT_ONCE", 4)
    actions.delete_team_inbox(inbox=inbox, erase=False, by=admin)
    left = []
    while clear_some(inbox_id=inbox.pk, now=timezone.now()):
        left.append(TeamThread.objects.filter(inbox=inbox).count())
    assert left[-3:] == [MAILS, MAILS - 4, 0]
    assert (Message.objects.count(), cleared(inbox)) == (MAILS, MAILS)
