"""The life of a mailbox on a real server: renumbered, renamed, cut off, stopped, locked. Each has its named state, those who
must know are told once, and when it is over nothing is lost and nothing is there twice."""

from dataclasses import replace

import pytest
from django.utils import timezone

from crm_project.bench import mailbox as generator
from inboxes import actions
from inboxes.models import Folder, Inbox
from inboxes.sync.engine import Outcome
from logging_rules.slices import sync_slice
from notifications.models import Notification
from tests.acceptance.connecting import connected, details_of, fill
from tests.acceptance.expectations import assert_nothing_lost_or_doubled
from tests.acceptance.test_crashes import wait_until
from tests.factories.inboxes import Clock
from tests.fakes.bad_network import BadNetwork

pytestmark = pytest.mark.django_db(transaction=True)

MAILS = list(generator.generate(330, seed=4))
FIRST, LATER = MAILS[:300], MAILS[300:]


@pytest.fixture
def clock():
    return Clock(timezone.now())


@pytest.fixture
def inbox(workspace, alice, mailbox):
    """Synced to the end."""
    fill(mailbox, FIRST)
    return connected(alice, mailbox)


def step(inbox, clock):
    """One slice at the time it is due, as workers would do it; the inbox afterwards."""
    report = sync_slice(inbox_id=inbox.pk, worker="test", clock=clock)
    return Inbox.objects.get(pk=inbox.pk), report


def until_quiet(inbox, clock):
    for _ in range(40):
        inbox, report = step(inbox, clock)
        if report.outcome is Outcome.DONE:
            return inbox
        clock.now = max(clock.now, inbox.next_due_at)
    raise AssertionError("the sync does not come to an end")


def told():
    return list(Notification.objects.order_by("pk").values_list("recipient__email", "kind"))


def bodies(dovecot):
    return [command for command in dovecot.commands() if "BODY.PEEK[]" in command]


@pytest.mark.parametrize("change", [+10, -5])
def test_a_renumbered_mailbox_is_recognised_without_fetching_a_body_again(inbox, mailbox, clock, dovecot, change):
    until_quiet(inbox, clock)
    for folder in ("INBOX", "Sent", generator.CHOSEN_FOLDER):
        mailbox.set_uidvalidity(folder, change)
    dovecot.forget_commands()

    after = until_quiet(inbox, clock)

    assert (after.status, after.cause, told(), bodies(dovecot)) == ("active", "", [], [])
    assert_nothing_lost_or_doubled(inbox, FIRST)
    fill(mailbox, LATER)
    until_quiet(inbox, clock)
    assert_nothing_lost_or_doubled(inbox, MAILS)


def test_a_renamed_folder_keeps_its_mail_and_takes_new(inbox, mailbox, clock, dovecot):
    until_quiet(inbox, clock)
    mailbox.rename_folder(generator.CHOSEN_FOLDER, "Old customers")
    fill(mailbox, [replace(mail, folder="Old customers") for mail in LATER if mail.contact])
    dovecot.forget_commands()

    for _ in range(3):
        clock.pass_by(minutes=1)
        after = until_quiet(inbox, clock)

    assert (after.status, told(), len(bodies(dovecot))) == ("active", [], 1)
    assert Folder.objects.get(name=generator.CHOSEN_FOLDER).state == "retired"
    assert_nothing_lost_or_doubled(inbox, [*FIRST, *(mail for mail in LATER if mail.contact)])


def test_a_deleted_folder_leaves_what_was_logged_and_stops_nothing(inbox, mailbox, clock):
    until_quiet(inbox, clock)
    mailbox.delete_folder(generator.CHOSEN_FOLDER)
    fill(mailbox, [mail for mail in LATER if mail.folder != generator.CHOSEN_FOLDER])

    for _ in range(3):
        clock.pass_by(minutes=1)
        after = until_quiet(inbox, clock)

    assert (after.status, told()) == ("active", [])
    assert Folder.objects.get(name=generator.CHOSEN_FOLDER).state == "retired"
    assert_nothing_lost_or_doubled(inbox, [*FIRST, *(m for m in LATER if m.folder != generator.CHOSEN_FOLDER)])


