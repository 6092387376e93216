"""What goes wrong, and that nothing is lost, doubled or blocked by it."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from contacts.actions import delete_contact
from contacts.models import Contact, TimelineEntry
from inboxes import actions
from inboxes.models import Folder, FolderState, HandledPage, Inbox, InboxStatus, LedgerEntry, Message, Sighting
from inboxes.providers.base import RateLimited, ReconnectRequired, TemporarilyUnavailable
from inboxes.queries import completeness
from inboxes.sync import pages
from inboxes.sync.engine import Outcome, run_slice
from inboxes.sync.folders import LONGEST_NAME
from inboxes.sync.pages import CAREFUL_AFTER
from inboxes.sync.rereading import read_again
from inboxes.sync.slice import LOCAL_FAULTS_ALLOWED
from logging_rules.intake import InboxIntake
from notifications.models import Notification
from tests.factories.contacts import make_contact
from tests.factories.inboxes import NOW, SARAH, STRANGER, mail_bytes, sync, sync_until_quiet

pytestmark = pytest.mark.django_db


def rows():
    return list(LedgerEntry.objects.order_by("pk").values_list("state", "cause", "attempts"))


def test_an_unreadable_message_is_retried_up_the_ladder_and_then_quarantined(inbox, server, clock):
    spoiled = server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
    server.deliver(mail_bytes(SARAH, message_id="<2@m>"))
    server.spoil(spoiled)
    sync(inbox, server, clock)
    assert rows() == [("retrying", "refused_by_server", 1), ("logged", "", 0)] or rows() == [
        ("logged", "", 0), ("retrying", "refused_by_server", 1)
    ]  # fmt: skip

    waits = []
    while (entry := LedgerEntry.objects.get(remote_id=spoiled)).state == "retrying":
        waits.append(entry.retry_at - clock.now)
        clock.now = entry.retry_at
        sync(inbox, server, clock)

    assert waits == [timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720)]
    assert (entry.state, entry.attempts) == ("quarantined", 6)
    assert list(Notification.objects.values_list("kind", flat=True)) == ["messages_quarantined"]
    assert Message.objects.count() == 1


def test_a_message_is_not_tried_before_its_time(inbox, server, clock):
    server.spoil(server.deliver(mail_bytes(SARAH, message_id="<1@m>")))
    sync(inbox, server, clock)
    clock.pass_by(seconds=59)
    server.calls.clear()
    sync(inbox, server, clock)
    assert server.calls["envelopes"] == 0


def test_a_message_that_heals_is_logged_and_counted(inbox, server, clock):
    spoiled = server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
    server.spoil(spoiled)
    sync(inbox, server, clock)
    server.spoil(spoiled, fault="")
    clock.pass_by(minutes=1)
    sync(inbox, server, clock)
    assert rows() == [("logged", "", 0)]
    assert Folder.objects.get(name="INBOX").counts == {"known_contact_incoming": 1}


def test_a_message_that_heals_and_is_not_to_be_logged_leaves_the_ledger(inbox, server, clock):
    spoiled = server.deliver(mail_bytes(STRANGER, message_id="<1@m>"))
    server.spoil(spoiled)
    sync(inbox, server, clock)
    server.spoil(spoiled, fault="")
    clock.pass_by(minutes=1)
    sync(inbox, server, clock)
    assert (rows(), HandledPage.objects.filter(folder__name="INBOX").exclude(digests=b"").count()) == ([], 1)


def test_quarantined_messages_can_be_replayed_by_the_owner(inbox, server, clock, alice):
    spoiled = server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
    server.spoil(spoiled)
    sync(inbox, server, clock)
    LedgerEntry.objects.update(state="quarantined", retry_at=None)
    server.spoil(spoiled, fault="")

    assert actions.replay(inbox=inbox, by=alice, now=clock.now) == 1
    sync(inbox, server, clock)

    assert rows() == [("logged", "", 0)]


def test_a_message_that_vanishes_before_its_body_is_fetched_is_gone_after_three_tries(inbox, server, clock):
    sync(inbox, server, clock)
    server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
    provider = server.open()
    listed = provider.live_page

    def vanish_once_listed(folder, cursor):
        page = listed(folder, cursor)
        for envelope in page.envelopes:
            server.delete(envelope.remote_id)
        return page

    provider.live_page = vanish_once_listed
    run_slice(inbox_id=inbox.pk, intake_for=InboxIntake, open_provider=lambda _: provider, clock=clock)
    assert rows() == [("retrying", "message_gone", 1)]
    for _ in range(2):
        clock.pass_by(hours=1)
        sync(inbox, server, clock)
    assert rows() == [("gone", "message_gone", 3)]


@pytest.mark.parametrize(
    "call", ["folders", "anchor", "unchanged", "live_page", "backfill_page", "bodies", "remote_ids"]
)
@pytest.mark.parametrize("at", [1, 2])
def test_a_cut_connection_at_any_call_loses_and_doubles_nothing(inbox, server, clock, call, at):
    server.page_messages = 2
    for number in range(5):
        server.deliver(mail_bytes(SARAH if number % 2 else STRANGER, message_id=f"<{number}@m>"))
    server.fail(call, TemporarilyUnavailable("connection_lost"), at=at)

    reports = [sync(inbox, server, clock)]
    server.deliver(mail_bytes(SARAH, message_id="<new@m>"))
    reports += [sync(inbox, server, clock), sync(inbox, server, clock)]
    sync_until_quiet(inbox, server, clock)

    assert Outcome.FAILED in {report.outcome for report in reports} or at == 2
    assert Message.objects.count() == TimelineEntry.objects.count() == 3
    assert Folder.objects.get(name="INBOX").counts == {"known_contact_incoming": 3, "no_known_contact": 3}
    assert Inbox.objects.get().status == InboxStatus.ACTIVE


def test_bodies_that_came_before_the_cut_are_kept_and_not_fetched_again(inbox, server, clock):
    ids = [server.deliver(mail_bytes(SARAH, message_id=f"<{number}@m>")) for number in range(4)]
    server.fail("body", TemporarilyUnavailable("connection_lost"), at=3)

    sync(inbox, server, clock)
    assert Message.objects.count() == 2
    sync(inbox, server, clock)

    assert Message.objects.count() == 4
    assert sorted(server.body_bytes) == sorted(ids)
    assert len(set(server.body_bytes.values())) == 1  # each once


def test_a_message_that_always_cuts_the_connection_is_found_and_the_others_go_on(inbox, server, clock):
    for number in range(3):
        server.deliver(mail_bytes(SARAH, message_id=f"<{number}@m>"))
    poison = server.deliver(mail_bytes(SARAH, message_id="<poison@m>"))
    server.deliver(mail_bytes(SARAH, message_id="<behind@m>"))

    class Cutting(type(server.open())):
        def bodies(self, folder, remote_ids):
            for raw in super().bodies(folder, remote_ids):
                if raw.remote_id == poison:
                    raise TemporarilyUnavailable("connection_lost")
                yield raw

    for _ in range(8):
        run_slice(inbox_id=inbox.pk, intake_for=InboxIntake, open_provider=lambda _: Cutting(server), clock=clock)

    assert set(Message.objects.values_list("message_id", flat=True)) == {"<0@m>", "<1@m>", "<2@m>", "<behind@m>"}
    assert list(LedgerEntry.objects.exclude(state="logged").values_list("remote_id", "state")) == [(poison, "retrying")]


def test_one_mail_that_cannot_be_stored_does_not_stop_its_page(inbox, server, clock):
    class Refusing(InboxIntake):
        def record(self, stored):
            if any(mail.envelope.message_id == "<bad@m>" for mail in stored):
                raise ValueError("refused")
            super().record(stored)

    for message_id in ("<1@m>", "<bad@m>", "<2@m>"):
        server.deliver(mail_bytes(SARAH, message_id=message_id))
    report = run_slice(inbox_id=inbox.pk, intake_for=Refusing, open_provider=lambda _: server.open(), clock=clock)

    assert report.outcome == Outcome.DONE
    assert set(Message.objects.values_list("message_id", flat=True)) == {"<1@m>", "<2@m>"}
    assert rows().count(("retrying", pages.COULD_NOT_STORE, 1)) == 1
    assert Folder.objects.get(name="INBOX").counts == {"known_contact_incoming": 2}


def test_one_mail_that_cannot_be_decided_does_not_stop_its_page(inbox, server, clock):
    class Puzzled(InboxIntake):
        def decide(self, envelopes):
            if any(envelope.message_id == "<bad@m>" for envelope in envelopes):
                raise ValueError("puzzled")
            return super().decide(envelopes)

    for message_id in ("<1@m>", "<bad@m>", "<2@m>"):
        server.deliver(mail_bytes(SARAH, message_id=message_id))
    run_slice(inbox_id=inbox.pk, intake_for=Puzzled, open_provider=lambda _: server.open(), clock=clock)

    assert set(Message.objects.values_list("message_id", flat=True)) == {"<1@m>", "<2@m>"}
    assert rows().count(("retrying", pages.COULD_NOT_DECIDE, 1)) == 1


def test_many_failures_of_our_own_in_a_row_stop_the_slice_and_blame_no_message(
    inbox, server, clock, settings, tmp_path
):
    blocked = tmp_path / "file"
    blocked.touch()
    settings.MEDIA_ROOT = blocked  # no folder: nothing can be filed
    for number in range(LOCAL_FAULTS_ALLOWED):
        server.deliver(mail_bytes(SARAH, message_id=f"<{number}@m>"))

    report = sync(inbox, server, clock)

    assert (report.outcome, report.cause) == (Outcome.FAILED, "system_fault")
    assert rows() == []
    assert Inbox.objects.get().status == InboxStatus.DEGRADED


@pytest.mark.parametrize("change", [7, -7])
def test_a_renumbered_folder_is_matched_without_fetching_again(inbox, server, clock, change):
    server.page_messages = 2
    for number in range(5):
        server.deliver(mail_bytes(SARAH if number % 2 else STRANGER, message_id=f"<{number}@m>"))
    server.deliver(mail_bytes(SARAH, subject="No message id"))
    sync_until_quiet(inbox, server, clock)
    before = set(Message.objects.values_list("pk", flat=True))
    server.change_uidvalidity(by=change)
    server.deliver(mail_bytes(SARAH, message_id="<new@m>"))
    server.body_bytes.clear()

    sync_until_quiet(inbox, server, clock)

    assert set(Message.objects.values_list("pk", flat=True)) - before == {Message.objects.get(message_id="<new@m>").pk}
    assert len(server.body_bytes) == 1
    on_server = {server.folders["INBOX"].remote_id_of(message) for message in server.folders["INBOX"].messages.values()}
    logged = set(LedgerEntry.objects.filter(state="logged").values_list("remote_id", flat=True))
    assert (len(logged), logged - on_server) == (4, set())
    folder = Folder.objects.get(name="INBOX")
    assert (folder.state, folder.counts) == (FolderState.LIVE, {"known_contact_incoming": 4, "no_known_contact": 3})


def test_a_folder_that_is_renumbered_all_the_time_is_left_alone_until_tomorrow(inbox, server, clock):
    server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
    sync(inbox, server, clock)
    for _ in range(4):
        server.change_uidvalidity()
        report = sync(inbox, server, clock)
    assert (report.outcome, report.cause) == (Outcome.DONE, "cursor_resets")
    assert (Inbox.objects.get().status, Inbox.objects.get().cause) == (InboxStatus.DEGRADED, "cursor_resets")

    clock.pass_by(days=1)
    server.deliver(mail_bytes(SARAH, message_id="<2@m>"))
    sync_until_quiet(inbox, server, clock)

    assert Inbox.objects.get().status == InboxStatus.ACTIVE
    assert Message.objects.count() == 2


def test_the_daily_check_finds_a_message_nobody_handled(inbox, server, clock):
    server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
    sync(inbox, server, clock)
    folder = server.folders["INBOX"]
    lost = server.deliver(mail_bytes(SARAH, message_id="<lost@m>"))
    Folder.objects.filter(name="INBOX").update(live_cursor=f"{folder.uidvalidity}:{folder.next_uid}")
    sync(inbox, server, clock)
    assert Message.objects.count() == 1

    clock.pass_by(days=1)
    sync_until_quiet(inbox, server, clock)

    assert Message.objects.filter(message_id="<lost@m>").exists()
    assert LedgerEntry.objects.get(remote_id=lost).state == "logged"
    assert Folder.objects.get(name="INBOX").server_total == 2


def test_the_daily_check_forgets_what_the_server_no_longer_holds(inbox, server, clock):
    logged, skipped = (server.deliver(mail_bytes(who, message_id=f"<{who}>")) for who in (SARAH, STRANGER))
    sync(inbox, server, clock)
    server.delete(logged)
    server.delete(skipped)
    clock.pass_by(days=1)
    sync_until_quiet(inbox, server, clock)
    assert rows() == [("gone", "", 0)]
    assert b"".join(bytes(page.digests) for page in HandledPage.objects.all()) == b""
    assert Message.objects.count() == 1


def test_mail_that_the_server_hid_for_a_while_is_logged_again_without_a_fetch(inbox, server, clock):
    remote_id = server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
    sync(inbox, server, clock)
    hidden = server.delete(remote_id)
    clock.pass_by(days=1)
    sync_until_quiet(inbox, server, clock)
    server.folders["INBOX"].messages[hidden.uid] = hidden
    server.body_bytes.clear()
    clock.pass_by(days=1)
    sync_until_quiet(inbox, server, clock)
    assert rows() == [("logged", "", 0)]
    assert (Message.objects.count(), dict(server.body_bytes)) == (1, {})


def test_the_daily_check_runs_once_a_day(inbox, server, clock):
    sync(inbox, server, clock)
    server.calls.clear()
    clock.pass_by(hours=23)
    sync(inbox, server, clock)
    assert server.calls["remote_ids"] == 0
    clock.pass_by(hours=1)
    sync(inbox, server, clock)
    assert server.calls["remote_ids"] == 2


def test_a_deleted_folder_keeps_what_was_logged(inbox, server, clock):
    server.create_folder("Projects")
    server.deliver(mail_bytes(SARAH, message_id="<1@m>"), "Projects")
    sync(inbox, server, clock)
    server.delete_folder("Projects")
    for _ in range(3):
        assert sync(inbox, server, clock).outcome == Outcome.DONE
    assert (Message.objects.count(), TimelineEntry.objects.count()) == (1, 1)
    assert Inbox.objects.get().status == InboxStatus.ACTIVE
    assert clock.now == NOW


def test_a_message_that_heals_while_its_folder_is_matched_again_gets_its_key_back(inbox, server, clock):
    server.page_messages = 1
    for number in range(3):
        server.deliver(mail_bytes(SARAH, message_id=f"<{number}@m>"))
    sync_until_quiet(inbox, server, clock)
    server.change_uidvalidity()
    newest = server.folders["INBOX"].remote_id_of(server.folders["INBOX"].messages[3])
    server.spoil(newest)

    class OnePageOnly(type(server.open())):
        """The past is not read to its end within one slice."""

        def backfill_page(self, *args, **options):
            page = super().backfill_page(*args, **options)
            clock.pass_by(minutes=2)
            return page

    def slice_of_one_page():
        return run_slice(
            inbox_id=inbox.pk, intake_for=InboxIntake, open_provider=lambda _: OnePageOnly(server), clock=clock
        )

    slice_of_one_page()
    assert LedgerEntry.objects.get(remote_id=newest).state == "retrying"
    server.spoil(newest, fault="")
    clock.pass_by(minutes=2)
    slice_of_one_page()

    assert LedgerEntry.objects.get(remote_id=newest).state == "logged"
    sync_until_quiet(inbox, server, clock)
    assert sorted(LedgerEntry.objects.values_list("state", flat=True)) == ["logged"] * 3
    assert Message.objects.count() == TimelineEntry.objects.count() == 3


@pytest.mark.parametrize("error", [RateLimited("download_limit"), ReconnectRequired("sign_in_refused")])
def test_a_server_that_refuses_all_bodies_is_no_message_s_fault(inbox, server, clock, error):
    for number in range(3):
        server.deliver(mail_bytes(SARAH, message_id=f"<{number}@m>"))

    class Refusing(type(server.open())):
        def bodies(self, folder, remote_ids):
            raise error

    for _ in range(CAREFUL_AFTER + 2):
        run_slice(inbox_id=inbox.pk, intake_for=InboxIntake, open_provider=lambda _: Refusing(server), clock=clock)

    assert rows() == []


class ContactLeaving(InboxIntake):
    """Its first decision about mail of Sarah's is followed by somebody deleting her."""

    def decide(self, envelopes):
        verdicts = super().decide(envelopes)
        if any(verdict.log for verdict in verdicts):
            delete_contact(by=self.inbox.owner, contact=Contact.objects.get(addresses__email=SARAH))
        return verdicts


