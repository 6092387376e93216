"""From the tick to a slice: what is picked, what goes into the broker, and what a task does."""

import base64
import json
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connections
from django.utils import timezone

from inboxes.models import Credential, Inbox, InboxStatus, MailServer, Protocol, Security
from inboxes.signals import sync_wanted
from inboxes.sync.due import LOST_AFTER, pick_due
from inboxes.sync.lease import take_lease
from logging_rules.tasks import sync_due_inboxes, sync_inbox
from tests.factories.contacts import make_inbox
from users.models import User

pytestmark = pytest.mark.django_db


def due(owner: User, address: str, *, minutes: int = 1, past_read: bool = True, **fields: Any) -> Inbox:
    """An inbox that has been due for so many minutes."""
    inbox = make_inbox(owner, address)
    now = timezone.now()
    values = {
        "status": InboxStatus.ACTIVE,
        "next_due_at": now - timedelta(minutes=minutes),
        "backfill_done_at": now if past_read else None,
    }
    Inbox.objects.filter(pk=inbox.pk).update(**values | fields)
    inbox.refresh_from_db()
    return inbox


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    """The real broker of the tests, with the queues of mail sync empty."""
    client = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    client.delete("live", "backfill")
    yield client
    client.delete("live", "backfill")
    client.close()


def waiting(broker: redis.Redis, queue: str) -> list[dict[str, Any]]:
    """The arguments of the tasks in a queue, first in first."""
    messages = [json.loads(raw) for raw in reversed(broker.lrange(queue, 0, -1))]
    return [json.loads(base64.b64decode(message["body"]))[1] for message in messages]


# What is due


def test_inboxes_are_picked_longest_waiting_first_and_only_once(alice):
    second, first = due(alice, "b@genkan.example"), due(alice, "a@genkan.example", minutes=5)
    now = timezone.now()

    assert pick_due(now=now) == [first.pk, second.pk]
    assert pick_due(now=now) == []
    assert set(pick_due(now=now + timedelta(minutes=2))) == {first.pk, second.pk}


@pytest.mark.parametrize(
    "fields",
    [
        {"status": InboxStatus.PAUSED},
        {"status": InboxStatus.DISABLED},
        {"status": InboxStatus.NEEDS_RECONNECT},
        {"status": InboxStatus.CONNECTING},
        {"minutes": -5},
    ],
)
def test_inboxes_that_are_stopped_or_not_due_are_left_alone(alice, fields):
    due(alice, "a@genkan.example", **fields)

    assert pick_due(now=timezone.now()) == []


def test_an_inbox_in_trouble_is_still_tried(alice):
    inbox = due(alice, "a@genkan.example", status=InboxStatus.DEGRADED)

    assert pick_due(now=timezone.now()) == [inbox.pk]


def test_an_inbox_that_a_worker_holds_is_not_picked_until_its_lease_ends(alice):
    inbox = due(alice, "a@genkan.example")
    assert take_lease(inbox.pk, worker="somebody") is not None

    assert pick_due(now=timezone.now()) == []
    assert pick_due(now=timezone.now() + timedelta(minutes=3)) == [inbox.pk]


@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_share_the_work(alice):
    due(alice, "a@genkan.example", minutes=5)
    inbox = due(alice, "b@genkan.example")
    other = connections["default"].copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM inboxes_inbox WHERE address = 'a@genkan.example' FOR UPDATE")
            assert pick_due(now=timezone.now()) == [inbox.pk]
            cursor.execute("ROLLBACK")
    finally:
        other.close()


def test_picking_costs_the_same_for_one_inbox_and_many(alice, django_assert_num_queries):
    for count in (1, 20):
        for number in range(count):
            due(alice, f"{count}-{number}@genkan.example")
        with django_assert_num_queries(4):
            assert len(pick_due(now=timezone.now())) == count


# The tick


def test_the_tick_sends_ids_only_new_mail_apart_from_the_past(alice, broker):
    current, new = due(alice, "a@genkan.example", minutes=9), due(alice, "b@genkan.example", past_read=False)

    sync_due_inboxes()

    assert waiting(broker, "live") == [{"inbox_id": current.pk}]
    assert waiting(broker, "backfill") == [{"inbox_id": new.pk}]
    # By then both are picked again.
    expires = [json.loads(broker.lindex(queue, 0))["headers"]["expires"] for queue in ("live", "backfill")]
    assert all(datetime.fromisoformat(moment) <= timezone.now() + LOST_AFTER for moment in expires)


def test_a_quiet_tick_sends_nothing(alice, broker):
    sync_due_inboxes()

    assert (waiting(broker, "live"), waiting(broker, "backfill")) == ([], [])


def test_a_wish_to_sync_wakes_a_worker_at_once(alice, broker):
    inbox = due(alice, "a@genkan.example")

    sync_wanted.send(sender=Inbox, inbox_id=inbox.pk)

    assert waiting(broker, "live") == [{"inbox_id": inbox.pk}]


# The task


def test_a_server_that_is_down_ends_in_the_state_of_the_inbox(alice, broker):
    inbox = due(alice, "a@genkan.example")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    MailServer.objects.create(
        inbox=inbox, protocol=Protocol.IMAP, host="127.0.0.1", port=port, security=Security.NONE, username="a"
    )
    Credential.objects.create(inbox=inbox, secret="secret")

    sync_inbox(inbox_id=inbox.pk)

    inbox.refresh_from_db()
    assert (inbox.failures, inbox.lease_expires_at, inbox.next_due_at > timezone.now()) == (1, None, True)
    assert waiting(broker, "live") == []


def test_a_task_for_an_inbox_that_another_worker_holds_or_that_is_gone_does_nothing(alice, broker):
    inbox = due(alice, "a@genkan.example")
    assert take_lease(inbox.pk, worker="somebody") is not None

    sync_inbox(inbox_id=inbox.pk)
    sync_inbox(inbox_id=0)

    inbox.refresh_from_db()
    assert (inbox.lease_owner, inbox.failures) == ("somebody", 0)
