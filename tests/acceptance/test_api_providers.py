"""Gmail and Microsoft 365 through their own libraries, against servers on loopback: what is logged, what it costs, and what all
that these providers do comes to."""

from datetime import timedelta
from functools import cache
from itertools import islice

import pytest
from django.conf import settings as configured
from redis import Redis

from contacts.models import TimelineEntry
from crm_project.bench import mailbox as generator
from inboxes.connections import look_into
from inboxes.models import (
    Credential,
    Folder,
    Inbox,
    InboxKind,
    InboxStatus,
    LedgerEntry,
    Message,
    ProviderHealth,
    ProviderKind,
)
from inboxes.pauses import PROBE_EVERY
from inboxes.providers.base import ProjectPaused, RateLimited
from inboxes.sync.engine import Outcome
from logging_rules.queries import contacts_by_address
from notifications.models import Notification
from tests.acceptance.api_mailboxes import Days, GmailMailbox, GraphMailbox, one_slice, sync_until_quiet
from tests.acceptance.expectations import assert_nothing_lost_or_doubled, expected
from tests.factories.inboxes import mail_bytes

pytestmark = pytest.mark.django_db(transaction=True)

FEW = list(islice(generator.generate(3_000), 300))
CONTACT = generator.CONTACTS[0]


@cache
def all_mails():
    """Made when they are needed, since every process reads this file."""
    return list(generator.generate(3_000))


@pytest.fixture(params=["gmail", "graph"])
def mailbox(request, settings):
    settings.GMAIL_UNITS_PER_MINUTE = settings.GMAIL_PROJECT_UNITS_PER_MINUTE = 10_000_000
    settings.GRAPH_REQUESTS_PER_MINUTE = 10_000_000
    forget_paces()
    if request.param == "gmail":
        return GmailMailbox(settings, request.getfixturevalue("google"))
    microsoft = request.getfixturevalue("microsoft")
    microsoft.faults.requests_in_ten_minutes = 10_000_000
    return GraphMailbox(settings, microsoft)


@pytest.fixture
def clock():
    return Days()


def forget_paces():
    server = Redis.from_url(configured.REDIS_URL)
    for key in server.scan_iter("pace:*"):
        server.delete(key)


def told(kind=""):
    found = Notification.objects.filter(kind__startswith=kind).order_by("pk")
    return list(found.values_list("recipient__email", "kind"))


def cost_of_a_poll(mailbox, inbox, clock):
    mailbox.forget_calls()
    assert one_slice(inbox, clock).outcome is Outcome.DONE
    if inbox.provider == ProviderKind.GMAIL:
        return mailbox.server.requests.units()
    return mailbox.calls()


def letter(number, sender=CONTACT):
    return mail_bytes(sender, generator.OWNER, message_id=f"<extra{number}@m>", subject=f"Extra {number}")


def test_of_3000_mails_exactly_the_expected_is_logged_and_a_quiet_poll_costs_next_to_nothing(
    workspace, alice, mailbox, clock
):
    mails = all_mails()
    mailbox.fill(mails)
    before = mailbox.contents()
    inbox = mailbox.connect(alice)

    sync_until_quiet(inbox, clock)

    assert_nothing_lost_or_doubled(inbox, mails)
    assert mailbox.bodies_read() == len(expected(mails, "known")) > 200
    assert mailbox.refused() == []
    assert mailbox.contents() == before
    for _ in range(2):  # the first poll settles what the first sync could not know
        clock.pass_by(minutes=2)
        one_slice(inbox, clock)
    clock.pass_by(minutes=2)
    folders = Folder.objects.filter(inbox=inbox).count()
    assert cost_of_a_poll(mailbox, inbox, clock) == (2 if inbox.provider == ProviderKind.GMAIL else folders)

    mailbox.forget_calls()
    mailbox.deliver(letter(1))
    mailbox.deliver(letter(2, "nobody@elsewhere.example"))
    clock.pass_by(minutes=2)
    sync_until_quiet(inbox, clock)
    assert Message.objects.filter(message_id="<extra1@m>").exists()
    assert (Message.objects.filter(message_id="<extra2@m>").exists(), mailbox.bodies_read()) == (False, 1)


