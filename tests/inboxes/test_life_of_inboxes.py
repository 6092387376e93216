"""The life of an inbox as a table, and random lives: none ends where nobody can go on, and nothing outlives a removal."""

import contextlib
from functools import partial
from itertools import product
from typing import ClassVar

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from inboxes import actions, life
from inboxes.actions import ConnectionDetails, ServerLogin
from inboxes.causes import CAUSES
from inboxes.life import Event, NotPossibleNow
from inboxes.models import (
    Credential,
    Episode,
    Inbox,
    InboxKind,
    InboxStatus,
    MailServer,
    PushSubscription,
    Security,
    SignIn,
)
from inboxes.providers.base import GrantRevoked, RateLimited, ReconnectRequired, TemporarilyUnavailable
from inboxes.sync.lease import take_lease
from logging_rules.actions import clear_some
from tests.factories.inboxes import NOW, Clock, connected_inbox
from tests.factories.users import UserFactory
from users import actions as users

pytestmark = pytest.mark.django_db

TABLE = """
                  started  succeeded  troubled  proved           paused  resumed  reconnected  disabled  enabled  removed
connecting        active   -          -         -                -       -        -            -         -        -
active            -        active     degraded  needs_reconnect  paused  -        degraded     disabled  -        -
degraded          -        active     degraded  needs_reconnect  paused  -        degraded     disabled  -        -
needs_reconnect   -        -          -         -                -       -        degraded     disabled  -        -
paused            -        -          -         -                -       active   degraded     disabled  -        -
disabled          -        -          -         -                -       -        degraded     -         active   removed
removed           -        -          -         -                -       -        -            -         -        -
"""
HEADS, *ROWS = [line.split() for line in TABLE.strip().splitlines()]
OUTCOMES = {(row[0], event): outcome for row in ROWS for event, outcome in zip(HEADS, row[1:], strict=True)}


def test_the_table_holds_every_status_and_every_event():
    assert set(OUTCOMES) == {(status, event) for status in (*InboxStatus.values, "removed") for event in Event}


@pytest.mark.parametrize(("before", "event"), OUTCOMES)
def test_every_event_in_every_status(alice, before, event):
    is_removed = before == "removed"
    status, removed_at = ("disabled", NOW) if is_removed else (before, None)
    inbox = connected_inbox(alice, status=status, removed_at=removed_at)
    outcome = OUTCOMES[before, event]

    with pytest.raises(NotPossibleNow) if outcome == "-" else contextlib.nullcontext(), transaction.atomic():
        life.move(inbox, Event(event), cause="", now=NOW, also=[])

    left = Inbox.with_removed.get(pk=inbox.pk)
    found = "removed" if left.removed_at else left.status
    assert found == (before if outcome == "-" else outcome)


TROUBLES = [TemporarilyUnavailable("timed_out"), RateLimited(retry_after=60), ReconnectRequired(), GrantRevoked()]
PERSONAL, TEAM = "yuki@minato.example", "support@minato.example"
DETAILS = {
    address: ConnectionDetails(
        address=address,
        imap=ServerLogin("mail.minato.example", 993, Security.TLS, address),
        password="secret",
        smtp=None,
    )
    for address in (PERSONAL, TEAM)
}
addresses = st.sampled_from([PERSONAL, TEAM])


def reconnect(*, inbox, by):
    actions.reconnect(inbox=inbox, details=DETAILS[inbox.address], by=by)


PEOPLES_ACTS = [
    actions.start,
    actions.pause,
    actions.resume,
    actions.disable,
    actions.enable,
    actions.discard,
    reconnect,
    partial(actions.remove, erase=False),
    partial(actions.remove, erase=True),
    partial(actions.delete_team_inbox, erase=True),
    partial(actions.convert_to_team, name="Support", members=[], since=None),
    actions.convert_to_personal,
]


WAYS = {
    InboxStatus.CONNECTING: (),
    InboxStatus.ACTIVE: (actions.start,),
    InboxStatus.DEGRADED: (actions.start,),
    InboxStatus.NEEDS_RECONNECT: (actions.start,),
    InboxStatus.PAUSED: (actions.start, actions.pause),
    InboxStatus.DISABLED: (actions.start, actions.disable),
}
TROUBLE_OF = {InboxStatus.DEGRADED: TemporarilyUnavailable("timed_out"), InboxStatus.NEEDS_RECONNECT: GrantRevoked()}


