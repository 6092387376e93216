"""Episodes are the time in which an inbox was not active, and outages that in which nothing was read: no more and no less."""

import random
from collections import Counter
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from inboxes import actions, episodes, life
from inboxes.actions import ConnectionDetails, ServerLogin
from inboxes.life import Event
from inboxes.models import Episode, Inbox, InboxStatus, LedgerEntry, Outage, Security
from inboxes.outages import latest_report, outages_of
from inboxes.providers.base import GrantRevoked, TemporarilyUnavailable
from inboxes.providers.memory import MemoryMailbox
from notifications.kinds import kind
from notifications.models import Notification
from tests.factories.contacts import make_contact
from tests.factories.inboxes import (
    ALICE,
    NOW,
    SARAH,
    STRANGER,
    Clock,
    connected_inbox,
    mail_bytes,
    sync,
    sync_until_quiet,
)

pytestmark = pytest.mark.django_db

DETAILS = ConnectionDetails(address=ALICE, imap=ServerLogin("127.0.0.1", 143, Security.NONE, ALICE), password="x")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def server():
    return MemoryMailbox(now=NOW)


@pytest.fixture
def inbox(alice):
    make_contact("Sarah Okafor", SARAH)
    return connected_inbox(alice)


def stretches():
    return list(Episode.objects.order_by("pk").values_list("status", "cause", "began_at", "ended_at"))


def fail(inbox, server, clock, error=None):
    server.standing_fault = error or TemporarilyUnavailable("timed_out")
    sync(inbox, server, clock)
    server.standing_fault = None


def deliver(server, clock, count, *, sender=SARAH, name="mail"):
    server.now = clock.now
    for number in range(count):
        server.deliver(mail_bytes(sender, message_id=f"<{name}-{number}-{sender}>", date=clock.now))


@pytest.mark.parametrize("seed", range(5))
def test_episodes_never_overlap_and_cover_exactly_the_time_in_which_an_inbox_is_not_active(inbox, seed):
    dice, now, was = random.Random(seed), NOW, []
    for _ in range(60):
        inbox = Inbox.objects.get(pk=inbox.pk)
        possible = [event for event, table in life.TRANSITIONS.items() if inbox.status in table]
        event = dice.choice([event for event in possible if event != Event.REMOVED])
        life.move(inbox, event, cause=dice.choice(["", "timed_out", "sign_in_refused"]), now=now, also=[])
        was.append((now, inbox.status))
        now += timedelta(seconds=dice.randint(0, 7200))

    found = stretches()
    assert [end is None for *_, end in found].count(True) == (inbox.status != InboxStatus.ACTIVE)
    spent = dict.fromkeys(InboxStatus.values, timedelta())
    for (begin, status), (end, _) in zip(was, [*was[1:], (now, "")], strict=True):
        spent[status] += end - begin
    covered = dict.fromkeys(InboxStatus.values, timedelta())
    for status, _, begin, end in found:
        covered[status] += (end or now) - begin
    assert covered == spent | {"active": timedelta(), "connecting": timedelta()}
    times = [moment for _, _, begin, end in found for moment in (begin, end or now)]
    assert times == sorted(times)
    assert all(
        status != before for (status, *_), (before, _, _, end) in zip(found[1:], found, strict=False) if end is None
    )


