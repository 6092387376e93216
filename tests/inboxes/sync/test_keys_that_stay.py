"""Mailboxes whose messages keep their keys: listed again after our place is lost, named without headers, moved away and back, sifted."""

from datetime import timedelta

import pytest

from contacts.models import TimelineEntry
from inboxes.models import DailyCount, Folder, HandledPage, Inbox, InboxStatus, LedgerEntry, Message
from inboxes.providers.base import PaceReached, TemporarilyUnavailable
from inboxes.sync import listed
from inboxes.sync.engine import Outcome
from inboxes.sync.handled import SkippedKeys, unpack
from logging_rules.slices import sync_slice
from tests.acceptance.expectations import assert_days_sum_up
from tests.factories.contacts import make_contact
from tests.factories.inboxes import NOW, SARAH, STRANGER, connected_inbox, mail_bytes, sync, sync_until_quiet

pytestmark = pytest.mark.django_db

BOB = "bob@meridian.example"


@pytest.fixture
def inbox(alice):
    make_contact("Sarah Okafor", SARAH)
    return connected_inbox(alice, provider="gmail")


def in_folder():
    return Folder.objects.get(name="INBOX")


def skipped():
    return sum(len(list(unpack(bytes(page.digests)))) for page in HandledPage.objects.filter(folder=in_folder()))


def logged():
    return set(Message.objects.values_list("message_id", flat=True))


def test_a_lost_place_is_pinned_anew_and_the_gap_listed_again_without_a_second_fetch(inbox, server, clock):
    for number in range(6):
        server.deliver(mail_bytes(SARAH if number % 2 else STRANGER, message_id=f"<{number}@m>"))
    sync_until_quiet(inbox, server, clock)
    before = dict(in_folder().counts)
    clock.pass_by(days=5)
    server.now = clock.now
    server.deliver(mail_bytes(SARAH, message_id="<missed@m>", date=clock.now))
    server.deliver(mail_bytes(STRANGER, message_id="<stranger@m>", date=clock.now))
    server.forget_history()
    server.deliver(mail_bytes(SARAH, message_id="<after@m>", date=clock.now))
    server.body_bytes.clear()

    sync_until_quiet(inbox, server, clock)

    assert logged() == {"<1@m>", "<3@m>", "<5@m>", "<missed@m>", "<after@m>"}
    assert TimelineEntry.objects.count() == 5
    assert len(server.body_bytes) == 2
    assert in_folder().counts == {
        "known_contact_incoming": before["known_contact_incoming"] + 2,
        "no_known_contact": before["no_known_contact"] + 1,
    }
    assert skipped() == 4
    assert_days_sum_up(inbox)
    assert Inbox.objects.get().status == InboxStatus.ACTIVE


def test_only_what_came_since_the_last_good_sync_is_listed_again(inbox, server, clock):
    server.deliver(mail_bytes(SARAH, message_id="<old@m>"))
    sync_until_quiet(inbox, server, clock)
    last_good = in_folder().last_ok_at
    clock.pass_by(days=30)
    server.forget_history()
    since = []
    provider = server.open()
    backfill_page = provider.backfill_page

    def listing(folder, cursor, **options):
        since.append(options["since"])
        return backfill_page(folder, cursor, **options)

    provider.backfill_page = listing
    sync_slice(inbox_id=inbox.pk, worker="test", open_provider=lambda _: provider, clock=clock)

    assert since == [last_good - timedelta(days=1)]
    assert in_folder().relist_since is None


def test_a_gap_that_is_interrupted_by_another_loss_is_still_listed_from_its_beginning(inbox, server, clock):
    sync_until_quiet(inbox, server, clock)
    last_good = in_folder().last_ok_at
    clock.pass_by(days=9)
    server.now = clock.now - timedelta(days=8)
    server.page_messages = 1
    for number in range(3):
        server.deliver(mail_bytes(SARAH, message_id=f"<{number}@m>", date=server.now))
    server.forget_history()
    server.fail("backfill_page", TemporarilyUnavailable())
    sync(inbox, server, clock)
    assert in_folder().relist_since == last_good - timedelta(days=1)
    server.forget_history()
    clock.pass_by(minutes=1)

    sync_until_quiet(inbox, server, clock)

    assert logged() == {"<0@m>", "<1@m>", "<2@m>"}


