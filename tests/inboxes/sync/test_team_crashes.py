"""A worker that syncs a team inbox is killed at many steps. The next one finds nothing lost, nothing doubled, and every number true."""

import pytest
from django.db.models.functions import Now

from contacts.models import TimelineEntry
from inboxes.models import Folder, Inbox, LedgerEntry, Message, Sighting, TeamMail
from tests.factories.contacts import make_contact
from tests.factories.inboxes import ALICE, SARAH, Clock, sync, sync_until_quiet, team_inbox
from tests.forgetting import forget_all_mail
from tests.inboxes.sync.crashing import build_mailbox
from tests.inboxes.sync.numbers import assert_threads_say_what_their_mails_say
from tests.inboxes.sync.test_crashes import DyingWorker

pytestmark = pytest.mark.django_db(transaction=True)

LOGGED = {"<1@m>", "<3@m>", "<5@m>", "<file@m>", "<answer@o>", "<spoiled@m>"}
KEPT = {"<0@m>", "<2@m>", "<4@m>", "<junk@m>", "<list@m>"}
STEP = 5


@pytest.fixture
def worker():
    worker = DyingWorker()
    yield worker
    worker.close()


def test_a_killed_worker_leaves_a_team_nothing_lost_and_nothing_twice(worker, alice, bob):
    make_contact("Sarah Okafor", SARAH)
    point, died = 1 - STEP, True
    while died:
        point += STEP
        forget_all_mail()
        team, clock = team_inbox(alice, bob, address=ALICE), Clock()

        died = worker.dies_at(point, "team", team)
        Inbox.objects.update(lease_expires_at=Now())
        mailbox = build_mailbox("team")
        for folder in mailbox.folders.values():
            for message in folder.messages.values():
                message.fault = ""
        clock.pass_by(minutes=1)
        sync_until_quiet(team, mailbox, clock)
        sync(team, mailbox, clock)
        check(mailbox)
    assert point > 30  # the points were really passed


def check(mailbox) -> None:
    assert sorted(Message.objects.values_list("message_id", flat=True)) == sorted(LOGGED | KEPT)
    assert sorted(TeamMail.objects.values_list("message__message_id", flat=True)) == sorted(LOGGED | KEPT)
    assert sorted(TimelineEntry.objects.values_list("message__message_id", flat=True)) == sorted(LOGGED)
    assert set(Sighting.objects.values_list("message__message_id", flat=True)) == LOGGED
    for stored in mailbox.folders.values():
        folder = Folder.objects.get(name=stored.name)
        rows = dict(folder.ledger.values_list("remote_id", "state"))
        assert rows.keys() == {stored.remote_id_of(message) for message in stored.messages.values()}
        assert sum(folder.counts.values()) == len(rows)
    assert set(LedgerEntry.objects.values_list("state", flat=True)) == {"logged", "kept"}
    assert_threads_say_what_their_mails_say()