@pytest.mark.parametrize("preset", ["manual", "replies"])
def test_narrower_presets_log_what_they_must(workspace, alice, mailbox, clock, preset):
    mails = all_mails()[:1_000]
    mailbox.fill(mails)
    inbox = mailbox.connect(alice, preset=preset)
    sync_until_quiet(inbox, clock)
    assert_nothing_lost_or_doubled(inbox, mails, preset)
    assert mailbox.bodies_read() == len(expected(mails, preset))


def test_a_lost_place_is_made_up_for_and_nothing_is_fetched_twice(workspace, alice, mailbox, clock):
    mailbox.fill(FEW)
    inbox = mailbox.connect(alice)
    sync_until_quiet(inbox, clock)
    mailbox.server.clock.advance(days=8)
    clock.pass_by(days=8)
    gap = [mailbox.deliver(letter(number)) for number in range(30)]
    mailbox.fill(all_mails()[300:310])
    mailbox.lose_place()
    mailbox.forget_calls()

    sync_until_quiet(inbox, clock)

    wanted = {message_id for message_id, _ in expected(FEW, "known")} | {f"<extra{n}@m>" for n in range(30)}
    assert wanted <= set(Message.objects.values_list("message_id", flat=True))
    assert Message.objects.count() == TimelineEntry.objects.count()
    assert mailbox.bodies_read() == Message.objects.count() - len(expected(FEW, "known"))
    assert LedgerEntry.objects.filter(remote_id__in=gap, state="logged").count() == 30
    assert (Inbox.objects.get().status, told()) == (InboxStatus.ACTIVE, [])


def test_storms_lose_nothing_double_nothing_and_ask_nobody(workspace, alice, mailbox, clock):
    mailbox.fill(FEW)
    inbox = mailbox.connect(alice)
    mailbox.storm(0.1)
    for _ in range(40):
        one_slice(inbox, clock)
        now = Inbox.objects.get()
        assert now.status in (InboxStatus.ACTIVE, InboxStatus.DEGRADED)
        clock.now = max(clock.now, now.next_due_at)
    mailbox.calm()
    sync_until_quiet(inbox, clock)
    while LedgerEntry.objects.filter(state="retrying").exists():
        clock.pass_by(hours=1)
        sync_until_quiet(inbox, clock)
    assert_nothing_lost_or_doubled(inbox, FEW)
    assert told("inbox_needs") == []


def test_during_a_pause_the_provider_hears_nothing_from_anybody(workspace, alice, mailbox, clock):
    mailbox.fill(FEW[:20])
    inbox = mailbox.connect(alice)
    sync_until_quiet(inbox, clock)
    mailbox.throttle(600)
    clock.pass_by(minutes=2)
    assert one_slice(inbox, clock).outcome is Outcome.FAILED
    paused = Inbox.objects.get()
    assert (paused.status, paused.cause) == (InboxStatus.DEGRADED, "rate_limited")
    assert paused.no_calls_until - clock.now >= timedelta(seconds=600)

    mailbox.forget_calls()
    for minutes in (1, 2, 4):
        clock.pass_by(minutes=minutes)
        Inbox.objects.update(next_due_at=clock.now)
        assert one_slice(inbox, clock).outcome is Outcome.FAILED
    with pytest.raises(RateLimited) as refused, look_into(Inbox.objects.get()):
        pass
    assert (mailbox.calls(), refused.value.cause) == (0, "rate_limited")
    mailbox.calm()
    clock.pass_by(minutes=10)
    sync_until_quiet(inbox, clock)
    assert Inbox.objects.get().status == InboxStatus.ACTIVE


