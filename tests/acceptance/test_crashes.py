"""Workers that are killed at any step, a broker that forgets everything, tasks that come twice: afterwards nothing is lost and
nothing is there twice."""

import time

import pytest
from django.conf import settings
from django.db.models.functions import Now
from redis import Redis

from crm_project.bench import mailbox as generator
from inboxes.models import Folder, HandledPage, Inbox, LedgerEntry
from logging_rules.slices import sync_slice
from logging_rules.tasks import sync_due_inboxes, sync_inbox
from tests.acceptance.connecting import connected, fill
from tests.acceptance.expectations import assert_nothing_lost_or_doubled
from tests.fakes.bad_network import BadNetwork
from tests.fakes.workers import DoomedWorker, celery_worker, kill
from tests.forgetting import forget_all_mail

pytestmark = pytest.mark.django_db(transaction=True)

MAILS = list(generator.generate(600, seed=9))
LATER = MAILS[590:]


@pytest.fixture
def doomed(workspace):
    worker = DoomedWorker()
    yield worker
    worker.close()


def test_a_worker_killed_at_any_step_leaves_nothing_that_the_next_cannot_finish(alice, mailbox, dovecot, doomed):
    few = [mail for mail in MAILS if mail.contact][:12] + [mail for mail in MAILS if not mail.contact][:12]
    fill(mailbox, few)
    step, outcome = 0, "killed"
    while outcome == "killed":
        step += 1
        inbox = connected(alice, mailbox, port=dovecot.port)
        outcome = doomed.sync(inbox.pk, killed_at=step)
        let_its_lease_run_out()
        until_done(inbox)
        assert_nothing_lost_or_doubled(inbox, few)
        forget_everything()
    assert outcome == "done"
    assert step > 20


def test_a_killed_worker_and_a_forgetful_broker_cost_time_only(workspace, alice, mailbox, dovecot):
    """A real Celery worker is killed in the middle of the first sync, the broker is emptied, and every task comes several times."""
    fill(mailbox, MAILS[:590])
    with BadNetwork(dovecot.port).running() as network, Redis.from_url(settings.REDIS_URL) as broker:
        network.hold_after = 300_000  # half of what there is
        inbox = connected(alice, mailbox, port=network.port)
        with celery_worker() as worker:
            wait_until(lambda: HandledPage.objects.exists() or LedgerEntry.objects.exists())
            kill(worker)
        assert Inbox.objects.get().backfill_done_at is None
        broker.flushdb()
        let_its_lease_run_out()
        network.go_on()
        fill(mailbox, LATER)
        with celery_worker():
            for _ in range(3):
                sync_due_inboxes.delay()
                sync_inbox.apply_async(kwargs={"inbox_id": inbox.pk}, queue="live")
                sync_inbox.apply_async(kwargs={"inbox_id": inbox.pk}, queue="backfill")
            wait_until(lambda: is_done(inbox))
            Inbox.objects.update(next_due_at=Now())
            for _ in range(3):
                sync_inbox.apply_async(kwargs={"inbox_id": inbox.pk}, queue="live")
            wait_until(lambda: not broker.llen("live") and is_done(inbox))
        let_its_lease_run_out()  # the last of them may have been at it when its worker was killed
        until_done(inbox)
        assert_nothing_lost_or_doubled(inbox, MAILS)


def is_done(inbox):
    inbox.refresh_from_db()
    return inbox.backfill_done_at is not None and inbox.lease_expires_at is None


def let_its_lease_run_out():
    """Two minutes pass."""
    Inbox.objects.update(lease_expires_at=Now(), next_due_at=Now())


def until_done(inbox):
    for _ in range(20):
        if sync_slice(inbox_id=inbox.pk, worker="test").outcome == "done":
            return
    raise AssertionError("the sync does not come to an end")


def wait_until(condition, seconds=240):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def forget_everything():
    """As if nothing had ever been connected."""
    forget_all_mail()
    assert not Folder.objects.exists()
