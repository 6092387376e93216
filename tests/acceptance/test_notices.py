"""Exactly the right people, exactly once: a thousand random episodes against a plain model of who must be told of what."""

import random
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.core import mail
from django.db import connection

from inboxes import life, notices
from inboxes.actions import delete_team_inbox, disable, pause, resume
from inboxes.life import Event
from inboxes.models import Inbox, InboxKind
from inboxes.providers.base import GrantRevoked, TemporarilyUnavailable
from inboxes.sync.lease import Lease
from inboxes.trouble import RECONNECTING
from notifications.actions import prefer
from notifications.mail import send
from notifications.models import Notification
from notifications.topics import Topic, Wish
from tests.factories.inboxes import NOW, connected_inbox
from tests.factories.users import UserFactory
from users.models import User

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EPISODES = 1000
ABOUT_ONES_OWN = {"inbox_disabled", "inbox_paused"}


@dataclass(eq=False)
class Person:
    """What the model knows of somebody."""

    row: User
    is_active: bool = True
    is_super_admin: bool = False
    has_access: bool = False
    wishes: dict[str, tuple[bool, bool]] = field(default_factory=dict)

    @property
    def holds_access(self) -> bool:
        return self.is_active and (self.has_access or self.is_super_admin)


@dataclass(eq=False)
class Box:
    """What the model knows of an inbox. `told` are those who heard of the present trouble; `is_looked_after` from a person's act
    that brings it back until the next sync."""

    row: Inbox
    owner: Person
    is_team: bool
    status: str = "active"
    since: datetime = NOW
    trouble: datetime | None = None
    told: set[Person] = field(default_factory=set)
    is_looked_after: bool = False
    paused_by: Person | None = None
    generation: int = 1

    def enter(self, status: str, now: datetime, *, is_same_outage: bool = False) -> None:
        if status != "active" and (self.trouble is None or (self.status == "active" and now - self.since >= HOUR)):
            self.trouble, self.told = now, set()
        if status != self.status and not is_same_outage:
            self.since = now
        self.status = status


class Model:
    """Who must have been told of what, and how."""

    def __init__(self, people: list[Person]) -> None:
        self.people = people
        self.told: dict[tuple[object, ...], tuple[bool, bool]] = {}

    def audience(self, box: Box) -> list[Person]:
        if not box.is_team:
            return [box.owner]
        return [person for person in self.people if person.holds_access or person is box.owner]

    def tell(
        self, box: Box, kind: str, *, once: object, besides: Person | None = None, only: set[Person] | None = None
    ):
        people = [person for person in only or self.audience(box) if person.is_active and person is not besides]
        topic = "team" if box.is_team else "security" if kind in ABOUT_ONES_OWN else "own"
        wanted = {person: person.wishes.get(topic, (True, True)) for person in people}
        if box.is_team and not any(any(wish) for wish in wanted.values()):
            wanted = {person: (person.is_super_admin, False) for person in people}
        for person, wish in wanted.items():
            if any(wish):
                code = f"team_{kind}" if box.is_team else kind
                self.told.setdefault((person, box, code, once), wish)
                box.told.add(person)

    def fail(self, box: Box, now: datetime) -> None:
        box.enter("degraded", now)
        box.is_looked_after = False
        if now - box.since >= HOUR:
            self.tell(box, "inbox_unreachable", once=box.trouble)

    def revoke(self, box: Box, now: datetime) -> None:
        box.enter("needs_reconnect", now)
        box.is_looked_after = False
        self.tell(box, "inbox_needs_reconnect", once=box.trouble)

    def succeed(self, box: Box, now: datetime) -> None:
        was_well = box.status == "active"
        if box.trouble and (box.is_looked_after or (was_well and now - box.since >= HOUR)):
            if box.told:
                self.tell(box, "inbox_recovered", once=box.trouble, only=box.told)
            box.trouble = None
        box.is_looked_after = False
        box.enter("active", now)

    def pause(self, box: Box, now: datetime, by: Person) -> None:
        box.enter("paused", now)
        box.paused_by, box.is_looked_after = by, False
        if not box.is_team:
            self.tell(box, "inbox_paused", once=box.trouble, besides=by)

    def disable(self, box: Box, now: datetime, by: Person) -> None:
        box.enter("disabled", now)
        box.is_looked_after = False
        self.tell(box, "inbox_disabled", once=box.trouble, besides=by)

    def resume(self, box: Box, now: datetime, by: Person) -> None:
        box.enter("active", now)
        box.is_looked_after = True

    def enable(self, box: Box, now: datetime, by: Person) -> None:
        self.resume(box, now, by)

    def delete(self, box: Box, now: datetime, by: Person) -> None:
        box.enter("disabled", now)
        self.tell(box, "inbox_deleted", once=box.trouble, besides=by)
        box.status = "deleted"

    def reconnect(self, box: Box, now: datetime, by: Person) -> None:
        box.enter("degraded", now, is_same_outage=box.status in ("degraded", "needs_reconnect"))
        box.is_looked_after = True

    def hourly(self, boxes: list[Box], now: datetime) -> None:
        for box in boxes:
            if box.status == "needs_reconnect" and now - box.since >= 3 * DAY:
                self.tell(box, "inbox_still_disconnected", once=(box.trouble, box.since))
            if box.is_team and box.status == "paused" and HOUR <= now - box.since <= 2 * DAY:
                self.tell(box, "inbox_paused", once=box.trouble, besides=box.paused_by)