def test_a_pause_that_an_owner_meets_holds_for_the_sync_too(workspace, alice, mailbox, clock):
    inbox = mailbox.connect(alice)
    sync_until_quiet(inbox, clock)
    mailbox.throttle(600)
    with pytest.raises(RateLimited), look_into(inbox) as provider:
        provider.remote_ids(provider.folders()[0], since=None)
    mailbox.forget_calls()
    clock.pass_by(minutes=3)
    assert (one_slice(inbox, clock).outcome, mailbox.calls()) == (Outcome.FAILED, 0)


def test_one_second_for_ever_is_waited_longer_each_time(workspace, alice, mailbox, clock):
    inbox = mailbox.connect(alice)
    mailbox.throttle(1)
    began = clock.now
    for _ in range(30):
        one_slice(inbox, clock)
        clock.now = max(clock.now, Inbox.objects.get().next_due_at)
    assert clock.now - began > timedelta(minutes=30)
    assert (Inbox.objects.get().status, told("inbox_needs")) == (InboxStatus.DEGRADED, [])


def test_a_withdrawn_consent_asks_the_owner_at_once_and_once(workspace, alice, mailbox, clock):
    mailbox.fill(FEW[:20])
    inbox = mailbox.connect(alice)
    sync_until_quiet(inbox, clock)
    logged = Message.objects.count()
    mailbox.withdraw_consent()
    clock.pass_by(minutes=2)

    for _ in range(3):
        one_slice(inbox, clock)
        clock.pass_by(minutes=30)

    now = Inbox.objects.get()
    assert now.status == InboxStatus.NEEDS_RECONNECT
    assert told() == [(alice.email, "inbox_needs_reconnect")]
    assert (Message.objects.count(), ProviderHealth.objects.count()) == (logged, 0)
    mailbox.forget_calls()
    one_slice(inbox, clock)
    assert mailbox.calls() == 0


def test_a_wrong_secret_is_told_to_admins_once_and_pauses_every_inbox_of_the_kind(
    workspace, alice, admin, mailbox, clock
):
    inbox = mailbox.connect(alice)
    other = type(mailbox)(mailbox.settings, mailbox.server, "team@ours.example")
    team = other.connect(alice)
    Inbox.objects.filter(pk=team.pk).update(kind=InboxKind.TEAM)
    for each in (inbox, team):
        sync_until_quiet(each, clock)
    secret = mailbox.set_secret("wrong")
    for each in (mailbox, other):
        each.let_token_run_out()
    clock.pass_by(minutes=3)

    mailbox.forget_calls()
    for _ in range(5):
        for each in (inbox, team):
            assert one_slice(each, clock).outcome is Outcome.FAILED
        clock.pass_by(minutes=1)
    assert mailbox.calls() == 1
    assert set(Inbox.objects.values_list("status", flat=True)) == {InboxStatus.DEGRADED}
    assert len(set(Inbox.objects.values_list("cause", flat=True))) == 1
    with pytest.raises(ProjectPaused), look_into(Inbox.objects.get(pk=inbox.pk)):
        pass
    assert told() == [(admin.email, "provider_refuses_us")]

    for probes in (2, 3):
        clock.pass_by(seconds=PROBE_EVERY.total_seconds())
        for each in (inbox, team):
            one_slice(each, clock)
        assert mailbox.calls() == probes

    mailbox.set_secret(secret)
    clock.pass_by(hours=2)
    for each in (inbox, team, inbox):
        one_slice(each, clock)
    assert list(Inbox.objects.values_list("status", "cause")) == [(InboxStatus.ACTIVE, "")] * 2
    assert told() == [(admin.email, "provider_refuses_us"), (admin.email, "provider_works_again")]
    assert not ProviderHealth.objects.exists()


