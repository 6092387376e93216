"""The one thing that writes into mailboxes: against a real Dovecot, and a server that says no."""

import pytest

from inboxes.envelope import FolderRole
from inboxes.providers.base import CursorExpired, FolderGone, FolderNotCreated, KeywordsNotAllowed, RemoteFolder
from inboxes.providers.imap import ImapProvider
from inboxes.providers.imap.writer import ImapWriter
from tests.fakes.scripted_imap import Reply, ScriptedImap

INBOX = RemoteFolder("INBOX", "INBOX", FolderRole.INBOX)


def mail(number: int = 1) -> bytes:
    return f"From: ken@client.example\r\nSubject: {number}\r\n\r\nHello\r\n".encode()


@pytest.fixture
def writer(mailbox):
    with ImapWriter(mailbox.settings) as writer:
        yield writer


@pytest.fixture
def server():
    with ScriptedImap(messages={1: mail()}).running() as server:
        yield server


def keys(mailbox):
    with ImapProvider(mailbox.settings) as provider:
        return sorted(provider.remote_ids(INBOX, since=None))


def flags(mailbox):
    with mailbox.other_program() as client:
        client.select("INBOX", readonly=True)
        return [line.decode().partition("FLAGS ")[2] for line in client.fetch("1:*", "FLAGS")[1]]


def test_a_keyword_is_added_and_removed_and_every_other_flag_stays(mailbox, writer):
    mailbox.deliver(mail(1), flags="FS")
    mailbox.deliver(mail(2), flags="T")
    writer.set_keyword(INBOX, keys(mailbox)[:1], "CRM/Logged", present=True)
    writer.close()
    assert flags(mailbox) == ["(\\Flagged \\Seen CRM/Logged))", "(\\Deleted))"]
    writer.set_keyword(INBOX, keys(mailbox), "CRM/Logged", present=False)
    writer.close()
    assert flags(mailbox) == ["(\\Flagged \\Seen))", "(\\Deleted))"]


def test_a_message_that_is_gone_and_one_of_another_numbering(mailbox, writer):
    path = mailbox.deliver(mail())
    [key] = keys(mailbox)
    mailbox.delete(path)
    writer.set_keyword(INBOX, [key], "CRM/Logged", present=True)
    with pytest.raises(CursorExpired):
        writer.set_keyword(INBOX, ["1:1"], "CRM/Logged", present=True)
    with pytest.raises(FolderGone):
        writer.set_keyword(RemoteFolder("Nowhere", "Nowhere", FolderRole.OTHER), [key], "x", present=True)


def test_folders_are_created_once_and_can_be_seen(mailbox, writer):
    for _ in range(2):
        writer.create_folders(["CRM/Log", "秘密/メール"])
    with ImapProvider(mailbox.settings) as provider:
        assert {folder.name for folder in provider.folders()} >= {"CRM/Log", "秘密/メール"}
    with mailbox.other_program() as client:
        subscribed = b" ".join(client.lsub()[1])
    assert b"CRM/Log" in subscribed


def test_below_inbox_where_the_server_keeps_folders_there(server):
    server.capabilities += b" NAMESPACE"
    server.replies += [
        Reply(b'LIST "" ""', lines=b'* LIST (\\Noselect) "." ""\r\n'),
        Reply(b"NAMESPACE", lines=b'* NAMESPACE (("INBOX." ".")) NIL NIL\r\n'),
        Reply(b"CREATE"),
        Reply(b"SUBSCRIBE"),
    ]
    with ImapWriter(server.settings()) as writer:
        writer.create_folders(["CRM/Log"])
    assert server.sent(b"CREATE") == [b'CREATE "INBOX.CRM.Log"']


def test_a_server_that_creates_nothing_says_so(server):
    server.replies += [
        Reply(b'LIST "" ""', lines=b'* LIST (\\Noselect) "/" ""\r\n'),
        Reply(b"CREATE", status=b"NO not here", times=9),
    ]
    with ImapWriter(server.settings()) as writer, pytest.raises(FolderNotCreated):
        writer.create_folders(["CRM/Log"])


@pytest.mark.parametrize("flags", [b"\\Seen \\Answered", b""])
def test_a_server_without_keywords_gets_none(server, flags):
    opened = b"* OK [UIDVALIDITY %d] ok\r\n* OK [PERMANENTFLAGS (%b)] ok\r\n" % (server.uidvalidity, flags)
    server.replies.append(Reply(b"SELECT", lines=opened, times=2))
    with ImapWriter(server.settings()) as writer:
        with pytest.raises(KeywordsNotAllowed):
            writer.set_keyword(INBOX, [f"{server.uidvalidity}:1"], "CRM/Logged", present=True)
        writer.set_keyword(INBOX, [f"{server.uidvalidity}:1"], "CRM/Logged", present=False)
    assert not server.sent(b"UID STORE")
