"""Random things happen to a team inbox: after each, its threads say what their mails say, and what is logged is on timelines."""

import random

import pytest

from contacts.models import TimelineEntry
from inboxes.envelope import FolderRole
from inboxes.models import Sighting, TeamMail
from inboxes.providers.memory import MemoryMailbox
from inboxes.sync.rereading import read_again
from logging_rules.actions import erase_expired, undo_unlogging, unlog
from logging_rules.actions.restoring import filter_again, restore_filtered
from logging_rules.models import Unlogging
from logging_rules.unlogging import Selection
from tests.factories.contacts import make_contact
from tests.factories.inboxes import NOW, SARAH, STRANGER, TEAM, mail_bytes, sync_until_quiet, team_inbox
from tests.inboxes.sync.numbers import assert_counts_are_those_of_the_ledger, assert_threads_say_what_their_mails_say

pytestmark = pytest.mark.django_db
STEPS = 20


class World:
    def __init__(self, team, manager, member, clock, seed):
        self.team, self.manager, self.member, self.clock = team, manager, member, clock
        self.dice = random.Random(seed)
        self.server = MemoryMailbox(page_messages=self.dice.choice((3, 50)), now=NOW)
        self.server.create_folder("Junk", FolderRole.JUNK)
        self.sent: list[str] = []
        self.restored: dict[int, str] = {}

    def step(self):
        acts = [self.deliver] * 6 + [self.move, self.move, self.unlog, self.undo, self.restore, self.filter_again]
        self.dice.choice([*acts, self.expire, self.reread])()
        sync_until_quiet(self.team, self.server, self.clock)

    def deliver(self):
        message_id = f"<{len(self.sent)}@m>"
        self.clock.pass_by(minutes=self.dice.choice((0, 5)))
        them = self.dice.choice((SARAH, STRANGER))
        folder = self.dice.choice(("INBOX", "INBOX", "Sent", "Junk"))
        author, to = (TEAM, them) if folder == "Sent" else (them, TEAM)
        headers = {"In_Reply_To": self.dice.choice(self.sent)} if self.sent and self.dice.random() < 0.6 else {}
        headers |= {"List_Id": "<news>"} if self.dice.random() < 0.2 else {}
        headers |= {"X_Spam_Flag": "YES"} if self.dice.random() < 0.1 else {}
        raw = mail_bytes(author, to, message_id=message_id, date=self.clock.now, **headers)
        self.sent.append(message_id)
        for place in sorted({folder, self.dice.choice((folder, folder, "INBOX"))}):
            self.server.deliver(raw, place, received_at=self.clock.now)

    def move(self):
        filled = [folder for folder in self.server.folders.values() if folder.messages]
        if filled:
            folder = self.dice.choice(filled)
            message = self.dice.choice(list(folder.messages.values()))
            self.server.move(folder.remote_id_of(message), folder.name, self.dice.choice(("INBOX", "Junk")))

    def unlog(self):
        keys = list(Sighting.objects.order_by("pk").values_list("message_id", flat=True))
        if keys:
            chosen = self.dice.sample(keys, min(len(keys), 2))
            unlog(selection=Selection(inbox=self.team, message_ids=chosen), by=self.manager, now=self.clock.now)

    def undo(self):
        if unlogging := Unlogging.objects.filter(undone_at=None, expires_at__gt=self.clock.now).first():
            undo_unlogging(unlogging=unlogging, by=self.manager, now=self.clock.now)

    def expire(self):
        self.clock.pass_by(days=8)
        self.server.now = self.clock.now
        assert erase_expired(now=self.clock.now) == 0

    def restore(self):
        mails = list(TeamMail.objects.exclude(filtered="").order_by("pk").values_list("pk", flat=True))
        chosen = self.dice.sample(mails, min(len(mails), 2))
        self.restored |= restore_filtered(inbox=self.team, mails=chosen, by=self.member, now=self.clock.now)

    def filter_again(self):
        filter_again(inbox=self.team, causes=self.restored, now=self.clock.now)
        self.restored = {}

    def reread(self):
        read_again(self.team.pk, now=self.clock.now)


@pytest.mark.parametrize("seed", range(3))
def test_the_numbers_of_threads_stay_true(alice, bob, admin, clock, seed):
    make_contact("Sarah Okafor", SARAH)
    world = World(team_inbox(alice, bob), admin, bob, clock, seed)
    for _ in range(STEPS):
        world.step()
        assert_threads_say_what_their_mails_say()
        logged = set(Sighting.objects.values_list("message_id", flat=True))
        assert set(TimelineEntry.objects.values_list("message_id", flat=True)) == logged
    assert_counts_are_those_of_the_ledger()
    assert TeamMail.objects.count() == len(world.sent)