def test_a_probe_does_not_take_a_token_from_before_for_an_answer(workspace, alice, admin, mailbox, clock):
    inbox = mailbox.connect(alice)
    sync_until_quiet(inbox, clock)
    kind = Credential.objects.get().kind
    begun = clock.now
    ProviderHealth.objects.create(kind=kind, cause="client_secret_refused", since=begun, until=begun)
    secret = mailbox.set_secret("wrong")
    clock.pass_by(minutes=3)
    assert one_slice(inbox, clock).outcome is Outcome.FAILED
    assert (ProviderHealth.objects.count(), told("provider_works")) == (1, [])
    mailbox.set_secret(secret)
    clock.pass_by(minutes=11)
    assert one_slice(inbox, clock).outcome is Outcome.DONE
    assert told() == [(admin.email, "provider_works_again")]


def test_a_mail_that_is_moved_away_and_back_stays_logged_once(workspace, alice, mailbox, clock):
    inbox = mailbox.connect(alice)
    remote_id = mailbox.deliver(letter(1))
    sync_until_quiet(inbox, clock)
    for _ in range(2):
        mailbox.move_away(remote_id)
        clock.pass_by(days=1, minutes=2)
        sync_until_quiet(inbox, clock)
        assert list(LedgerEntry.objects.values_list("state", flat=True)) == ["gone"]
        mailbox.move_back(remote_id)
        clock.pass_by(days=1, minutes=2)
        sync_until_quiet(inbox, clock)
        assert list(LedgerEntry.objects.values_list("state", flat=True)) == ["logged"]
    assert (Message.objects.count(), TimelineEntry.objects.count(), mailbox.bodies_read()) == (1, 1, 1)
    assert contacts_by_address([CONTACT])


def test_a_gap_of_10000_mails_is_rebuilt_completely_and_within_the_budget(workspace, alice, mailbox, clock):
    mailbox.fill(FEW)
    inbox = mailbox.connect(alice)
    sync_until_quiet(inbox, clock)
    mailbox.server.clock.advance(days=8)
    clock.pass_by(days=8)
    for number in range(10_000):
        mailbox.deliver(letter(number) if number % 100 == 0 else letter(number, "nobody@elsewhere.example"))
    mailbox.lose_place()
    mailbox.forget_calls()

    sync_until_quiet(inbox, clock)

    found = set(Message.objects.values_list("message_id", flat=True))
    assert {f"<extra{number}@m>" for number in range(0, 10_000, 100)} <= found
    assert len(found) == len(expected(FEW, "known")) + 100
    assert mailbox.bodies_read() == 100
    settled = sum(sum(folder.counts.values()) for folder in Folder.objects.all())
    assert (settled, LedgerEntry.objects.filter(state="retrying").count()) == (len(FEW) + 10_000, 0)
    if inbox.provider == ProviderKind.GMAIL:
        # 20 pages of ids, and headers and bodies of what names a contact: two minutes of the quota, not an hour.
        assert mailbox.server.requests.units() < 2 * 6_000
    else:
        assert mailbox.calls() < 900


def test_a_pace_is_kept_to_the_end_and_nothing_is_read_twice_for_it(workspace, alice, mailbox, clock):
    mailbox.settings.GMAIL_UNITS_PER_MINUTE, mailbox.settings.GRAPH_REQUESTS_PER_MINUTE = 6_000, 400
    mailbox.fill(FEW)
    inbox = mailbox.connect(alice)
    paced = 0
    for _ in range(60):
        outcome = one_slice(inbox, clock).outcome
        if outcome is Outcome.DONE:
            break
        paced += outcome is Outcome.PACED
        assert Inbox.objects.get().status == InboxStatus.ACTIVE
        clock.now = max(clock.now, Inbox.objects.get().next_due_at)
        forget_paces()
    # Graph counts requests one by one: it is waited for each within the slice.
    assert paced > 0 or inbox.provider == ProviderKind.GRAPH
    assert_nothing_lost_or_doubled(inbox, FEW)
    assert mailbox.bodies_read() == len(expected(FEW, "known"))