def sync_while_sarah_leaves(inbox, server, clock):
    return run_slice(inbox_id=inbox.pk, intake_for=ContactLeaving, open_provider=lambda _: server.open(), clock=clock)


def test_mail_of_a_contact_deleted_after_the_decision_is_decided_again_and_not_stored(inbox, server, clock):
    server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
    server.deliver(mail_bytes(STRANGER, message_id="<2@m>"))

    report = sync_while_sarah_leaves(inbox, server, clock)
    assert (report.outcome, Message.objects.count(), rows()) == (Outcome.MORE, 0, [])
    sync_until_quiet(inbox, server, clock)

    assert (Message.objects.count(), TimelineEntry.objects.count(), rows()) == (0, 0, [])
    assert Folder.objects.get(name="INBOX").counts == {"no_known_contact": 2}


def test_mail_with_a_contact_who_stays_stands_there_for_a_reason_that_holds(inbox, server, clock):
    make_contact("Omar Haddad", "omar@meridian.example")
    server.deliver(mail_bytes(SARAH, "omar@meridian.example", message_id="<1@m>"))

    sync_while_sarah_leaves(inbox, server, clock)
    sync_until_quiet(inbox, server, clock)

    assert [entry.contact.name for entry in TimelineEntry.objects.all()] == ["Omar Haddad"]
    assert Sighting.objects.get().matched_address == "omar@meridian.example"
    assert Inbox.objects.get().failures == 0


