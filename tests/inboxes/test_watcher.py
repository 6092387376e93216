"""One process listens to many mailboxes and wakes the sync; against a real IMAP server."""

import threading
import time

import pytest

from inboxes import actions
from inboxes.actions import ConnectionDetails, ServerLogin
from inboxes.models import Credential, Inbox, MailServer, Security
from inboxes.providers.imap.idling import Listener
from inboxes.signals import sync_wanted
from inboxes.watcher import Watcher
from tests.factories.inboxes import connected_inbox, mail_bytes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def inbox(alice, mailbox):
    settings = mailbox.settings
    login = ServerLogin(settings.host, settings.port, Security.TLS, settings.username)
    details = ConnectionDetails("alice@ours.example", login, settings.password)
    inbox = actions.connect_imap_inbox(details=details, history_since=None, by=alice)
    actions.start(inbox=inbox, by=alice)
    return inbox


@pytest.fixture
def woken():
    """The inboxes whose sync was asked for, in order; none is synced."""
    inbox_ids: list[int] = []

    def note(inbox_id, **_):
        inbox_ids.append(inbox_id)

    sync_wanted.connect(note)
    yield inbox_ids
    sync_wanted.disconnect(note)


@pytest.fixture
def watching():
    """Starts a watcher in a thread of its own, as the command does in a process of its own."""
    stop, threads = threading.Event(), []

    def start(**options):
        from django.db import connection

        def run():
            Watcher(look_seconds=0.2, **options).run(stop)
            connection.close()

        threads.append(threading.Thread(target=run))
        threads[0].start()

    yield start
    stop.set()
    for thread in threads:
        thread.join(timeout=60)


def eventually(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.05)


def test_new_mail_wakes_the_sync_within_seconds(inbox, mailbox, woken, watching):
    watching()
    eventually(lambda: woken)  # once listening: what came before nobody has heard
    woken.clear()
    mailbox.deliver(mail_bytes())
    eventually(lambda: woken)


def test_the_connection_is_renewed_and_hears_mail_afterwards(inbox, mailbox, woken, watching, dovecot):
    watching(renew_seconds=0.5)
    eventually(lambda: dovecot.commands().count("NOOP") >= 2)
    woken.clear()
    mailbox.deliver(mail_bytes())
    eventually(lambda: woken)


def test_a_paused_inbox_is_no_longer_listened_to(inbox, mailbox, woken, watching, alice, dovecot):
    ended = threading.Event()

    class Noted(Listener):
        def close(self):
            ended.set()
            super().close()

    watching(listen=Noted.open)
    eventually(lambda: woken)
    actions.pause(inbox=inbox, by=alice)
    assert ended.wait(60)
    woken.clear()
    mailbox.deliver(mail_bytes())
    time.sleep(1)
    assert woken == []


def test_a_server_that_hangs_up_is_called_again_only_after_a_while(inbox, woken, watching):
    calls = []

    def refuse(settings):
        from inboxes.providers.base import TemporarilyUnavailable

        calls.append(time.monotonic())
        raise TemporarilyUnavailable("connection_lost")

    watching(listen=refuse)
    eventually(lambda: calls)
    time.sleep(1)
    assert len(calls) == 1
    assert Inbox.objects.get().status == "active"


def test_a_server_that_makes_us_stumble_does_not_silence_the_others(inbox, mailbox, woken, watching, alice):
    other = connected_inbox(alice, "other@ours.example")
    MailServer.objects.create(inbox=other, protocol="imap", host="odd.example", port=993, username="alice")
    Credential.objects.create(inbox=other, secret="secret")
    stumbled = []

    def listen(settings):
        if settings.host == "odd.example":
            stumbled.append(settings.host)
            raise AttributeError("what no library should raise")
        return Listener.open(settings)

    watching(listen=listen)
    eventually(lambda: stumbled and woken)
    woken.clear()
    mailbox.deliver(mail_bytes())
    eventually(lambda: woken)
    assert set(woken) == {inbox.pk}