class Product:
    """The same events in the product. Everything is delivered twice now and then, as queues do."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def lease(self, box: Box) -> Lease:
        return Lease(box.row.pk, fence=0, generation=box.generation, due_at=NOW)

    def fail(self, box: Box, now: datetime) -> None:
        life.note_failure(self.lease(box), TemporarilyUnavailable("timed_out"), now=now)

    def revoke(self, box: Box, now: datetime) -> None:
        life.note_failure(self.lease(box), GrantRevoked(), now=now)
        if self.chance.random() < 0.2:
            notices.tell_of_disconnection(Inbox.objects.get(pk=box.row.pk))

    def succeed(self, box: Box, now: datetime) -> None:
        life.note_success(self.lease(box), now=now)

    def pause(self, box: Box, now: datetime, by: Person) -> None:
        box.generation += 1
        pause(inbox=box.row, by=by.row, now=now)

    def disable(self, box: Box, now: datetime, by: Person) -> None:
        box.generation += 1
        disable(inbox=box.row, by=by.row, now=now)

    def resume(self, box: Box, now: datetime, by: Person) -> None:
        resume(inbox=box.row, by=by.row, now=now)

    def enable(self, box: Box, now: datetime, by: Person) -> None:
        life.move(Inbox.objects.get(pk=box.row.pk), Event.ENABLED, cause="", now=now, also=[], by=by.row)

    def delete(self, box: Box, now: datetime, by: Person) -> None:
        delete_team_inbox(inbox=box.row, erase=False, by=by.row, now=now)

    def reconnect(self, box: Box, now: datetime, by: Person) -> None:
        inbox = Inbox.objects.get(pk=box.row.pk)
        life.move(inbox, Event.RECONNECTED, cause=RECONNECTING, now=now, also=[], by=by.row)

    def hourly(self, boxes: list[Box], now: datetime) -> None:
        notices.remind_of_disconnections(now=now)


POSSIBLE = {
    "active": ["fail"] * 6 + ["revoke"] * 2 + ["succeed"] * 4 + ["pause", "disable", "reconnect"],
    "degraded": ["fail"] * 4 + ["succeed"] * 7 + ["revoke"] * 2 + ["pause", "disable", "reconnect"],
    "needs_reconnect": ["reconnect"] * 5 + ["disable"],
    "paused": ["resume"] * 5 + ["disable", "reconnect"],
    "disabled": ["reconnect"] + ["enable"] * 3,
}
PAUSES = [timedelta(minutes=minutes) for minutes in (1, 5, 20, 30, 59, 60, 61, 90)]
JUMPS = [HOUR, 3 * HOUR, 12 * HOUR, DAY, 2 * DAY]


class World:
    """Five people who come and go, sixteen inboxes, and a clock."""

    def __init__(self, chance: random.Random) -> None:
        self.chance, self.now, self.begun = chance, NOW, 0
        root = Person(UserFactory(super_admin=True), is_super_admin=True)
        self.people = [root, *(Person(UserFactory()) for _ in range(4))]
        self.made = 0
        self.boxes = [self._box(is_team=number % 2 == 0) for number in range(16)]
        self.sides = (Model(self.people), Product(chance))

    def _box(self, *, is_team: bool) -> Box:
        owner, kind = self.chance.choice(self.people), InboxKind.TEAM if is_team else InboxKind.PERSONAL
        self.made += 1
        address = f"box{self.made:03}@ours.example"
        return Box(
            connected_inbox(owner.row, address, kind=kind, status_since=self.now, live_synced_at=self.now),
            owner,
            is_team,
            since=self.now,
        )

    def live(self) -> None:
        """An episode or so of one inbox, then something about people, and the hourly run."""
        box = self.chance.choice(self.boxes)
        for _ in range(self.chance.randint(2, 4)):
            self.now += self.chance.choice(PAUSES)
            if box.status != "deleted":
                self._happen(box)
        self.now += self.chance.choice(JUMPS)
        if self.chance.random() < 0.3:
            self._change(self.chance.choice(self.people[1:]))
        if self.chance.random() < 0.15:
            for side in self.sides:
                side.hourly(self.boxes, self.now)

    def _happen(self, box: Box) -> None:
        what = "delete" if box.is_team and self.chance.random() < 0.02 else self.chance.choice(POSSIBLE[box.status])
        by = [] if what in ("fail", "revoke", "succeed") else [self._somebody(box, what)]
        if None in by:
            return
        before = box.status
        for side in reversed(self.sides):  # the product first: the model moves the box on
            getattr(side, what)(box, self.now, *by)
        self.begun += box.status not in ("active", before)
        if box.status == "deleted":
            self.boxes[self.boxes.index(box)] = self._box(is_team=True)

    def _somebody(self, box: Box, what: str) -> Person | None:
        """Who may do something with the inbox on purpose."""
        if what == "resume" and not box.is_team and box.paused_by == box.owner:
            return box.owner if box.owner.is_active else None
        able = [
            each
            for each in self.people
            if each.is_active and (each.holds_access if box.is_team else each.is_super_admin)
        ]
        return self.chance.choice([*able, box.owner] if not box.is_team and box.owner.is_active else able)

    def _change(self, person: Person) -> None:
        match self.chance.randrange(5):
            case 0:
                person.is_active = not person.is_active
            case 1:
                person.is_super_admin = not person.is_super_admin
            case 2 | 3:
                person.has_access = not person.has_access
            case _:
                self._wish(self.chance.choice(self.people))
        role = "super_admin" if person.is_super_admin else "member"
        changes = {"is_active": person.is_active, "role": role, "account_access": person.has_access}
        User.objects.filter(pk=person.row.pk).update(**changes)
        person.row.refresh_from_db()

    def _wish(self, person: Person) -> None:
        name, topic = self.chance.choice([("own", Topic.OWN_INBOXES), ("team", Topic.TEAM_INBOXES)])
        wish = self.chance.choice([(True, True), (True, True), (True, False), (False, True), (False, False)])
        person.wishes[name] = wish
        prefer(person=person.row, wishes={topic: Wish(*wish)}, by=None)


@pytest.mark.django_db
def test_exactly_the_right_people_are_told_exactly_once_over_a_thousand_episodes():
    world = World(random.Random(20260303))
    while world.begun < EPISODES:
        world.live()
    expected = Counter(
        (person.row.pk, box.row.address, kind, *wish) for (person, box, kind, _), wish in world.sides[0].told.items()
    )
    columns = ("recipient", "context__inbox", "kind", "in_app", "by_e_mail")
    assert Counter(Notification.objects.values_list(*columns)) == expected
    told = Counter(kind for _, _, kind, _, _ in expected.elements())
    assert len(told) >= 13  # of each kind there was something to get wrong
    assert {kind: times for kind, times in told.items() if times < 3} == {}

    everything = list(Notification.objects.values_list("pk", flat=True))
    send(everything)
    send(everything)
    mailed = Counter(
        (*message.to, re.search(r"/notifications/([0-9a-f-]{36})/", message.body)[1]) for message in mail.outbox
    )
    to_mail = Notification.objects.filter(by_e_mail=True, recipient__is_active=True)
    assert mailed == Counter((email, str(code)) for email, code in to_mail.values_list("recipient__email", "code"))


@pytest.mark.django_db
def test_a_server_that_comes_and_goes_five_hundred_times_is_one_notice_and_one_closing_note(alice):
    box = Box(connected_inbox(alice, live_synced_at=NOW), Person(alice), is_team=False)
    lease, now = Product(random.Random(1)).lease(box), NOW
    trouble = TemporarilyUnavailable("connection_refused")
    for number in range(500):
        life.note_failure(lease, trouble, now=now)
        if number % 5 == 0:
            life.note_failure(lease, trouble, now=now + HOUR)
        life.note_success(lease, now=now + timedelta(minutes=61))
        now += timedelta(minutes=100)
    told = Notification.objects.order_by("pk").values_list("kind", flat=True)
    assert list(told) == ["inbox_unreachable"]
    life.note_success(lease, now=now + HOUR)
    life.note_success(lease, now=now + DAY)
    assert list(told.all()) == ["inbox_unreachable", "inbox_recovered"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_see_the_same_trouble_at_once_tell_it_once(alice, admin):
    inbox = connected_inbox(alice, kind=InboxKind.TEAM, status="needs_reconnect", cause="grant_revoked")
    barrier = Barrier(2)

    def work() -> None:
        barrier.wait()
        notices.tell_of_disconnection(inbox)
        ids = list(Notification.objects.values_list("pk", flat=True))
        barrier.wait()
        send(ids)
        connection.close()

    workers = [Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert Notification.objects.count() == 2
    assert sorted(message.to[0] for message in mail.outbox) == sorted([alice.email, admin.email])