def test_a_message_that_waits_for_another_try_is_not_counted_as_skipped_as_well(inbox, server, clock):
    waiting = server.deliver(mail_bytes(STRANGER, message_id="<1@m>"))
    server.spoil(waiting)
    sync(inbox, server, clock)
    server.spoil(waiting, fault="")

    read_again(inbox.pk, now=clock.now)
    sync(inbox, server, clock)
    numbers = completeness(Inbox.objects.get())
    assert (numbers.retrying, numbers.skipped, numbers.scanned) == (1, 0, 1)
    clock.pass_by(minutes=1)
    sync_until_quiet(inbox, server, clock)

    numbers = completeness(Inbox.objects.get())
    assert (numbers.retrying, numbers.skipped, numbers.scanned) == (0, 1, 1)


def test_a_folder_with_an_endless_name_is_left_out_and_the_others_go_on(inbox, server, clock):
    server.create_folder("x" * LONGEST_NAME)
    endless = server.create_folder("x" * (LONGEST_NAME + 1))
    server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
    server.deliver(mail_bytes(SARAH, message_id="<2@m>"), folder=endless.name)

    with capture_logs() as lines:
        report = sync(inbox, server, clock)

    assert (report.outcome, report.cause) == (Outcome.DONE, "folder_name_too_long")
    assert list(Message.objects.values_list("message_id", flat=True)) == ["<1@m>"]
    assert sorted(map(len, Folder.objects.values_list("name", flat=True)))[-1] == LONGEST_NAME
    left_out = {"event": "folder_name_too_long", "inbox_id": inbox.pk, "folders": 1, "log_level": "warning"}
    assert [line for line in lines if line["log_level"] == "warning"] == [left_out]
