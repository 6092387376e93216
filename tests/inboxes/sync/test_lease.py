"""One worker at a time, and only as long as nobody changed the inbox."""

import contextlib
import threading
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from contacts.models import TimelineEntry
from inboxes import actions
from inboxes.models import Folder, Inbox, LedgerEntry, Message, Sighting
from inboxes.providers.memory import MemoryProvider
from inboxes.sync.engine import Outcome, run_slice
from inboxes.sync.lease import LeaseLost, take_lease
from inboxes.sync.slots import host_slot
from logging_rules.intake import InboxIntake
from tests.factories.inboxes import NOW, SARAH, connected_inbox, mail_bytes, sync, sync_until_quiet
from tests.fakes.threads import in_threads

pytestmark = pytest.mark.django_db(transaction=True)


def interrupted(server, at_call: str, interruption):
    """A provider during whose n-th call something happens behind the worker's back."""

    class Interrupted(MemoryProvider):
        def bodies(self, folder, remote_ids):
            if at_call == "bodies":
                interruption()
            return super().bodies(folder, remote_ids)

        def backfill_page(self, *args, **kwargs):
            if at_call == "backfill_page":
                interruption()
            return super().backfill_page(*args, **kwargs)

    return lambda _: Interrupted(server)


def test_a_second_worker_finds_no_lease(inbox):
    assert take_lease(inbox.pk, worker="one") is not None
    assert take_lease(inbox.pk, worker="two") is None


def test_of_workers_that_come_at_once_one_gets_the_lease(inbox):
    taken, together = [], threading.Barrier(6)

    def come():
        together.wait(60)
        taken.append(take_lease(inbox.pk, worker="one"))

    in_threads(*[come] * 6)
    [(found, lease)] = [one for one in taken if one]
    assert (found.lease_fence, lease.fence) == (1, 1)
    lease.guard()


def test_an_expired_lease_is_taken_over_and_the_first_worker_writes_nothing_more(inbox):
    _, first = take_lease(inbox.pk, worker="one")
    Inbox.objects.update(lease_expires_at=Now() - timedelta(seconds=1))
    _, second = take_lease(inbox.pk, worker="two")
    assert second.fence == first.fence + 1
    with pytest.raises(LeaseLost):
        first.guard()
    first.release(next_due_at=NOW)
    assert Inbox.objects.get().lease_owner == "two"
    second.guard()


def test_a_lease_that_ran_out_and_nobody_took_is_still_good(inbox):
    _, lease = take_lease(inbox.pk, worker="one")
    Inbox.objects.update(lease_expires_at=Now() - timedelta(seconds=1))
    lease.guard()


@pytest.mark.parametrize("at_call", ["backfill_page", "bodies"])
@pytest.mark.parametrize("act", ["pause", "disable", "reconnect"])
def test_nothing_is_written_after_a_person_stopped_the_inbox(inbox, server, clock, alice, at_call, act):
    server.deliver(mail_bytes(SARAH, message_id="<1@m>"))

    def interruption():
        if act == "reconnect":
            login = actions.ServerLogin("imap.example", 993, "tls", "alice")
            details = actions.ConnectionDetails(inbox.address, login, "secret")
            actions.reconnect(inbox=inbox, details=details, by=alice, now=clock.now)
        else:
            getattr(actions, act)(inbox=inbox, by=alice, now=clock.now)

    report = run_slice(
        inbox_id=inbox.pk, intake_for=InboxIntake, open_provider=interrupted(server, at_call, interruption), clock=clock
    )

    assert report.outcome == Outcome.LOST
    assert (Message.objects.count(), LedgerEntry.objects.count(), TimelineEntry.objects.count()) == (0, 0, 0)
    assert list(Folder.objects.values_list("backfill_cursor", flat=True).distinct()) == [""]


def test_an_inbox_that_is_not_syncing_is_left_alone(inbox, server, clock, alice):
    actions.pause(inbox=inbox, by=alice, now=clock.now)
    assert sync(inbox, server, clock).outcome == Outcome.BUSY
    assert server.calls["any"] == 0