def test_an_inbox_has_one_open_episode_at_most(inbox):
    Episode.objects.create(inbox=inbox, status="paused", began_at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Episode.objects.create(inbox=inbox, status="degraded", began_at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Episode.objects.create(inbox=inbox, status="active", began_at=NOW, ended_at=NOW)


def test_nothing_ends_before_it_began_when_clocks_disagree(inbox):
    life.move(inbox, Event.TROUBLED, cause="timed_out", now=NOW, also=[])
    life.move(inbox, Event.PROVED, cause="sign_in_refused", now=NOW - timedelta(seconds=3), also=[])
    assert stretches() == [
        ("degraded", "timed_out", NOW, NOW),
        ("needs_reconnect", "sign_in_refused", NOW, None),
    ]


def test_the_last_episode_ends_with_the_removal_of_its_inbox(inbox, alice):
    actions.disable(inbox=inbox, by=alice, now=NOW)
    actions.remove(inbox=inbox, erase=False, by=alice, now=NOW + timedelta(days=1))
    assert stretches() == [("disabled", "", NOW, NOW + timedelta(days=1))]


def test_an_inbox_that_is_well_is_not_asked_about_its_episodes(inbox, server, clock):
    sync_until_quiet(inbox, server, clock)
    clock.pass_by(minutes=1)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        sync(inbox, server, clock)
    touched = [query["sql"] for query in queries if "episode" in query["sql"] or "inboxes_outage" in query["sql"]]
    assert touched == []


def test_the_mail_of_an_outage_is_counted_once_it_is_handled(inbox, server, clock):
    deliver(server, clock, 4, name="before")
    sync_until_quiet(inbox, server, clock)
    last_good = Inbox.objects.get().live_synced_at
    clock.pass_by(minutes=1)
    fail(inbox, server, clock)
    clock.pass_by(hours=2)
    deliver(server, clock, 3)
    deliver(server, clock, 2, sender=STRANGER)
    clock.pass_by(hours=1)
    sync_until_quiet(inbox, server, clock)

    [report] = outages_of(inbox, latest=10)
    assert (report.since, report.until, report.caught_up_at) == (last_good, clock.now, clock.now)
    assert (report.logged, report.skipped, report.waiting, report.not_available) == (3, 2, 0, 0)
    assert (report.cause, report.is_reconnected, report.is_worth_telling) == ("timed_out", False, True)
    assert "5 e-mails recovered, 0 not available" in report.sentence
    clock.pass_by(minutes=5)
    deliver(server, clock, 2, name="after")
    sync_until_quiet(inbox, server, clock)
    assert outages_of(inbox, latest=10) == [report]
    assert Inbox.objects.get().in_outage is False


def test_an_outage_spans_every_status_until_a_person_ends_it(inbox, server, clock, alice):
    sync_until_quiet(inbox, server, clock)
    since = clock.now
    clock.pass_by(minutes=1)
    fail(inbox, server, clock)
    clock.pass_by(minutes=1)
    fail(inbox, server, clock, GrantRevoked())
    clock.pass_by(days=2)
    deliver(server, clock, 2)
    actions.reconnect(inbox=inbox, details=DETAILS, by=alice, now=clock.now)
    reconnected = clock.now
    clock.pass_by(minutes=1)
    sync_until_quiet(inbox, server, clock)

    assert stretches() == [
        ("degraded", "timed_out", since + timedelta(minutes=1), since + timedelta(minutes=2)),
        ("needs_reconnect", "access_revoked", since + timedelta(minutes=2), reconnected),
        ("degraded", "", reconnected, clock.now),
    ]
    [report] = outages_of(inbox, latest=10)
    assert (report.since, report.until, report.cause) == (since, clock.now, "access_revoked")
    assert (report.is_reconnected, report.recovered) == (True, 2)


def test_the_news_that_it_works_again_says_what_was_recovered(inbox, server, clock, alice):
    sync_until_quiet(inbox, server, clock)
    clock.pass_by(minutes=1)
    fail(inbox, server, clock, GrantRevoked())
    clock.pass_by(days=2)
    deliver(server, clock, 2)
    deliver(server, clock, 3, sender=STRANGER)
    actions.reconnect(inbox=inbox, details=DETAILS, by=alice, now=clock.now)
    sync_until_quiet(inbox, server, clock)
    told = Notification.objects.get(kind="inbox_recovered")
    assert "E-mails of that time recovered: 5; not available: none." in kind(told.kind).notice(told.context).text


def test_a_disabled_inbox_has_an_outage_only_once_it_is_to_be_read_again(inbox, server, clock, alice):
    sync_until_quiet(inbox, server, clock)
    since = clock.now
    actions.disable(inbox=inbox, by=alice, now=clock.now)
    assert not Outage.objects.exists()
    clock.pass_by(days=1)
    deliver(server, clock, 1)
    actions.reconnect(inbox=inbox, details=DETAILS, by=alice, now=clock.now)
    sync_until_quiet(inbox, server, clock)
    report = latest_report(inbox)
    assert (report.since, report.until, report.recovered) == (since, clock.now, 1)


def test_a_mailbox_that_was_never_read_has_no_outage(inbox, server, clock):
    fail(inbox, server, clock)
    deliver(server, clock, 1)
    sync_until_quiet(inbox, server, clock)
    assert not Outage.objects.exists()
    assert [status for status, *_ in stretches()] == ["degraded"]


def test_a_failure_before_all_is_caught_up_is_the_same_outage(inbox, server, clock):
    sync_until_quiet(inbox, server, clock)
    clock.pass_by(minutes=1)
    fail(inbox, server, clock)
    deliver(server, clock, 3)
    for number in range(5):  # each slice is over at once, and the next one fails
        clock.pass_by(minutes=10)
        sync(inbox, server, clock, budget=timedelta())
        clock.pass_by(minutes=10)
        fail(inbox, server, clock)
        deliver(server, clock, 1, name=f"later {number}")
    clock.pass_by(minutes=10)
    sync_until_quiet(inbox, server, clock)
    [report] = outages_of(inbox, latest=10)
    assert (report.until, report.recovered) == (clock.now, 8)


def test_flapping_makes_an_outage_each_time_and_counts_every_mail_once(inbox, server, clock):
    sync_until_quiet(inbox, server, clock)
    for number in range(10):
        clock.pass_by(minutes=10)
        fail(inbox, server, clock)
        deliver(server, clock, 2, name=f"round {number}")
        clock.pass_by(minutes=10)
        sync_until_quiet(inbox, server, clock)
    reports = outages_of(inbox, latest=50)
    assert [report.recovered for report in reports] == [2] * 10
    assert not any(report.is_worth_telling for report in reports)
    assert Episode.objects.filter(ended_at=None).count() == 0
    assert Episode.objects.count() == 10


@pytest.mark.parametrize("provider", ["imap", "gmail"])
@pytest.mark.parametrize("seed", range(3))
def test_reports_add_up_to_what_came_during_outages_whatever_happens(alice, server, clock, provider, seed):
    make_contact("Sarah Okafor", SARAH)
    inbox = connected_inbox(alice, provider=provider)
    dice, came = random.Random(seed), Counter()

    def mail_comes(name, *, counted):
        for sender in (SARAH, STRANGER):
            count = dice.randint(0, 3)
            deliver(server, clock, count, sender=sender, name=name)
            came[sender] += count if counted else 0

    for turn in range(7):
        mail_comes(f"well {turn}", counted=False)
        clock.pass_by(minutes=dice.randint(6, 90))
        sync_until_quiet(inbox, server, clock)
        for attempt in range(dice.randint(0, 3)):
            clock.pass_by(minutes=dice.randint(6, 600))
            fail(inbox, server, clock)
            mail_comes(f"down {turn} {attempt}", counted=True)
            if dice.random() < 0.3:
                server.change_uidvalidity() if provider == "imap" else server.forget_history()
            if dice.random() < 0.4:  # a slice that is over at once, before the next failure
                sync(inbox, server, clock, budget=timedelta())
        clock.pass_by(minutes=dice.randint(6, 90))
        sync_until_quiet(inbox, server, clock)

    reports = outages_of(inbox, latest=100)
    assert sum(report.logged for report in reports) == came[SARAH]
    assert sum(report.skipped for report in reports) == came[STRANGER]
    assert {(report.waiting, report.not_available) for report in reports} <= {(0, 0)}
    assert all(report.caught_up_at is not None for report in reports)
    times = [moment for report in reversed(reports) for moment in (report.since, report.until)]
    assert times == sorted(times)


def test_what_cannot_be_read_is_followed_to_its_end(inbox, server, clock):
    sync_until_quiet(inbox, server, clock)
    clock.pass_by(minutes=1)
    fail(inbox, server, clock)
    clock.pass_by(hours=1)
    deliver(server, clock, 3)
    messages = server.folders["INBOX"]
    keys = [messages.remote_id_of(message) for message in messages.messages.values()]
    server.spoil(keys[0], fault="missing")
    server.spoil(keys[1], fault="refused_by_server")
    sync_until_quiet(inbox, server, clock)
    report = latest_report(inbox)
    assert (report.caught_up_at, report.logged, report.waiting, report.not_available) == (clock.now, 1, 2, 0)

    server.delete(keys[0])
    for _ in range(8):
        clock.pass_by(hours=13)
        sync_until_quiet(inbox, server, clock)
    report = latest_report(inbox)
    assert (report.logged, report.waiting, report.set_aside, report.gone) == (1, 0, 1, 1)

    server.spoil(keys[1], fault="")
    actions.replay(inbox=inbox, by=inbox.owner, now=clock.now)
    sync_until_quiet(inbox, server, clock)
    report = latest_report(inbox)
    assert (report.logged, report.waiting, report.set_aside, report.gone) == (2, 0, 0, 1)
    assert LedgerEntry.objects.filter(outage__isnull=False).count() == 1


def test_a_lost_place_in_the_mailbox_does_not_hide_what_came_meanwhile(alice, server, clock):
    make_contact("Sarah Okafor", SARAH)
    inbox = connected_inbox(alice, provider="gmail")
    deliver(server, clock, 5, name="before")
    sync_until_quiet(inbox, server, clock)
    clock.pass_by(minutes=1)
    fail(inbox, server, clock)
    clock.pass_by(days=9)
    deliver(server, clock, 3)
    deliver(server, clock, 2, sender=STRANGER)
    server.forget_history()
    clock.pass_by(minutes=5)
    sync_until_quiet(inbox, server, clock)
    report = latest_report(inbox)
    assert (report.logged, report.skipped, report.not_available) == (3, 2, 0)


def test_a_renumbered_mailbox_counts_only_what_came_meanwhile(inbox, server, clock):
    deliver(server, clock, 5, name="before")
    deliver(server, clock, 5, sender=STRANGER, name="before")
    clock.pass_by(minutes=10)
    sync_until_quiet(inbox, server, clock)
    clock.pass_by(minutes=1)
    fail(inbox, server, clock)
    clock.pass_by(hours=4)
    deliver(server, clock, 2)
    server.change_uidvalidity()
    clock.pass_by(minutes=5)
    sync_until_quiet(inbox, server, clock)
    report = latest_report(inbox)
    assert (report.logged, report.skipped) == (2, 0)


def test_old_episodes_and_outages_are_forgotten_after_thirteen_months(inbox):
    old, young = NOW - timedelta(days=397), NOW - timedelta(days=395)
    for moment in (old, young):
        Episode.objects.create(inbox=inbox, status="paused", began_at=old, ended_at=moment)
        Outage.objects.create(inbox=inbox, since=old, until=moment, caught_up_at=moment)
    Episode.objects.create(inbox=inbox, status="disabled", began_at=old)
    episodes.forget_old(now=NOW)
    assert list(Episode.objects.order_by("pk").values_list("status", "ended_at")) == [
        ("paused", young),
        ("disabled", None),
    ]
    assert list(Outage.objects.values_list("until", flat=True)) == [young]
    Inbox.objects.update(removed_at=old)
    episodes.forget_old(now=NOW)
    assert not Episode.objects.exists()
