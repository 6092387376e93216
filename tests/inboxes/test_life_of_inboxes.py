"""The life of an inbox as a table, and random lives: none ends where nobody can go on, and nothing outlives a removal."""

import contextlib
from datetime import timedelta
from functools import partial
from itertools import product
from typing import ClassVar

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from audit.models import AuditEvent
from inboxes import actions, life
from inboxes.actions import ConnectionDetails, ServerLogin
from inboxes.causes import CAUSES
from inboxes.life import Event, NotPossibleNow
from inboxes.models import (
    Credential,
    CredentialKind,
    Episode,
    Inbox,
    InboxKind,
    InboxStatus,
    MailServer,
    ProviderKind,
    PushSubscription,
    Security,
    SignIn,
)
from inboxes.oauth.grants import Account, Grant
from inboxes.oauth.scopes import GMAIL_READ, GRAPH_READ
from inboxes.providers.base import (
    GrantRevoked,
    Misconfigured,
    RateLimited,
    ReconnectRequired,
    TemporarilyUnavailable,
)
from inboxes.sync.lease import take_lease
from logging_rules.actions import clear_some, leave
from logging_rules.leaving import Handover, leaving_of
from tests.factories.inboxes import NOW, Clock, connected_inbox
from tests.factories.users import UserFactory
from users import actions as users
from users.models import User

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
KINDS = {PERSONAL: InboxKind.PERSONAL, TEAM: InboxKind.TEAM}
PASSWORD = "secret"
DETAILS = {
    address: ConnectionDetails(
        address=address,
        imap=ServerLogin("mail.minato.example", 993, Security.TLS, address),
        password=PASSWORD,
        smtp=None,
    )
    for address in KINDS
}


def signed_in(provider: ProviderKind, address: str) -> dict[str, Account | Grant]:
    scopes = GMAIL_READ if provider == ProviderKind.GMAIL else GRAPH_READ
    grant = Grant("a", "r", expires_at=timezone.now() + timedelta(hours=1), scopes=tuple(scopes))
    return {"account": Account(f"{provider} {address}", address), "grant": grant}


def connect(address, provider, *, by):
    """A mailbox that is empty: its past is read at once."""
    options = {"history_since": None, "inbox_kind": KINDS[address], "by": by}
    if provider == ProviderKind.IMAP:
        inbox = actions.connect_imap_inbox(details=DETAILS[address], **options)
    else:
        inbox = actions.connect_api_inbox(kind=provider, **signed_in(provider, address), **options)
    Inbox.objects.filter(pk=inbox.pk).update(backfill_done_at=NOW)


def reconnect(*, inbox, by):
    if inbox.provider == ProviderKind.IMAP:
        actions.reconnect(inbox=inbox, details=DETAILS[inbox.address], by=by)
    else:
        actions.reconnect_api_inbox(inbox=inbox, **signed_in(inbox.provider, inbox.address), by=by)


def switch_to(provider, *, inbox, by):
    actions.switch_to_api(inbox=inbox, provider=provider, **signed_in(provider, inbox.address), by=by)


def switch_to_imap(*, inbox, by):
    actions.switch_to_imap(inbox=inbox, details=DETAILS[inbox.address], by=by)


def hand_over(*, inbox, by):
    """To the other one of those who may have it."""
    heir = User.objects.holders_of_account_access().exclude(pk=inbox.owner_id).order_by("pk").first() or by
    opens = Credential.objects.filter(inbox=inbox, kind=CredentialKind.PASSWORD).exists()
    signs_in = actions.hand_over(inbox=inbox, to=heir, by=by)
    inbox.refresh_from_db()
    assert inbox.owner == heir
    assert Credential.objects.filter(inbox=inbox).exists() == opens
    assert not (signs_in and inbox.is_syncing)


def take_off(*, inbox, by):
    actions.take_off(inboxes=[inbox], by=by)


