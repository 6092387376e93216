"""What is reported after a real server was away, or Gmail had forgotten where we were: every mail of that time, and no other."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm_project.demo.google import answers
from inboxes.models import Episode, Inbox, ProviderKind
from inboxes.outages import latest_report
from inboxes.sync.engine import Outcome
from logging_rules.slices import sync_slice
from tests.acceptance.connecting import connected
from tests.factories.contacts import make_contact
from tests.factories.inboxes import ALICE, SARAH, STRANGER, Clock, connected_inbox, mail_bytes
from tests.inboxes.sync.test_gmail import Synced

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clock():
    return Clock(timezone.now())


def step(inbox, clock):
    report = sync_slice(inbox_id=inbox.pk, worker="test", clock=clock)
    return Inbox.objects.get(pk=inbox.pk), report


def test_five_mails_that_came_while_the_server_was_stopped_are_reported(alice, mailbox, dovecot, clock):
    make_contact("Sarah Okafor", SARAH)
    mailbox.deliver(mail_bytes(SARAH, message_id="<before@m>"))
    inbox = connected(alice, mailbox)
    while step(inbox, clock)[1].outcome is not Outcome.DONE:
        pass
    last_good = Inbox.objects.get().live_synced_at
    clock.pass_by(minutes=1)
    dovecot.stop()
    try:
        for _ in range(5):
            clock.now = step(inbox, clock)[0].next_due_at
        for number in range(5):
            mailbox.deliver(mail_bytes(SARAH if number < 3 else STRANGER, message_id=f"<{number}@m>"))
        clock.pass_by(hours=1)
    finally:
        dovecot.start()
    while step(inbox, clock)[1].outcome is not Outcome.DONE:
        pass

    report = latest_report(inbox)
    assert (report.since, report.until, report.cause) == (last_good, clock.now, "connection_refused")
    assert (report.recovered, report.not_available, report.waiting) == (5, 0, 0)
    assert Episode.objects.filter(ended_at=clock.now).count() == Episode.objects.count() == 1


def test_mail_of_an_outage_in_which_gmail_forgot_the_history_is_reported(alice, google, clock):
    make_contact("Sarah Okafor", SARAH)
    google.clock.stop(clock())
    inbox = connected_inbox(alice, provider=ProviderKind.GMAIL)
    synced = Synced(google, google.mailbox(ALICE), inbox, clock)

    def deliver(name, *, known=True):
        raw = mail_bytes(SARAH if known else STRANGER, subject=name, message_id=f"<{name}@m>", date=clock())
        return synced.mailbox.deliver(raw, received_at=clock())

    for number in range(30):
        deliver(f"before-{number}", known=number % 2 == 0)
    clock.pass_by(hours=1)
    synced.until_quiet()
    clock.pass_by(minutes=1)
    google.faults.always("history.list", answers.backend_error())
    assert synced.slice().outcome == Outcome.FAILED
    for number in range(40):
        clock.pass_by(hours=6)
        deliver(f"during-{number}", known=number % 4 == 0)
    synced.mailbox.expire_history()
    google.faults.clear()
    clock.pass_by(hours=1)
    synced.until_quiet()

    report = latest_report(inbox)
    assert (report.logged, report.skipped, report.waiting, report.not_available) == (10, 30, 0, 0)
    assert report.until - report.since > timedelta(days=10)
    assert report.caught_up_at is not None
