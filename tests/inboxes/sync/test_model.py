"""Random mailboxes, faults and times: after quiet the ledger is what the server holds and the timeline is what it should be."""

import random
from datetime import timedelta

import pytest

from contacts.models import TimelineEntry
from inboxes.envelope import FolderRole
from inboxes.models import Folder, FolderState, HandledPage, LedgerEntry, Message
from inboxes.providers.base import RateLimited, TemporarilyUnavailable
from inboxes.providers.memory import MemoryMailbox
from inboxes.sync.handled import digest, unpack
from tests.factories.inboxes import NOW, SARAH, STRANGER, mail_bytes, sync, sync_until_quiet

pytestmark = pytest.mark.django_db

CALLS = ("folders", "anchor", "unchanged", "live_page", "backfill_page", "envelopes", "bodies", "body", "remote_ids")
STEPS = 60


class World:
    """A mailbox, what was ever delivered to it, and a die."""

    def __init__(self, inbox, clock, seed):
        self.inbox, self.clock, self.dice = inbox, clock, random.Random(seed)
        self.server = MemoryMailbox(page_messages=self.dice.choice((2, 5, 50)), now=NOW)
        self.known: set[str] = set()
        self.copies: dict[str, list[bytes]] = {}
        self.spoiled: list[tuple[str, str]] = []
        self.resets = 0

    def step(self):
        acts = (
            [self.deliver] * 6
            + [self.sync] * 5
            + [self.move, self.delete, self.spoil, self.heal, self.fault, self.wait]
        )
        self.dice.choice([*acts, self.new_folder, self.rename_folder, self.renumber])()

    def deliver(self):
        number = len(self.copies)
        message_id, sender = f"<{number}@m>", self.dice.choice((SARAH, STRANGER))
        raw = mail_bytes(sender, message_id=message_id, subject=f"Mail {number}")
        if sender == SARAH:
            self.known.add(message_id)
        self.copies[message_id] = [raw]
        for folder in self.dice.sample(sorted(self.server.folders), self.dice.choice((1, 1, 1, 2))):
            self.server.deliver(raw, folder)

    def any_message(self):
        filled = [folder for folder in self.server.folders.values() if folder.messages]
        if not filled:
            return None
        folder = self.dice.choice(filled)
        return folder.name, folder.remote_id_of(self.dice.choice(list(folder.messages.values())))

    def move(self):
        if found := self.any_message():
            folder, remote_id = found
            self.server.move(remote_id, folder, self.dice.choice(sorted(self.server.folders)))

    def delete(self):
        """Only what was synced: a mail deleted before anybody saw it cannot be logged."""
        self.quiet()
        if found := self.any_message():
            self.server.delete(found[1], found[0])

    def spoil(self):
        if found := self.any_message():
            self.server.spoil(found[1], found[0], fault=self.dice.choice(("refused_by_server", "missing")))

    def heal(self):
        for folder in self.server.folders.values():
            for message in folder.messages.values():
                message.fault = ""

    def fault(self):
        error = self.dice.choice((TemporarilyUnavailable("connection_lost"), RateLimited(retry_after=30)))
        self.server.fail(self.dice.choice(CALLS), error, at=self.dice.randint(1, 3))

    def wait(self):
        self.clock.pass_by(hours=self.dice.choice((0.1, 1, 13, 30)))

    def new_folder(self):
        self.server.create_folder(f"Folder {len(self.server.folders)}", FolderRole.OTHER)

    def rename_folder(self):
        others = [folder for folder in self.server.folders.values() if folder.role == FolderRole.OTHER]
        if others:
            folder = self.dice.choice(others)
            self.server.rename_folder(folder.name, f"{folder.name} renamed")

    def renumber(self):
        self.resets += 1
        self.server.change_uidvalidity(self.dice.choice(sorted(self.server.folders)), by=self.dice.choice((1, 7, -3)))

    def sync(self):
        sync(self.inbox, self.server, self.clock, budget=timedelta(seconds=self.dice.choice((0, 60))))

    def quiet(self):
        """Faults healed, ladders climbed down, the daily check done."""
        self.heal()
        self.server._faults.clear()
        for _ in range(3):
            self.clock.pass_by(hours=25)
            sync_until_quiet(self.inbox, self.server, self.clock)

    def check(self):
        for stored in self.server.folders.values():
            folder = Folder.objects.get(inbox=self.inbox, name=stored.name)
            on_server = {stored.remote_id_of(message) for message in stored.messages.values()}
            logged = set(folder.ledger.filter(state="logged").values_list("remote_id", flat=True))
            skipped = {part for page in folder.handled_pages.all() for part in unpack(bytes(page.digests))}
            assert logged <= on_server
            assert {key for key in on_server if digest(key) in skipped} == on_server - logged
            assert len(skipped) == len(on_server - logged)
            assert (folder.state, folder.server_total) == (FolderState.LIVE, len(on_server))
        assert not LedgerEntry.objects.filter(state__in=("retrying", "quarantined")).exists()
        stored_ids = list(Message.objects.values_list("message_id", flat=True))
        assert sorted(stored_ids) == sorted(self.known)
        on_timeline = list(TimelineEntry.objects.values_list("message__message_id", flat=True))
        assert sorted(on_timeline) == sorted(self.known)


@pytest.mark.parametrize("seed", range(6))
def test_after_quiet_everything_is_where_it_belongs(inbox, clock, seed):
    world = World(inbox, clock, seed)
    for _ in range(STEPS):
        world.step()
    world.quiet()
    world.check()
    fetched = world.server.body_bytes
    strangers = {raw for message_id, (raw,) in world.copies.items() if message_id not in world.known}
    skipped_keys = {
        folder.remote_id_of(message)
        for folder in world.server.folders.values()
        for message in folder.messages.values()
        if message.raw in strangers
    }
    assert HandledPage.objects.exists()
    assert not skipped_keys & fetched.keys() or world.resets