def test_a_wish_for_a_sync_during_a_slice_is_not_forgotten(inbox, server, clock, alice):
    wish = lambda: actions.sync_now(inbox=inbox, by=alice, now=clock.now)  # noqa: E731
    run_slice(
        inbox_id=inbox.pk, intake_for=InboxIntake, open_provider=interrupted(server, "backfill_page", wish), clock=clock
    )
    assert Inbox.objects.get().next_due_at == clock.now


def test_two_workers_on_one_task_log_everything_once(inbox, server, clock):
    for number in range(30):
        server.deliver(mail_bytes(SARAH, message_id=f"<{number}@m>"))

    in_threads(*[lambda: sync_until_quiet_or_busy(inbox, server, clock)] * 2)
    sync_until_quiet(inbox, server, clock)

    assert Message.objects.count() == TimelineEntry.objects.count() == LedgerEntry.objects.count() == 30
    assert Folder.objects.get(name="INBOX").counts == {"known_contact_incoming": 30}


def test_two_inboxes_with_the_same_mail_at_once_store_it_once(inbox, server, clock, bob):
    bobs, bobs_server = connected_inbox(bob, "bob@ours.example"), type(server)(now=NOW)
    for number in range(60):
        parent = f"<{number - 1}@m>" if number % 5 else ""
        headers = {"In_Reply_To": parent} if parent else {}
        for mailbox in (server, bobs_server):
            mailbox.deliver(mail_bytes(SARAH, message_id=f"<{number}@m>", **headers))

    in_threads(lambda: sync(inbox, server, clock), lambda: sync(bobs, bobs_server, clock))

    assert Message.objects.count() == TimelineEntry.objects.count() == 60
    assert Sighting.objects.count() == 120
    assert len(set(Message.objects.values_list("thread", flat=True))) == 12


def test_a_mail_and_its_answer_stored_at_once_by_two_workers_join_one_thread(inbox, server, clock, bob):
    bobs, bobs_server = connected_inbox(bob, "bob@ours.example"), type(server)(now=NOW)
    server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
    bobs_server.deliver(mail_bytes(SARAH, "bob@ours.example", message_id="<2@m>", In_Reply_To="<1@m>"))
    both_wrote = threading.Barrier(2)

    class Meeting(InboxIntake):
        def record(self, stored):
            with contextlib.suppress(threading.BrokenBarrierError):
                both_wrote.wait(timeout=0.5)  # nobody may get here while the other has not committed
            super().record(stored)

    def work(inbox, server):
        run_slice(inbox_id=inbox.pk, intake_for=Meeting, open_provider=lambda _: server.open(), clock=clock)

    in_threads(lambda: work(inbox, server), lambda: work(bobs, bobs_server))

    assert Message.objects.count() == 2
    assert len(set(Message.objects.values_list("thread", flat=True))) == 1


def test_inboxes_in_trouble_share_one_slot_of_their_host(db):
    answers = []

    def ask():
        for in_trouble in (True, False, False):
            with host_slot("imap.example", slots=2, in_trouble=in_trouble) as admitted:
                answers.append(admitted)
        with host_slot("other.example", slots=2, in_trouble=True) as admitted:
            answers.append(admitted)

    with host_slot("imap.example", slots=2, in_trouble=True) as first:
        assert first
        in_threads(ask)
    assert answers == [False, True, True, True]


def test_a_slice_at_a_crowded_host_is_put_off_without_a_word_to_the_server(inbox, server, clock, settings):
    settings.MAIL_HOST_SLOTS = 1
    reports = []
    with host_slot("imap", slots=1, in_trouble=False):
        in_threads(lambda: reports.append(sync(inbox, server, clock)))
    assert (reports[0].outcome, server.calls["any"]) == (Outcome.BUSY, 0)
    assert clock.now < Inbox.objects.get().next_due_at <= clock.now + timedelta(seconds=15)
    assert Inbox.objects.get().lease_expires_at is None


def sync_until_quiet_or_busy(inbox, server, clock):
    while sync(inbox, server, clock).outcome == Outcome.MORE:
        pass
