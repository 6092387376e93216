"""A worker is killed at every step of a sync. The next one finds nothing lost and nothing doubled."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection
from django.db.models.functions import Now

from contacts.models import TimelineEntry
from inboxes.models import Attachment, Folder, Inbox, LedgerEntry, Message, Sighting, Thread
from inboxes.sync.handled import digest, unpack
from tests.factories.inboxes import Clock, connected_inbox, sync, sync_until_quiet
from tests.forgetting import forget_all_mail
from tests.inboxes.sync.crashing import build_mailbox

pytestmark = pytest.mark.django_db(transaction=True)
PROJECT = Path(__file__).resolve().parents[3]
EXPECTED = {"<1@m>", "<3@m>", "<5@m>", "<file@m>", "<answer@o>", "<spoiled@m>"}


class DyingWorker:
    """The program of `crashing.py`, connected to the database of this test."""

    def __init__(self) -> None:
        settings = connection.settings_dict
        user, secret = settings["USER"], settings["PASSWORD"]
        database = f"postgresql://{user}:{secret}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.inboxes.sync.crashing"],
            cwd=PROJECT,
            env=os.environ | {"DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "crm_project.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def dies_at(self, point: int, scenario: str, inbox: Inbox) -> bool:
        """Whether it died there; else it came to its end before."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{scenario} {inbox.pk} {point}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().strip()
        assert answer in {"killed", "finished 0"}, answer
        return answer == "killed"

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture
def worker():
    worker = DyingWorker()
    yield worker
    worker.close()


def check(mailbox) -> None:
    for stored in mailbox.folders.values():
        folder = Folder.objects.get(name=stored.name)
        on_server = {stored.remote_id_of(message) for message in stored.messages.values()}
        logged = set(folder.ledger.filter(state="logged").values_list("remote_id", flat=True))
        skipped = [part for page in folder.handled_pages.all() for part in unpack(bytes(page.digests))]
        assert logged <= on_server
        assert sorted(skipped) == sorted(map(digest, on_server - logged))
        assert sum(folder.counts.values()) == len(on_server)
    expected = EXPECTED | {"<new@m>"} if len(mailbox.folders["INBOX"].messages) > 8 else EXPECTED
    assert sorted(Message.objects.values_list("message_id", flat=True)) == sorted(expected)
    assert sorted(TimelineEntry.objects.values_list("message__message_id", flat=True)) == sorted(expected)
    assert (Sighting.objects.count(), Attachment.objects.count()) == (len(expected), 1)
    assert Thread.objects.count() == Thread.objects.exclude(messages=None).count()
    assert not LedgerEntry.objects.filter(state__in=("retrying", "quarantined")).exists()


@pytest.mark.parametrize("scenario", ["first", "renumbered"])
def test_a_worker_killed_at_any_point_loses_and_doubles_nothing(inbox, worker, alice, scenario):
    point = 0
    died = True
    while died:
        point += 1
        forget_all_mail()
        inbox, clock = connected_inbox(alice), Clock()
        if scenario == "renumbered":
            sync_until_quiet(inbox, build_mailbox("first"), clock)

        died = worker.dies_at(point, scenario, inbox)
        Inbox.objects.update(lease_expires_at=Now())
        mailbox = build_mailbox(scenario)
        for folder in mailbox.folders.values():
            for message in folder.messages.values():
                message.fault = ""
        clock.pass_by(minutes=1)
        sync_until_quiet(inbox, mailbox, clock)
        sync(inbox, mailbox, clock)
        check(mailbox)
    assert point > 30  # the points were really passed