def test_connections_that_are_cut_in_the_middle_of_answers_lose_nothing(workspace, alice, mailbox, dovecot, clock):
    fill(mailbox, FIRST)
    with BadNetwork(dovecot.port).running() as network:
        inbox = connected(alice, mailbox, port=network.port)
        statuses = set()
        for answer_bytes in (500, 3_000, 20_000, 60_000, 90_001, 120_007):
            network.answer_bytes = answer_bytes
            broken, _ = step(inbox, clock)
            statuses.add((broken.status, broken.cause))
            clock.now = max(clock.now, broken.next_due_at)
        assert network.cuts >= 6
        assert statuses <= {("degraded", "connection_lost"), ("degraded", "unreachable"), ("active", "")}
        assert len(statuses) > 1

        network.answer_bytes = None
        healed = until_quiet(inbox, clock)

        assert (healed.status, healed.cause, told()) == ("active", "", [])
        assert_nothing_lost_or_doubled(inbox, FIRST)


def test_a_server_that_stops_for_two_hours_is_caught_up_with(inbox, mailbox, clock, dovecot, alice):
    until_quiet(inbox, clock)
    dovecot.stop()
    try:
        stopped_at = clock.now
        while (clock.now - stopped_at).total_seconds() < 2 * 3600:
            troubled, report = step(inbox, clock)
            assert (report.outcome, troubled.status, troubled.cause) == (
                Outcome.FAILED,
                "degraded",
                "connection_refused",
            )
            assert troubled.retry_at > clock.now
            clock.pass_by(minutes=15)
        assert told() == [(alice.email, "inbox_unreachable")]
        fill(mailbox, LATER)
    finally:
        dovecot.start()

    healed = until_quiet(inbox, clock)

    assert (healed.status, healed.cause, healed.failures) == ("active", "", 0)
    assert told() == [(alice.email, "inbox_unreachable")]  # it might go away again
    clock.pass_by(hours=1)
    step(inbox, clock)
    assert told()[1:] == [(alice.email, "inbox_recovered")]
    assert_nothing_lost_or_doubled(inbox, MAILS)


def refusals(dovecot, mailbox) -> int:
    """Of this mailbox: other tests have theirs on the same server."""
    return sum("auth failed" in line and f"user=<{mailbox.user}>" in line for line in dovecot.log.splitlines())


def test_a_changed_password_asks_its_owner_once_and_goes_on_where_it_stood(inbox, mailbox, clock, dovecot, alice):
    until_quiet(inbox, clock)
    dovecot.set_password(mailbox.user, "another one")
    fill(mailbox, LATER)

    refused, _ = step(inbox, clock)
    assert (refused.status, refused.cause, told()) == ("degraded", "sign_in_refused", [])
    clock.now = refused.next_due_at
    locked, _ = step(inbox, clock)
    assert (locked.status, locked.cause) == ("needs_reconnect", "sign_in_refused")
    wait_until(lambda: refusals(dovecot, mailbox) == 2)  # another process of the server writes it down
    for _ in range(3):
        clock.pass_by(hours=1)
        step(inbox, clock)
    assert refusals(dovecot, mailbox) == 2  # nobody tries the old password again
    assert told() == [(alice.email, "inbox_needs_reconnect")]

    actions.reconnect(inbox=locked, details=details_of(mailbox), by=alice, now=clock.now)
    healed = until_quiet(inbox, clock)

    assert (healed.status, healed.cause) == ("active", "")
    assert told() == [(alice.email, "inbox_needs_reconnect"), (alice.email, "inbox_recovered")]
    assert_nothing_lost_or_doubled(inbox, MAILS)