def test_a_place_lost_while_the_past_is_read_has_all_of_it_read(inbox, server, clock):
    server.page_messages = 1
    for number in range(4):
        server.deliver(mail_bytes(SARAH if number % 2 else STRANGER, message_id=f"<{number}@m>"))
    sync(inbox, server, clock, budget=timedelta(microseconds=1))
    server.forget_history()
    server.body_bytes.clear()
    sync_until_quiet(inbox, server, clock)
    assert logged() == {"<1@m>", "<3@m>"}
    assert in_folder().counts == {"known_contact_incoming": 2, "no_known_contact": 2}
    assert skipped() == 2


def test_headers_are_asked_for_only_of_touched_messages_that_nobody_handled(inbox, server, clock):
    known = server.deliver(mail_bytes(SARAH, message_id="<known@m>"))
    passed = server.deliver(mail_bytes(STRANGER, message_id="<passed@m>"))
    sync_until_quiet(inbox, server, clock)
    folder = server.folders["INBOX"]
    new = server.deliver(mail_bytes(SARAH, message_id="<new@m>"))
    Folder.objects.filter(name="INBOX").update(live_cursor=f"{folder.uidvalidity}:{folder.next_uid}")
    for remote_id in (known, passed, new, new):
        server.touch(remote_id)
    server.calls.clear()
    server.body_bytes.clear()

    sync(inbox, server, clock)

    assert logged() == {"<known@m>", "<new@m>"}
    assert (server.calls["envelopes"], list(server.body_bytes)) == (1, [new])
    server.touch(known)
    server.touch(passed)
    server.calls.clear()
    sync(inbox, server, clock)
    assert server.calls["envelopes"] == 0
    assert in_folder().counts == {"known_contact_incoming": 2, "no_known_contact": 1}


def test_more_touched_messages_than_are_asked_for_at_once_wait_in_the_ledger(inbox, server, clock):
    sync_until_quiet(inbox, server, clock)
    keys = [server.deliver(mail_bytes(SARAH, message_id=f"<{number}@m>")) for number in range(60)]
    folder = server.folders["INBOX"]
    Folder.objects.filter(name="INBOX").update(live_cursor=f"{folder.uidvalidity}:{folder.next_uid}")
    for remote_id in keys:
        server.touch(remote_id)
    sync_until_quiet(inbox, server, clock)
    assert len(logged()) == 60
    assert set(LedgerEntry.objects.values_list("state", "attempts")) == {("logged", 0)}


def test_a_message_that_was_moved_away_and_back_is_logged_again_without_a_fetch(inbox, server, clock):
    remote_id = server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
    sync_until_quiet(inbox, server, clock)
    away = server.delete(remote_id)
    clock.pass_by(days=1)
    sync_until_quiet(inbox, server, clock)
    assert LedgerEntry.objects.get().state == "gone"
    server.folders["INBOX"].messages[away.uid] = away
    server.touch(remote_id)
    server.body_bytes.clear()
    server.calls.clear()

    sync(inbox, server, clock)

    assert LedgerEntry.objects.get().state == "logged"
    assert (Message.objects.count(), TimelineEntry.objects.count()) == (1, 1)
    assert (dict(server.body_bytes), server.calls["envelopes"]) == ({}, 0)


@pytest.mark.parametrize("sender", [SARAH, STRANGER])
def test_a_message_that_was_gone_before_it_was_decided_is_decided_when_it_is_back(inbox, server, clock, sender):
    remote_id = server.deliver(mail_bytes(sender, message_id="<1@m>"))
    server.spoil(remote_id)
    sync_until_quiet(inbox, server, clock)
    hidden = server.delete(remote_id)
    for _ in range(3):
        clock.pass_by(hours=3)
        sync(inbox, server, clock)
    assert LedgerEntry.objects.get().state == "gone"
    hidden.fault = ""
    server.folders["INBOX"].messages[hidden.uid] = hidden
    server.touch(remote_id)

    sync(inbox, server, clock)

    assert list(LedgerEntry.objects.values_list("state", flat=True)) == (["logged"] if sender == SARAH else [])
    assert skipped() == (0 if sender == SARAH else 1)


def test_what_the_provider_sifts_is_counted_and_not_looked_at(inbox, server, clock):
    server.sifts = True
    for number in range(6):
        server.deliver(mail_bytes(SARAH if number % 3 == 0 else STRANGER, message_id=f"<{number}@m>"))
    report = sync(inbox, server, clock)
    assert report.counts == {"known_contact_incoming": 2, "no_known_contact": 4}
    assert in_folder().counts == {"known_contact_incoming": 2, "no_known_contact": 4}
    assert skipped() == 4
    assert_days_sum_up(inbox)
    assert set(DailyCount.objects.values_list("day", flat=True)) == {NOW.date()}
    clock.pass_by(days=1)
    sync_until_quiet(inbox, server, clock)
    assert (in_folder().server_total, LedgerEntry.objects.filter(state="retrying").count()) == (6, 0)


