"""Decisions counted by the day of the mail: once each, however often a mailbox is read."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inboxes.models import DailyCount, Folder, FolderState
from inboxes.providers.base import TemporarilyUnavailable
from inboxes.sync.rereading import read_again
from tests.factories.contacts import make_contact
from tests.factories.inboxes import NOW, SARAH, STRANGER, mail_bytes, sync, sync_until_quiet

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


def counted() -> dict[tuple[date, str], int]:
    rows = DailyCount.objects.exclude(folder__state=FolderState.RETIRED).values_list("day", "code", "messages")
    return {(day, code): messages for day, code, messages in rows}


@pytest.fixture
def mails(server):
    """Two from a contact, three from a stranger, over three days."""
    for number, (sender, days) in enumerate([(SARAH, 0), (SARAH, 1), (STRANGER, 1), (STRANGER, 1), (STRANGER, 40)]):
        server.deliver(mail_bytes(sender, message_id=f"<{number}@m>", date=NOW - timedelta(days=days)))


EXPECTED = {
    (TODAY, "known_contact_incoming"): 1,
    (TODAY - timedelta(days=1), "known_contact_incoming"): 1,
    (TODAY - timedelta(days=1), "no_known_contact"): 2,
    (TODAY - timedelta(days=40), "no_known_contact"): 1,
}


def test_each_mail_is_counted_on_its_day_with_its_code(inbox, server, clock, mails):
    server.page_messages = 2
    sync_until_quiet(inbox, server, clock)
    sync_until_quiet(inbox, server, clock)

    assert counted() == EXPECTED
    assert Folder.objects.get(name="INBOX").counts == {"known_contact_incoming": 2, "no_known_contact": 3}


def test_a_mailbox_that_is_read_again_is_counted_once(inbox, server, clock, mails):
    sync_until_quiet(inbox, server, clock)

    read_again(inbox.pk, now=clock.now)
    assert counted() == {key: count for key, count in EXPECTED.items() if key[1] == "known_contact_incoming"}
    sync_until_quiet(inbox, server, clock)

    assert counted() == EXPECTED


def test_what_is_decided_otherwise_the_second_time_counts_as_decided_then(inbox, server, clock, mails):
    sync_until_quiet(inbox, server, clock)
    make_contact("Not a stranger", STRANGER)

    read_again(inbox.pk, now=clock.now)
    sync_until_quiet(inbox, server, clock)

    assert {code for _, code in counted()} == {"known_contact_incoming"}
    assert sum(counted().values()) == 5


def test_a_renumbered_folder_is_counted_once(inbox, server, clock, mails):
    sync_until_quiet(inbox, server, clock)
    server.change_uidvalidity()
    sync_until_quiet(inbox, server, clock)

    assert counted() == EXPECTED


def test_a_page_that_fails_and_comes_again_is_counted_once(inbox, server, clock, mails):
    server.fail("bodies", TemporarilyUnavailable())
    sync(inbox, server, clock)
    assert counted() == {}
    clock.pass_by(hours=1)
    sync_until_quiet(inbox, server, clock)

    assert counted() == EXPECTED


def test_a_page_costs_one_statement_however_many_days_it_spans(inbox, server, clock):
    for number in range(40):
        server.deliver(mail_bytes(STRANGER, message_id=f"<{number}@m>", date=NOW - timedelta(days=number)))

    with CaptureQueriesContext(connection) as queries:
        sync(inbox, server, clock)

    statements = [query for query in queries.captured_queries if "INSERT INTO inboxes_dailycount" in query["sql"]]
    assert (len(statements), DailyCount.objects.count()) == (1, 40)
