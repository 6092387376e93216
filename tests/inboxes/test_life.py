"""Which status follows which, what each trouble leads to, and who is told."""

from datetime import timedelta

import pytest

from audit.models import AuditEvent
from inboxes import life, notices
from inboxes.life import Event, NotPossibleNow, next_status
from inboxes.models import Credential, Inbox, InboxKind, InboxStatus, ProviderHealth
from inboxes.providers.base import (
    ClientMisconfigured,
    GrantRevoked,
    Misconfigured,
    PermissionMissing,
    ProjectPaused,
    RateLimited,
    ReconnectRequired,
    TemporarilyUnavailable,
)
from inboxes.signals import inbox_status_changed
from notifications.models import Notification
from tests.factories.inboxes import NOW, Clock, connected_inbox, sync
from tests.factories.users import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def inbox(alice):
    return connected_inbox(alice)


@pytest.fixture
def server():
    from inboxes.providers.memory import MemoryMailbox

    return MemoryMailbox(now=NOW)


def told():
    return list(Notification.objects.order_by("pk").values_list("recipient__email", "kind"))


def fail(inbox, server, clock, error):
    server.standing_fault = error
    sync(inbox, server, clock)
    server.standing_fault = None
    return Inbox.objects.get(pk=inbox.pk)


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("status", InboxStatus)
def test_every_event_leads_somewhere_or_is_refused(status, event):
    if status in life.TRANSITIONS[event]:
        assert next_status(status, event) in InboxStatus
    else:
        with pytest.raises(NotPossibleNow):
            next_status(status, event)


def test_nothing_but_a_proof_asks_a_person():
    leading = {event for event, table in life.TRANSITIONS.items() if InboxStatus.NEEDS_RECONNECT in table.values()}
    assert leading == {Event.PROVED}


@pytest.mark.parametrize(
    "error", [ReconnectRequired(), PermissionMissing("mailbox_not_connected"), Misconfigured("certificate_expired")]
)
def test_a_refusal_needs_two_proofs_ten_minutes_apart(inbox, server, clock, error, alice):
    first = fail(inbox, server, clock, error)
    assert (first.status, first.cause, first.next_due_at) == ("degraded", error.cause, NOW + timedelta(minutes=10))
    clock.pass_by(minutes=9)
    assert fail(inbox, server, clock, error).status == "degraded"
    clock.pass_by(minutes=1)
    last = fail(inbox, server, clock, error)

    assert (last.status, last.cause) == ("needs_reconnect", error.cause)
    assert told() == [(alice.email, "inbox_needs_reconnect")]
    assert AuditEvent.objects.get(action="inbox.needs_reconnect").details == {"cause": error.cause}
    server.calls.clear()
    sync(inbox, server, clock)
    assert server.calls["any"] == 0  # nobody tries the password again


@pytest.mark.parametrize("error", [GrantRevoked(), GrantRevoked("consent_withdrawn")])
def test_an_answer_that_settles_it_needs_no_second_proof(inbox, server, clock, error, alice):
    now = fail(inbox, server, clock, error)
    assert (now.status, now.cause) == ("needs_reconnect", error.cause)
    assert told() == [(alice.email, "inbox_needs_reconnect")]


@pytest.mark.parametrize("trouble", [ClientMisconfigured("client_secret_refused"), ProjectPaused(retry_after=900)])
def test_trouble_of_the_whole_installation_is_told_to_super_admins_alone(inbox, server, clock, trouble, alice, admin):
    Credential.objects.create(inbox=inbox, kind="google", secret="{}")
    for _ in range(20):
        now = fail(inbox, server, clock, trouble)
        assert (now.status, now.cause, now.no_calls_until) == ("degraded", trouble.cause, None)
        clock.now = now.next_due_at
    assert clock.now - NOW > timedelta(hours=1)
    assert told() == [(admin.email, "provider_refuses_us")]
    sync(inbox, server, clock)
    assert Inbox.objects.get().status == "active"
    assert told()[1:] == [(admin.email, "provider_works_again")]


def test_while_a_provider_refuses_us_only_one_inbox_asks_it_every_ten_minutes(inbox, server, clock, bob):
    other = connected_inbox(bob, "bob@ours.example")
    for each in (inbox, other):
        Credential.objects.create(inbox=each, kind="microsoft", secret="{}")
    elsewhere = connected_inbox(bob, "elsewhere@ours.example")
    Credential.objects.create(inbox=elsewhere, kind="password", secret="x")
    fail(inbox, server, clock, ClientMisconfigured())
    server.calls.clear()
    for _ in range(3):
        clock.pass_by(minutes=3)
        for each in (inbox, other):
            assert sync(each, server, clock).cause == "client_refused"
    assert server.calls["any"] == 0
    assert sync(elsewhere, server, clock).outcome == "done"
    clock.pass_by(minutes=3)
    server.calls.clear()
    assert sync(other, server, clock).outcome == "done"
    assert not ProviderHealth.objects.exists()
    assert sync(inbox, server, clock).outcome == "done"