def test_a_page_of_sifted_mail_alone_is_counted_with_the_oldest_day_so_far(inbox, server, clock):
    server.sifts, server.page_messages = True, 2
    old = NOW - timedelta(days=40)
    for sender, moment in ((STRANGER, old), (STRANGER, old), (SARAH, NOW - timedelta(days=3)), (STRANGER, NOW)):
        server.deliver(mail_bytes(sender, message_id=f"<{sender}{moment}@m>", date=moment), received_at=moment)
    sync_until_quiet(inbox, server, clock)
    days = {(str(row.day), row.code): row.messages for row in DailyCount.objects.filter(folder=in_folder())}
    assert days == {("2026-02-27", "known_contact_incoming"): 1, ("2026-02-27", "no_known_contact"): 3}


def test_a_reply_of_somebody_unforeseen_is_found_although_it_was_sifted_first(inbox, server, clock):
    """Bob's younger answer lies above the mail by which he joins the conversation: the past is read newest first."""
    server.sifts, server.page_messages = True, 1
    started, answered = NOW - timedelta(days=2), NOW - timedelta(days=1)
    server.deliver(mail_bytes(SARAH, message_id="<q@m>", date=started, Cc=BOB), received_at=started)
    reply = mail_bytes(BOB, message_id="<re@m>", date=answered, In_Reply_To="<q@m>")
    server.deliver(reply, received_at=answered)

    def slices():
        for _ in range(20):
            options = {"open_provider": lambda _: server.open(), "clock": clock}
            if sync_slice(inbox_id=inbox.pk, worker="test", **options).outcome == Outcome.DONE:
                return

    slices()
    assert logged() == {"<q@m>", "<re@m>"}
    assert in_folder().counts == {"known_contact_incoming": 1, "reply_to_logged": 1}


def test_a_pace_that_is_reached_ends_the_slice_and_is_no_trouble(inbox, server, clock):
    for number in range(4):
        server.deliver(mail_bytes(SARAH, message_id=f"<{number}@m>"))
    server.fail("backfill_page", PaceReached(retry_after=17))

    report = sync(inbox, server, clock)

    now = Inbox.objects.get()
    assert (report.outcome, report.wait) == (Outcome.PACED, timedelta(seconds=17))
    assert (now.status, now.cause, now.failures, now.next_due_at) == (
        "active", "pace_reached", 0, clock.now + timedelta(seconds=17),
    )  # fmt: skip
    clock.pass_by(seconds=17)
    sync_until_quiet(inbox, server, clock)
    assert (Inbox.objects.get().cause, len(logged())) == ("", 4)


def test_bodies_beyond_the_pace_wait_in_the_ledger_and_the_page_is_not_listed_again(inbox, server, clock):
    keys = [server.deliver(mail_bytes(SARAH, message_id=f"<{number}@m>")) for number in range(5)]
    server.fail("body", PaceReached(retry_after=30), at=3)

    sync(inbox, server, clock)

    assert Message.objects.count() == 2
    assert sorted(LedgerEntry.objects.values_list("state", "attempts", "cause")) == [
        ("logged", 0, ""), ("logged", 0, ""), *[("retrying", 0, "pace_reached")] * 3,
    ]  # fmt: skip
    server.calls.clear()
    sync_until_quiet(inbox, server, clock)
    assert (server.calls["backfill_page"], len(logged())) == (0, 5)
    assert sorted(server.body_bytes) == sorted(keys)
    assert len(set(server.body_bytes.values())) == 1
    assert in_folder().counts == {"known_contact_incoming": 5}


def test_which_messages_were_skipped_is_read_once_for_all_pages_of_a_slice(inbox, server, clock, monkeypatch):
    read = []
    monkeypatch.setattr(listed, "SkippedKeys", lambda folder: read.append(folder.name) or SkippedKeys(folder))
    server.page_messages = 2
    for number in range(10):
        server.deliver(mail_bytes(STRANGER, message_id=f"<{number}@m>"))
    sync(inbox, server, clock)
    assert sorted(read) == ["INBOX", "Sent"]
    assert skipped() == 10