def see_off(*, inbox, by):
    """Whoever it belongs to. What is the team's goes to the other one."""
    owned = leaving_of(inbox.owner, now=NOW).owned
    leave(person=inbox.owner, handover=Handover(owners={part.inbox.pk: by for part in owned}), by=by)


def let_in_again(*, inbox, by):
    for person in User.objects.filter(is_active=False):
        users.reactivate_person(person=person, by=by)


PEOPLES_ACTS = {
    "let in again": let_in_again,
    "convert to personal": partial(actions.convert_to_personal, password=PASSWORD),
    "convert to team": partial(actions.convert_to_team, name="Support", members=[], since=None),
    "start": actions.start,
    "enable": actions.enable,
    "switch to IMAP": switch_to_imap,
    "remove": partial(actions.remove, erase=False),
    "remove and erase": partial(actions.remove, erase=True),
    "resume": actions.resume,
    "see off": see_off,
    "switch to Gmail": partial(switch_to, ProviderKind.GMAIL),
    "switch to Microsoft 365": partial(switch_to, ProviderKind.GRAPH),
    "hand over": hand_over,
    "pause": actions.pause,
    "force disconnect": actions.force_disconnect,
    "reconnect": reconnect,
    "take off": take_off,
    "disable": actions.disable,
    "delete": partial(actions.delete_team_inbox, erase=True),
    "discard": actions.discard,
}
OPENING_ANEW = {"reconnect", "switch to Gmail", "switch to Microsoft 365", "switch to IMAP"}

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
    happened: ClassVar[set[str]] = set()

    def __init__(self):
        super().__init__()
        self.clock = Clock()
        self.seen, self.shut, self.refused = set(), set(), set()
        self.example = transaction.atomic()
        self.example.__enter__()

    @initialize(chance=st.randoms(use_true_random=True))
    def begin(self, chance):
        """Anywhere, but by the ways that lead there."""
        self.owner = UserFactory(email="yuki@genkan.example", account_access=True)
        self.admin = UserFactory(email="ada@genkan.example", super_admin=True)
        self.chance = chance
        for address in KINDS:
            status = chance.choice(InboxStatus.values)
            connect(address, chance.choice(ProviderKind.values), by=self.owner)
            for act in WAYS[status]:
                act(inbox=self.inbox(address), by=self.owner)
            if trouble := TROUBLE_OF.get(status):
                life.note_failure(self.leased(address)[1], trouble, now=self.clock())
            assert self.inbox(address).status == status

    def teardown(self):
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    def inbox(self, address):
        return Inbox.objects.select_related("owner").filter(address=address).first()

    def leased(self, address):
        inbox = self.inbox(address)
        return take_lease(inbox.pk, worker="one") if inbox else None

    def attempt(self, act, **options):
        """Whether it was allowed. What cannot be is refused in words, and changes nothing."""
        with contextlib.suppress(ValidationError, PermissionDenied, NotPossibleNow), transaction.atomic():
            act(**options)
            return True
        return False

    @rule(is_admin=st.booleans())
    def act(self, is_admin):
        """Connects what is not there; otherwise does what leads anywhere, rather something that this life has not seen yet."""
        address, by = self.chance.choice(list(KINDS)), self.admin if is_admin else self.owner
        by.refresh_from_db()
        inbox, written = self.inbox(address), AuditEvent.objects.count()
        if inbox is None:
            self.attempt(partial(connect, address, self.chance.choice(ProviderKind.values)), by=by)
            return
        in_any_order = self.chance.sample(list(PEOPLES_ACTS), len(PEOPLES_ACTS))
        for name in sorted(in_any_order, key=self.seen.__contains__):
            if self.attempt(PEOPLES_ACTS[name], inbox=inbox, by=by) and AuditEvent.objects.count() > written:
                self.note(name, inbox)
                return

    def note(self, name, inbox):
        self.seen.add(name)
        self.happened.add(name)
        if name in OPENING_ANEW:
            self.shut.discard(inbox.pk)
        elif name == "force disconnect":
            self.shut.add(inbox.pk)
        elif name == "see off":
            own = Inbox.with_removed.filter(owner=inbox.owner, kind=InboxKind.PERSONAL)
            self.shut.update(own.values_list("pk", flat=True))

    @rule(minutes=st.integers(1, 90))
    def work(self, minutes):
        """A worker clears away what was removed, and syncs; it may die of that."""
        self.clock.pass_by(minutes=minutes)
        for inbox in Inbox.with_removed.filter(removed_at__isnull=False):
            clear_some(inbox_id=inbox.pk, now=self.clock())
        for address in KINDS:
            if taken := self.leased(address):
                self.sync(*taken, self.chance.choice(["well"] * 6 + ["dies", *TROUBLES]))

    def sync(self, inbox, lease, outcome):
        if outcome == "dies":
            return
        if not Credential.objects.filter(inbox=inbox).exists():
            outcome = Misconfigured("credential_missing")
        if outcome == "well":
            Inbox.objects.filter(pk=inbox.pk).update(backfill_done_at=self.clock())
            life.note_success(lease, now=self.clock())
        else:
            life.note_failure(lease, outcome, now=self.clock())
        lease.release()

    @invariant()
    def all_is_well(self):
        opened = set(Credential.objects.values_list("inbox", flat=True))
        troubled = set(Episode.objects.filter(ended_at=None).values_list("inbox", flat=True))
        for inbox in Inbox.with_removed.select_related("owner"):
            self.has_a_status_and_words_for_its_cause(inbox)
            if inbox.removed_at:
                self.is_over(inbox, opened)
                continue
            self.belongs_to_somebody_who_is_there(inbox, opened)
            if inbox.status != InboxStatus.CONNECTING:
                assert (inbox.pk in troubled) == (inbox.status != InboxStatus.ACTIVE)
            self.can_be_led_on(inbox, opened)

    def has_a_status_and_words_for_its_cause(self, inbox):
        assert inbox.status in InboxStatus.values
        assert inbox.cause in {"", "being_deleted", *CAUSES}
        if inbox.status in (InboxStatus.DEGRADED, InboxStatus.NEEDS_RECONNECT):
            assert inbox.cause

    def belongs_to_somebody_who_is_there(self, inbox, opened):
        """Or is shut. A force disconnect and a departure last until a new access is given, whatever else is tried."""
        if inbox.kind == InboxKind.TEAM:
            assert inbox.owner.is_active
        elif not inbox.owner.is_active:
            assert inbox.pk in self.shut
        if inbox.pk in self.shut:
            assert (inbox.status, inbox.pk in opened) == (InboxStatus.DISABLED, False)

    def can_be_led_on(self, inbox, opened):
        """By what the product offers them, to active or to an end: whoever is there to do it. Each situation is looked at once."""
        who = inbox.owner if inbox.owner.is_active else self.admin
        situation = (inbox.kind, inbox.status, who.is_super_admin, inbox.pk in opened)
        if situation in self.led_on:
            return
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

    def is_over(self, inbox, opened):
        """Nothing that opens the mailbox or writes for it outlives a removal; nor does any come later."""
        assert inbox.pk not in opened
        assert (inbox.lease_owner, inbox.lease_expires_at) == ("", None)
        if inbox.pk not in self.refused:
            for model in (MailServer, PushSubscription, SignIn):
                assert not model.objects.filter(inbox=inbox).exists()
            assert take_lease(inbox.pk, worker="late") is None
            self.refused.add(inbox.pk)


def test_no_life_ends_where_nobody_can_go_on_and_nothing_outlives_a_removal():
    """The same lives in every run: what they meet is known, and so is how long it takes."""
    Lives.led_on.clear()
    Lives.happened.clear()
    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=10,
            stateful_step_count=24,
            derandomize=True,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert {(kind, status) for kind, status, *_ in Lives.led_on} == set(product(InboxKind.values, InboxStatus.values))
    assert Lives.happened == set(PEOPLES_ACTS)
