"""Folders and keywords that are marks, in the mailbox in memory and in a real Dovecot."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from inboxes.envelope import FolderRole
from inboxes.marks import DEFAULT_NAMES, Mark, MarkNames, MarkSource, keywords_for
from inboxes.providers.base import CursorExpired, MailProvider, MarkedMessage, RemoteFolder
from inboxes.providers.imap import ImapProvider
from inboxes.providers.imap.marks import LOOK_AFTER_MINUTES, MarksCursor
from inboxes.providers.memory import MemoryMailbox
from tests.fakes.scripted_imap import Reply, ScriptedImap

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
LOG, PRIVATE = (MarkSource.FOLDER, Mark.LOG), (MarkSource.FOLDER, Mark.PRIVATE)


@dataclass
class Subject:
    """A provider under test; `label` sets the keywords of a message by its remote id, `remove` deletes the newest of a folder."""

    provider: MailProvider
    deliver: Callable[..., object]
    label: Callable[..., None]
    remove: Callable[[str], None]
    renumber: Callable[[str, int], None]

    def folder(self, name: str) -> RemoteFolder:
        return next(folder for folder in self.provider.folders() if folder.name == name)

    def keys(self, name: str = "INBOX") -> list[str]:
        return sorted(self.provider.remote_ids(self.folder(name), since=None))

    def marks(self, name: str = "INBOX", cursor: str = "", names: MarkNames = DEFAULT_NAMES):
        """As the sync asks: after a look at all folders."""
        self.provider.unchanged({folder.remote_id: "" for folder in self.provider.folders()})
        return self.provider.marks(self.folder(name), cursor, names)


@pytest.fixture(params=["memory", "dovecot"])
def subject(request):
    if request.param == "memory":
        memory = MemoryMailbox(now=NOW)
        for name in ("CRM/Log", "CRM/Private", "秘密"):
            memory.create_folder(name)

        def label(remote_id, *keywords):
            memory.label(remote_id, *keywords)

        def remove(name):
            stored = memory.folders[name]
            memory.delete(f"{stored.uidvalidity}:{max(stored.messages)}", name)

        with memory.open() as provider:
            yield Subject(provider, memory.deliver, label, remove, memory.change_uidvalidity)
        return
    mailbox = request.getfixturevalue("mailbox")
    with mailbox.other_program() as client:
        for name in ("CRM/Log", "CRM/Private", "&edhbxg-"):
            client.create(name)

    def label(remote_id, *keywords):
        with mailbox.other_program() as client:
            client.select("INBOX")
            client.uid("STORE", remote_id.partition(":")[2], "FLAGS.SILENT", f"({' '.join(keywords)})")

    def remove(name):
        with mailbox.other_program() as client:
            client.select(name)
            client.store("*", "+FLAGS", "\\Deleted")
            client.expunge()

    with ImapProvider(mailbox.settings, now=lambda: NOW) as provider:
        yield Subject(provider, mailbox.deliver, label, remove, mailbox.set_uidvalidity)


def mail(number: int = 1) -> bytes:
    return f"From: ken@client.example\r\nSubject: {number}\r\nMessage-ID: <m{number}@x>\r\n\r\nHello\r\n".encode()


def test_every_message_in_a_folder_of_that_name_carries_the_mark(subject):
    subject.deliver(mail(), "CRM/Log")
    subject.deliver(mail(), "CRM/Private")
    [logged], [private] = subject.keys("CRM/Log"), subject.keys("CRM/Private")
    assert subject.marks("CRM/Log").messages == {MarkedMessage(logged, Mark.LOG, MarkSource.FOLDER)}
    assert subject.marks("CRM/Private").messages == {MarkedMessage(private, Mark.PRIVATE, MarkSource.FOLDER)}


@pytest.mark.parametrize("keyword", ["CRM/Log", "$CRM_Log", "crm_log"])
def test_a_keyword_is_a_mark_however_the_mail_program_writes_it(subject, keyword):
    subject.deliver(mail(1))
    subject.deliver(mail(2))
    _, second = subject.keys()
    assert subject.marks().messages == frozenset()
    subject.label(second, keyword, "Work")
    assert subject.marks().messages == {MarkedMessage(second, Mark.LOG, MarkSource.KEYWORD)}


def test_a_message_may_carry_both(subject):
    subject.deliver(mail())
    [key] = subject.keys()
    subject.label(key, "crm/log", "CRM/Private")
    marks = {message.mark for message in subject.marks().messages}
    assert marks == {Mark.LOG, Mark.PRIVATE}


def test_marks_that_are_as_they_were_are_not_read_again(subject):
    subject.deliver(mail(1))
    subject.deliver(mail(2))
    first, second = subject.keys()
    subject.label(first, "CRM/Log")
    cursor = subject.marks().cursor
    assert subject.marks(cursor=cursor) is None
    subject.label(second, "CRM/Log")
    found = subject.marks(cursor=cursor)
    assert {message.remote_id for message in found.messages} == {first, second}
    subject.label(first)
    found = subject.marks(cursor=found.cursor)
    assert {message.remote_id for message in found.messages} == {second}


def test_a_message_that_leaves_the_folder_is_noticed(subject):
    subject.deliver(mail(1), "CRM/Log")
    subject.deliver(mail(2), "CRM/Log")
    before = subject.marks("CRM/Log")
    subject.remove("CRM/Log")
    after = subject.marks("CRM/Log", before.cursor)
    assert after.messages < before.messages
    assert len(after.messages) == 1


def test_other_names_are_other_marks(subject):
    subject.deliver(mail(), "CRM/Private")
    subject.deliver(mail(), subject.folder("秘密").remote_id)
    names = MarkNames(log="CRM/Log", private="秘密")
    assert [message.mark for message in subject.marks("秘密", names=names).messages] == [Mark.PRIVATE]
    cursor = subject.marks("CRM/Private").cursor
    assert subject.marks("CRM/Private", cursor, names).messages == frozenset()


def test_a_renumbered_folder_says_so(subject):
    subject.deliver(mail())
    subject.keys()
    cursor = subject.marks().cursor
    subject.provider.close()
    subject.renumber("INBOX", 1)
    with pytest.raises(CursorExpired):
        subject.marks(cursor=cursor)


def test_reading_marks_touches_nothing(mailbox, dovecot):
    for folder in ("INBOX", "CRM/Log"):
        mailbox.deliver(mail(), folder, flags="S")
    before = mailbox.fingerprint()
    dovecot.forget_commands()
    with ImapProvider(mailbox.settings) as provider:
        for folder in provider.folders():
            provider.marks(folder, "", DEFAULT_NAMES)
    assert mailbox.fingerprint() == before
    words = {command.split(" ")[0] for command in dovecot.commands()}
    assert words <= {"ID", "LIST", "STATUS", "EXAMINE", "UID", "UNSELECT", "LOGOUT"}


def test_unchanged_folders_cost_nothing_beside_their_status(mailbox, dovecot):
    mailbox.deliver(mail())
    with mailbox.other_program() as client:
        client.select("INBOX")
        client.store("1", "+FLAGS", "CRM/Log")
    with ImapProvider(mailbox.settings) as provider:
        folders = [folder for folder in provider.folders() if folder.role is FolderRole.INBOX]
        cursors = {folder.remote_id: provider.anchor(folder) for folder in folders}
        found = provider.marks(folders[0], "", DEFAULT_NAMES)
        assert len(found.messages) == 1
        provider.close()
        dovecot.forget_commands()
        assert provider.unchanged(cursors) == set(cursors)
        assert provider.marks(folders[0], found.cursor, DEFAULT_NAMES) is None
    commands = [command.split(" ")[0] for command in dovecot.commands()]
    # Nobody waits until the server has noted the LOGOUT.
    assert [command for command in sorted(commands) if command != "LOGOUT"] == ["ID", "STATUS"]


def test_gmail_is_asked_for_its_labels():
    server = ScriptedImap(messages={1: mail(1), 2: mail(2)})
    server.capabilities += b" X-GM-EXT-1 CONDSTORE"
    server.folders = b'* LIST (\\HasNoChildren \\All) "/" "[Gmail]/All Mail"\r\n'
    for label, found in ((b'"CRM/PRIVATE"', b"2"), (b'"&IHITMJBZMIS-"', b"1")):
        server.replies.append(
            Reply(b"UID SEARCH UID 1:4294967295 X-GM-LABELS " + label, lines=b"* SEARCH %b\r\n" % found)
        )
    with server.running(), ImapProvider(server.settings()) as provider:
        [everything] = provider.folders()
        found = provider.marks(everything, "", MarkNames(log="記録する"))
    assert found.messages == {
        MarkedMessage("7:2", Mark.PRIVATE, MarkSource.LABEL),
        MarkedMessage("7:1", Mark.LOG, MarkSource.LABEL),
    }


def cursor(minute=0, **state):
    status = {b"UIDVALIDITY": 7, b"UIDNEXT": 20, b"MESSAGES": 3, **state.pop("status", {})}
    return MarksCursor.of(status, DEFAULT_NAMES, now=NOW + timedelta(minutes=minute))._replace(**state)


def test_without_condstore_a_folder_is_opened_now_and_then_and_always_once_it_has_keywords():
    assert cursor().still_holds(cursor())
    assert cursor().still_holds(cursor(LOOK_AFTER_MINUTES - 1))
    assert not cursor().still_holds(cursor(LOOK_AFTER_MINUTES))
    assert not cursor(has_keywords=1).still_holds(cursor())


def test_a_highestmodseq_that_never_moves_is_no_proof():
    frozen, moving = {"status": {b"HIGHESTMODSEQ": 1}}, {"status": {b"HIGHESTMODSEQ": 12}}
    assert not cursor(**frozen, has_keywords=1).still_holds(cursor(**frozen))
    assert cursor(**moving, has_keywords=1).still_holds(cursor(10_000, **moving))


@pytest.mark.parametrize("text", ["", "m1:1", "m0:1:2:3:4:5:6:7", "m1:1:2:3:4:5:6:x"])
def test_a_cursor_of_another_shape_means_never(text):
    assert MarksCursor.parse(text) == MarksCursor()
    assert MarksCursor.parse(str(cursor())) == cursor()


@pytest.mark.parametrize(
    ("name", "keywords"),
    [
        ("CRM/Log", {"crm/log", "crm_log", "$crm_log"}),
        ("To log", {"to_log", "$to_log"}),
        ("記録", {"&ihitmg-", "$&ihitmg-"}),
    ],
)
def test_keywords_are_what_mail_programs_make_of_a_name(name, keywords):
    assert keywords_for(name) == keywords