def test_a_success_between_two_refusals_takes_the_first_one_back(inbox, server, clock):
    fail(inbox, server, clock, ReconnectRequired())
    clock.pass_by(minutes=10)
    sync(inbox, server, clock)
    clock.pass_by(minutes=10)
    assert fail(inbox, server, clock, ReconnectRequired()).status == "degraded"


def test_network_trouble_never_asks_anybody_to_reconnect(inbox, server, clock, alice):
    for _ in range(200):
        clock.now = fail(inbox, server, clock, TemporarilyUnavailable("timed_out")).next_due_at
    assert Inbox.objects.get().status == "degraded"
    assert clock.now - NOW > timedelta(hours=1)
    assert told() == [(alice.email, "inbox_unreachable")]


def test_trouble_is_told_after_an_hour_and_its_end_to_those_who_were_told(inbox, server, clock, alice):
    fail(inbox, server, clock, TemporarilyUnavailable())
    clock.pass_by(minutes=59)
    fail(inbox, server, clock, TemporarilyUnavailable())
    assert told() == []
    clock.pass_by(minutes=1)
    fail(inbox, server, clock, TemporarilyUnavailable())
    fail(inbox, server, clock, TemporarilyUnavailable())
    assert told() == [(alice.email, "inbox_unreachable")]
    clock.pass_by(minutes=5)
    sync(inbox, server, clock)
    assert Inbox.objects.get().status == "active"
    clock.pass_by(minutes=59)
    sync(inbox, server, clock)
    assert len(told()) == 1
    clock.pass_by(minutes=1)
    sync(inbox, server, clock)
    assert told()[1:] == [(alice.email, "inbox_recovered")]


def test_short_trouble_is_told_to_nobody(inbox, server, clock):
    fail(inbox, server, clock, TemporarilyUnavailable())
    clock.pass_by(minutes=5)
    sync(inbox, server, clock)
    assert told() == []


def test_pauses_grow_to_a_quarter_of_an_hour_and_are_never_shorter_than_a_second(inbox):
    for failures in range(40):
        inbox.failures = failures
        pause = life.react(inbox, TemporarilyUnavailable(), now=NOW).retry_at - NOW
        assert timedelta(seconds=1) <= pause <= timedelta(minutes=15)


def test_the_provider_s_wish_for_a_pause_is_obeyed(inbox, server, clock):
    changed = fail(inbox, server, clock, RateLimited(retry_after=600))
    assert timedelta(seconds=600) <= changed.next_due_at - NOW <= timedelta(seconds=660)
    assert changed.cause == "rate_limited"


def test_a_team_inbox_tells_everybody_who_could_mend_it_once(alice, bob, admin, charlie, server, clock):
    holder = UserFactory(account_access=True)
    inbox = connected_inbox(alice, "team@ours.example", kind=InboxKind.TEAM, connected_by=bob)
    fail(inbox, server, clock, ReconnectRequired())
    clock.pass_by(minutes=10)
    fail(inbox, server, clock, ReconnectRequired())
    assert sorted(told()) == sorted((person.email, "team_inbox_needs_reconnect") for person in (admin, holder, bob))


def test_people_are_reminded_once_after_three_days(inbox, alice):
    Inbox.objects.update(status="needs_reconnect", cause="sign_in_refused", status_since=NOW)
    assert notices.remind_of_disconnections(now=NOW + timedelta(days=2, hours=23)) == 0
    assert notices.remind_of_disconnections(now=NOW + timedelta(days=3)) == 1
    assert notices.remind_of_disconnections(now=NOW + timedelta(days=4)) == 0
    assert told() == [(alice.email, "inbox_still_disconnected")]


@pytest.mark.django_db(transaction=True)
def test_others_hear_of_a_change_of_status_with_the_id_only(inbox, server, clock):
    heard = []
    note = lambda **news: heard.append({key: value for key, value in news.items() if key not in {"signal", "sender"}})  # noqa: E731
    inbox_status_changed.connect(note)
    try:
        fail(inbox, server, clock, TemporarilyUnavailable("timed_out"))
        fail(inbox, server, clock, TemporarilyUnavailable("timed_out"))
        sync(inbox, server, clock)
        sync(inbox, server, clock)
    finally:
        inbox_status_changed.disconnect(note)
    assert heard == [{"inbox_id": inbox.pk}] * 2


def test_notices_say_why_and_what_to_do(inbox, server, clock):
    from notifications.kinds import kind

    fail(inbox, server, clock, ReconnectRequired())
    clock.pass_by(minutes=10)
    fail(inbox, server, clock, ReconnectRequired())
    notification = Notification.objects.get()
    notice = kind(notification.kind).notice(notification.context)
    assert inbox.address in notice.title
    assert "%(" not in notice.title + notice.text
    assert "password" in notice.text.lower()