class Lives(RuleBasedStateMachine):
    """Two addresses, each connected at most once at a time: the owner's own, and a team's. Everybody tries everything."""

    led_on: ClassVar[set[tuple]] = set()

    def __init__(self):
        super().__init__()
        self.clock = Clock()
        self.example = transaction.atomic()
        self.example.__enter__()

    @initialize(personal=st.sampled_from(InboxStatus), team=st.sampled_from(InboxStatus))
    def begin(self, personal, team):
        """Anywhere, but by the ways that lead there."""
        self.owner = UserFactory(email="yuki@genkan.example", account_access=True)
        self.admin = UserFactory(email="ada@genkan.example", super_admin=True)
        for address, status in ((PERSONAL, personal), (TEAM, team)):
            self.connect(address)
            for act in WAYS[status]:
                self.do(act, address, by=self.owner)
            if trouble := TROUBLE_OF.get(status):
                life.note_failure(self.leased(address)[1], trouble, now=self.clock())
            assert self.inbox(address).status == status

    def teardown(self):
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    def attempt(self, act, **options):
        """What cannot be is refused in words, and changes nothing."""
        with contextlib.suppress(ValidationError, PermissionDenied, NotPossibleNow), transaction.atomic():
            return act(**options)

    def inbox(self, address):
        return Inbox.objects.select_related("owner").filter(address=address).first()

    def do(self, act, address, **options):
        if inbox := self.inbox(address):
            self.attempt(act, inbox=inbox, **options)

    @rule(address=addresses)
    def connect(self, address):
        inbox = self.attempt(actions.connect_imap_inbox, details=DETAILS[address], history_since=None, by=self.owner)
        if inbox and address == TEAM:
            Inbox.objects.filter(pk=inbox.pk).update(kind=InboxKind.TEAM, name="Support")

    @rule(address=addresses, act=st.sampled_from(PEOPLES_ACTS))
    def act(self, address, act):
        self.do(act, address, by=self.owner)

    @rule(address=addresses, act=st.sampled_from(PEOPLES_ACTS))
    def act_as_a_super_admin(self, address, act):
        self.do(act, address, by=self.admin)

    @rule(address=addresses, trouble=st.sampled_from([None, *TROUBLES]), minutes=st.integers(1, 90))
    def sync(self, address, trouble, minutes):
        self.clock.pass_by(minutes=minutes)
        if taken := self.leased(address):
            if trouble is None:
                life.note_success(taken[1], now=self.clock())
            else:
                life.note_failure(taken[1], trouble, now=self.clock())
            taken[1].release()

    @rule(address=addresses)
    def begin_to_sync_and_die(self, address):
        self.leased(address)

    def leased(self, address):
        inbox = self.inbox(address)
        return take_lease(inbox.pk, worker="one") if inbox else None

    @rule(stays=st.booleans())
    def leave(self, stays):
        users.deactivate_person(person=self.owner, by=self.admin)
        actions.disconnect_who_left(person=self.owner, by=self.admin, now=self.clock())
        self.check_who_left()
        if stays:
            users.reactivate_person(person=self.owner, by=self.admin)

    @rule()
    def come_back(self):
        users.reactivate_person(person=self.owner, by=self.admin)

    @rule()
    def clear(self):
        for inbox in Inbox.with_removed.filter(removed_at__isnull=False):
            clear_some(inbox_id=inbox.pk, now=self.clock())

    @invariant()
    def every_inbox_has_an_owner_a_status_and_words_for_its_cause(self):
        for inbox in Inbox.with_removed.select_related("owner"):
            assert inbox.owner_id
            assert inbox.status in InboxStatus.values
            if inbox.status in (InboxStatus.DEGRADED, InboxStatus.NEEDS_RECONNECT):
                assert inbox.cause
            assert inbox.cause in {"", "being_deleted", *CAUSES}

    @invariant()
    def somebody_can_lead_every_inbox_on(self):
        """By what the product offers them, to active or to an end: whoever is there to do it. Each situation is looked at once."""
        self.owner.refresh_from_db()
        who = self.owner if self.owner.is_active else self.admin
        for inbox in Inbox.objects.select_related("owner"):
            situation = (inbox.kind, inbox.status, who.is_super_admin, Credential.objects.filter(inbox=inbox).exists())
            if situation in self.led_on:
                continue
            with transaction.atomic():
                self.lead_on(inbox, who)
                left = Inbox.with_removed.filter(pk=inbox.pk).first()
                assert left is None or left.removed_at or left.status == "active", situation
                transaction.set_rollback(True)
            self.led_on.add(situation)

    def lead_on(self, inbox, who):
        """One step is enough, or two where the first is to disable."""
        for act in (actions.start, actions.resume, actions.enable, actions.discard, actions.disable, actions.remove):
            options = {"erase": False} if act is actions.remove else {}
            self.attempt(act, inbox=inbox, by=who, **options)
            left = Inbox.with_removed.filter(pk=inbox.pk).first()
            if left is None or left.removed_at or left.status == "active":
                return

    @invariant()
    def nothing_that_opens_or_writes_outlives_a_removal(self):
        removed = Inbox.with_removed.filter(removed_at__isnull=False)
        for model in (Credential, MailServer, PushSubscription, SignIn):
            assert not model.objects.filter(inbox__in=removed).exists()
        assert not removed.exclude(lease_owner="", lease_expires_at=None).exists()
        assert not any(take_lease(inbox.pk, worker="late") for inbox in removed)

    def check_who_left(self):
        assert not Inbox.objects.syncing().filter(kind=InboxKind.PERSONAL).exists()
        assert not Credential.objects.filter(inbox__kind=InboxKind.PERSONAL).exists()

    @invariant()
    def an_episode_is_open_exactly_while_an_inbox_is_not_active(self):
        for inbox in Inbox.objects.exclude(status=InboxStatus.CONNECTING):
            is_open = Episode.objects.filter(inbox=inbox, ended_at=None).exists()
            assert is_open == (inbox.status != InboxStatus.ACTIVE)


def test_no_life_ends_where_nobody_can_go_on_and_nothing_outlives_a_removal():
    """The same lives in every run: what they meet is known, and so is how long it takes."""
    Lives.led_on.clear()
    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=25,
            stateful_step_count=16,
            derandomize=True,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert {(kind, status) for kind, status, *_ in Lives.led_on} == set(product(InboxKind.values, InboxStatus.values))
