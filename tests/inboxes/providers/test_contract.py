"""What every provider must do, run against the mailbox in memory, a real Dovecot over TLS, and Gmail and Graph on loopback."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.header import Header
from functools import partial
from typing import Any

import pytest

from inboxes.envelope import Envelope, FolderRole
from inboxes.providers.base import CursorExpired, FolderGone, MailProvider, RemoteFolder, SearchQuery
from inboxes.providers.gmail.provider import GmailProvider, GmailSettings
from inboxes.providers.imap import ImapProvider
from inboxes.providers.memory import MemoryMailbox
from tests.fakes.access_tokens import GivenTokens
from tests.fakes.dovecot import Mailbox
from tests.fakes.google import FakeGoogle
from tests.fakes.graph_mailbox import GraphMailbox
from tests.fakes.microsoft import FakeMicrosoft

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@dataclass
class Subject:
    """A provider under test and the ways to change its mailbox behind its back.

    `expire_cursors` makes the cursors of INBOX void. `keys_stay`: the keys of messages and their past are good all the same.
    `roles`: the folders worth syncing; where there is but one, messages lie in it wherever their owner sees them. `junk`: what
    `deliver` calls the place of spam.
    """

    provider: MailProvider
    deliver: Callable[..., Any]
    delete: Callable[[Any], Any]
    expire_cursors: Callable[[int], None]
    roles: dict[str, FolderRole]
    open_with_junk: Callable[[], MailProvider]
    junk: str = "Junk"
    keys_stay: bool = False

    def folder(self, role: FolderRole = FolderRole.INBOX) -> RemoteFolder:
        folders = self.provider.folders()
        return next((folder for folder in folders if folder.role is role), folders[0])


ROLES = {"INBOX": FolderRole.INBOX, "Sent": FolderRole.SENT}


@pytest.fixture(params=["memory", "dovecot", "gmail", "graph"])
def subject(request):
    if request.param == "memory":
        memory = MemoryMailbox(now=NOW)
        memory.create_folder("Drafts", FolderRole.DRAFTS)
        memory.create_folder("Junk", FolderRole.JUNK)
        with memory.open() as provider:
            renumber = partial(memory.change_uidvalidity, "INBOX")
            with_junk = partial(memory.open, with_junk=True)
            yield Subject(provider, memory.deliver, memory.delete, renumber, ROLES, with_junk)
    elif request.param == "dovecot":
        mailbox: Mailbox = request.getfixturevalue("mailbox")
        with ImapProvider(mailbox.settings, now=lambda: NOW) as provider:
            renumber = partial(mailbox.set_uidvalidity, "INBOX")
            with_junk = partial(ImapProvider, mailbox.settings, with_junk=True, now=lambda: NOW)
            yield Subject(provider, mailbox.deliver, mailbox.delete, renumber, ROLES, with_junk)
    elif request.param == "gmail":
        yield from gmail(request.getfixturevalue("google"))
    else:
        yield from graph(request.getfixturevalue("microsoft"))


def gmail(google: FakeGoogle) -> Iterator[Subject]:
    google.clock.stop(NOW)
    mailbox = google.mailbox("haruka@crm.example")
    tokens = GivenTokens(lambda: google.grant(mailbox.address)["access_token"])

    def deliver(raw: bytes, folder: str = "INBOX", **more: Any) -> str:
        return mailbox.deliver(raw, labels=[folder], **more)

    with_junk = GmailSettings(google.url, mailbox.address, with_junk=True)
    with GmailProvider(GmailSettings(google.url, mailbox.address), tokens, now=lambda: NOW) as provider:
        yield Subject(
            provider,
            deliver,
            mailbox.delete,
            lambda change: mailbox.expire_history(),
            {"Gmail": FolderRole.ALL},
            partial(GmailProvider, with_junk, tokens, now=lambda: NOW),
            junk="SPAM",
            keys_stay=True,
        )


def graph(microsoft: FakeMicrosoft) -> Iterator[Subject]:
    mailbox = GraphMailbox(microsoft, now=NOW)
    with mailbox.open() as provider:
        yield Subject(
            provider,
            mailbox.deliver,
            mailbox.box.purge,
            lambda change: mailbox.box.forget_sync_state(),
            {"INBOX": FolderRole.INBOX, "Sent Items": FolderRole.SENT, "Archive": FolderRole.ARCHIVE},
            partial(mailbox.open, with_junk=True),
            junk="junkemail",
            keys_stay=True,
        )


def mail(number: int, *, sender: str = "ken@client.example", subject: str = "Quote", body: str = "Hello") -> bytes:
    return (
        f"From: Ken Sato <{sender}>\r\nTo: haruka@crm.example\r\nSubject: {subject} {number}\r\n"
        f"Message-ID: <m{number}@client.example>\r\nDate: Fri, 20 Nov 2026 09:00:00 +0000\r\n\r\n{body} {number}\r\n"
    ).encode()


def subjects(envelopes: list[Envelope]) -> list[str]:
    return [envelope.subject for envelope in envelopes]


def read_all_live(subject: Subject, folder: RemoteFolder, cursor: str) -> tuple[list[Envelope], str]:
    found = []
    while True:
        page = subject.provider.live_page(folder, cursor)
        found += page.envelopes
        cursor = page.cursor
        if page.done:
            return found, cursor


def up_to_date(subject: Subject, folder: RemoteFolder, anchor: str = "") -> str:
    """The live cursor of a folder in which everything new was read."""
    return read_all_live(subject, folder, anchor or subject.provider.anchor(folder))[1]


def read_past(
    subject: Subject, folder: RemoteFolder, *, anchor: str = "", since: datetime | None = None, **more: Any
) -> tuple[list[Envelope], str]:
    found, cursor, anchor = [], "", anchor or subject.provider.anchor(folder)
    while True:
        page = subject.provider.backfill_page(folder, cursor, anchor=anchor, since=since, **more)
        found += page.envelopes
        cursor = page.cursor
        if page.done:
            return found, cursor


def test_folders_name_their_roles_and_leave_out_what_is_no_mail(subject):
    roles = {folder.name: folder.role for folder in subject.provider.folders()}
    assert roles == subject.roles


def test_an_empty_folder_has_a_cursor_that_finds_its_first_message(subject):
    inbox = subject.folder()
    cursor = subject.provider.anchor(inbox)
    subject.deliver(mail(1))
    envelopes, _ = read_all_live(subject, inbox, cursor)
    assert subjects(envelopes) == ["Quote 1"]


def test_a_live_page_holds_what_came_since_the_cursor_oldest_first(subject):
    inbox = subject.folder()
    subject.deliver(mail(1))
    cursor = subject.provider.anchor(inbox)
    for number in (2, 3, 4):
        subject.deliver(mail(number))
    envelopes, cursor = read_all_live(subject, inbox, cursor)
    assert subjects(envelopes) == ["Quote 2", "Quote 3", "Quote 4"]
    assert read_all_live(subject, inbox, cursor) == ([], cursor)


def test_the_last_message_is_not_reported_again_when_nothing_is_new(subject):
    inbox = subject.folder()
    subject.deliver(mail(1))
    page = subject.provider.live_page(inbox, subject.provider.anchor(inbox))
    assert (page.envelopes, page.unreadable, page.done) == ([], [], True)


def test_backfill_goes_from_the_anchor_down_newest_first(subject):
    inbox = subject.folder()
    for number in (1, 2, 3):
        subject.deliver(mail(number), received_at=NOW - timedelta(hours=4 - number))
    anchor = subject.provider.anchor(inbox)
    subject.deliver(mail(4))
    envelopes, cursor = read_past(subject, inbox, anchor=anchor)
    assert subjects(envelopes) == ["Quote 3", "Quote 2", "Quote 1"]
    again = subject.provider.backfill_page(inbox, cursor, anchor=anchor, since=None)
    assert (again.done, again.envelopes) == (True, [])


def test_backfill_stops_at_the_window_give_or_take_a_day(subject):
    inbox = subject.folder()
    subject.deliver(mail(1), received_at=NOW - timedelta(days=40))
    subject.deliver(mail(2), received_at=NOW - timedelta(days=10))
    envelopes, _ = read_past(subject, inbox, since=NOW - timedelta(days=30))
    assert subjects(envelopes) == ["Quote 2"]


def test_an_envelope_carries_what_the_decision_needs(subject):
    inbox = subject.folder()
    received_at = datetime(2026, 11, 20, 9, 1, 2, tzinfo=UTC)
    raw = mail(1)
    subject.deliver(raw, received_at=received_at)
    [envelope], _ = read_past(subject, inbox)
    assert envelope.folder_id == inbox.remote_id
    assert envelope.folder_role is FolderRole.INBOX
    assert envelope.received_at == received_at
    assert envelope.sent_at == datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    assert envelope.size == len(raw)
    assert [address.email for address in envelope.participants] == ["ken@client.example", "haruka@crm.example"]
    assert "m1@client.example" in envelope.message_id
    assert not envelope.sent_by_owner


def test_only_the_sent_folder_attests_that_the_owner_sent_it(subject):
    subject.deliver(mail(1, sender="haruka@crm.example"))
    subject.deliver(mail(2, sender="haruka@crm.example"), "Sent")
    attested: dict[str, bool] = {}
    for role in (FolderRole.INBOX, FolderRole.SENT):
        folder = subject.folder(role)
        envelopes, _ = read_past(subject, folder)
        attested |= {envelope.subject: envelope.sent_by_owner for envelope in envelopes}
    assert attested == {"Quote 1": False, "Quote 2": True}


def test_unchanged_names_exactly_the_folders_with_nothing_new(subject):
    cursors = {folder.remote_id: up_to_date(subject, folder) for folder in subject.provider.folders()}
    assert subject.provider.unchanged(cursors) == set(cursors)
    subject.deliver(mail(1))
    inbox = subject.folder().remote_id
    others = cursors.keys() - {inbox}
    assert subject.provider.unchanged(cursors) == others
    assert subject.provider.unchanged({**cursors, "No such folder": cursors[inbox]}) == others
    assert subject.provider.unchanged({}) == set()


def test_bodies_come_byte_for_byte_and_only_those_that_are_there(subject):
    inbox = subject.folder()
    raws = {number: mail(number) for number in (1, 2, 3)}
    files = {number: subject.deliver(raw) for number, raw in raws.items()}
    envelopes, _ = read_past(subject, inbox)
    remote_ids = {envelope.subject[-1]: envelope.remote_id for envelope in envelopes}
    subject.delete(files[2])
    bodies = {
        one.remote_id: (one.raw, one.partial) for one in subject.provider.bodies(inbox, list(remote_ids.values()))
    }
    assert bodies == {remote_ids["1"]: (raws[1], False), remote_ids["3"]: (raws[3], False)}


def test_named_envelopes_come_without_those_that_are_gone(subject):
    inbox = subject.folder()
    files = [subject.deliver(mail(number)) for number in (1, 2)]
    envelopes, _ = read_past(subject, inbox)
    subject.delete(files[0])
    with_gone, unreadable = subject.provider.envelopes(inbox, [envelope.remote_id for envelope in envelopes])
    assert (subjects(with_gone), unreadable) == (["Quote 2"], [])
    assert subject.provider.envelopes(inbox, []) == ([], [])


def test_remote_ids_are_those_of_the_envelopes(subject):
    inbox = subject.folder()
    subject.deliver(mail(1), received_at=NOW - timedelta(days=40))
    subject.deliver(mail(2), received_at=NOW)
    envelopes, _ = read_past(subject, inbox)
    keys = {envelope.subject: envelope.remote_id for envelope in envelopes}
    assert subject.provider.remote_ids(inbox, since=None) == {keys["Quote 1"], keys["Quote 2"]}
    assert subject.provider.remote_ids(inbox, since=NOW - timedelta(days=5)) == {keys["Quote 2"]}


def test_after_a_survey_everything_is_as_without_one(subject):
    inbox, since = subject.folder(), NOW - timedelta(days=30)
    gone = RemoteFolder("Nowhere", "Nowhere", FolderRole.OTHER)
    subject.deliver(mail(1), received_at=NOW - timedelta(days=40))
    subject.deliver(mail(2))
    subject.provider.survey([gone, inbox], since=since)
    subject.deliver(mail(3))
    with pytest.raises(FolderGone):
        subject.provider.anchor(gone)
    anchor = subject.provider.anchor(inbox)
    found = [*read_past(subject, inbox, anchor=anchor, since=since)[0], *read_all_live(subject, inbox, anchor)[0]]
    assert {*subjects(found)} == {"Quote 2", "Quote 3"}
    keys = {envelope.remote_id for envelope in found}
    subject.provider.survey([inbox, gone], since=since)
    assert subject.provider.remote_ids(inbox, since=since) == keys
    subject.provider.survey([inbox], since=since)
    assert len(subject.provider.remote_ids(inbox, since=None)) == 3


@pytest.mark.parametrize("change", [7, -7])
def test_cursors_that_name_no_place_any_more_are_expired_and_all_is_found_again(subject, change):
    inbox = subject.folder()
    subject.deliver(mail(1))
    anchor = subject.provider.anchor(inbox)
    live_cursor = up_to_date(subject, inbox, anchor)
    [before], cursor = read_past(subject, inbox, anchor=anchor)
    subject.provider.close()
    subject.expire_cursors(change)
    assert subject.provider.unchanged({inbox.remote_id: live_cursor}) == set()
    with pytest.raises(CursorExpired):
        subject.provider.live_page(inbox, live_cursor)
    if not subject.keys_stay:
        assert_old_keys_are_refused(subject, inbox, anchor, cursor, before)
    [after], _ = read_past(subject, inbox)
    assert after.subject == "Quote 1"
    assert (after.remote_id == before.remote_id) is subject.keys_stay
    assert after.fingerprint == before.fingerprint


def assert_old_keys_are_refused(subject, folder, anchor, cursor, envelope):
    for call in (
        lambda: subject.provider.backfill_page(folder, "", anchor=anchor, since=None),
        lambda: subject.provider.backfill_page(folder, cursor, anchor=anchor, since=None),
        lambda: subject.provider.envelopes(folder, [envelope.remote_id]),
        lambda: list(subject.provider.bodies(folder, [envelope.remote_id])),
    ):
        with pytest.raises(CursorExpired):
            call()


def test_a_cursor_nobody_made_is_expired(subject):
    inbox = subject.folder()
    for call in (
        lambda: subject.provider.live_page(inbox, "nonsense"),
        lambda: subject.provider.backfill_page(inbox, "nonsense", anchor="nonsense", since=None),
    ):
        with pytest.raises(CursorExpired):
            call()


def test_a_folder_that_is_gone_says_so_and_the_others_go_on(subject):
    gone = RemoteFolder("Nowhere", "Nowhere", FolderRole.OTHER)
    for call in (
        lambda: subject.provider.anchor(gone),
        lambda: subject.provider.remote_ids(gone, since=None),
        lambda: list(subject.provider.bodies(gone, ["1:1"])),
    ):
        with pytest.raises(FolderGone):
            call()
    assert subject.provider.anchor(subject.folder())


def test_search_finds_by_message_id_address_and_text_newest_first(subject):
    inbox = subject.folder()
    subject.deliver(mail(1, body="invoice"))
    subject.deliver(mail(2, sender="mari@other.example"))
    subject.deliver(mail(3, body="The invoice again"))
    search = subject.provider.search
    assert subjects(search(inbox, SearchQuery())) == ["Quote 3", "Quote 2", "Quote 1"]
    assert subjects(search(inbox, SearchQuery(limit=1))) == ["Quote 3"]
    assert subjects(search(inbox, SearchQuery(text="invoice"))) == ["Quote 3", "Quote 1"]
    assert subjects(search(inbox, SearchQuery(address="mari@other.example"))) == ["Quote 2"]
    assert subjects(search(inbox, SearchQuery(message_id="<m2@client.example>"))) == ["Quote 2"]


def test_search_understands_japanese(subject):
    inbox = subject.folder()
    header = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
    subject.deliver(b"Subject: A\r\n" + header.encode() + "\r\nお見積りの件\r\n".encode())
    subject.deliver(b"Subject: B\r\n" + header.encode() + "\r\n請求書\r\n".encode())
    assert subjects(subject.provider.search(inbox, SearchQuery(text="見積"))) == ["A"]


def encoded(subject: str, charset: str, number: int, sender: str = "a@x.example") -> bytes:
    header = Header(subject, charset).encode()
    return f"From: {sender}\r\nSubject: {header}\r\nMessage-ID: <e{number}@x>\r\n\r\n\r\n".encode()


def test_search_finds_subjects_and_names_however_they_are_encoded(subject):
    inbox = subject.folder()
    subject.deliver(encoded("お見積りの件", "utf-8", 1))
    subject.deliver(
        encoded("お見積りの件", "iso-2022-jp", 2, sender=f"{Header('田中', 'utf-8').encode()} <t@y.example>")
    )
    subject.deliver(mail(3))
    search = subject.provider.search
    assert len(search(inbox, SearchQuery(subject="見積"))) == 2
    assert subjects(search(inbox, SearchQuery(subject="quote"))) == ["Quote 3"]
    assert [one.message_id for one in search(inbox, SearchQuery(address="田中", subject="見積"))] == ["<e2@x>"]
    assert search(inbox, SearchQuery(subject="Hello")) == []  # a body is not a subject


def test_search_keeps_to_a_period_give_or_take_a_day(subject):
    inbox = subject.folder()
    for number, days in ((1, 20), (2, 10), (3, 0)):
        subject.deliver(mail(number), received_at=NOW - timedelta(days=days))
    search = subject.provider.search
    assert subjects(search(inbox, SearchQuery(since=NOW - timedelta(days=12)))) == ["Quote 3", "Quote 2"]
    assert subjects(search(inbox, SearchQuery(until=NOW - timedelta(days=5)))) == ["Quote 2", "Quote 1"]
    period = SearchQuery(since=NOW - timedelta(days=12), until=NOW - timedelta(days=5))
    assert subjects(search(inbox, period)) == ["Quote 2"]


def test_search_goes_on_below_where_it_ended(subject):
    inbox = subject.folder()
    keys = [subject.deliver(mail(number)) for number in range(5)]
    first = subject.provider.search(inbox, SearchQuery(limit=2))
    second = subject.provider.search(inbox, SearchQuery(limit=2, below=first[-1].remote_id))
    third = subject.provider.search(inbox, SearchQuery(limit=2, below=second[-1].remote_id))
    assert [subjects(part) for part in (first, second, third)] == [
        ["Quote 4", "Quote 3"],
        ["Quote 2", "Quote 1"],
        ["Quote 0"],
    ]
    assert subject.provider.search(inbox, SearchQuery(below=third[-1].remote_id)) == []

    subject.provider.close()
    if subject.keys_stay:
        subject.delete(keys[3])
    else:
        subject.expire_cursors(1)
    with pytest.raises(CursorExpired):
        subject.provider.search(inbox, SearchQuery(below=first[-1].remote_id))


def test_drafts_junk_and_trash_can_be_searched_too_and_come_last(subject):
    subject.deliver(mail(1))
    folders, inbox = subject.provider.searchable_folders(), subject.folder()
    assert [folder.role for folder in folders if folder == inbox or folder.role is FolderRole.DRAFTS] == [
        inbox.role,
        FolderRole.DRAFTS,
    ]
    assert subject.provider.search(folders[-1], SearchQuery()) == []


def test_spam_is_read_only_where_that_was_asked_for(subject):
    def everything(provider: MailProvider) -> dict[str, Envelope]:
        found: dict[str, Envelope] = {}
        for folder in provider.folders():
            anchor = provider.anchor(folder)
            page = provider.backfill_page(folder, "", anchor=anchor, since=None)
            while not page.done:
                found |= {one.subject: one for one in page.envelopes}
                page = provider.backfill_page(folder, page.cursor, anchor=anchor, since=None)
            found |= {one.subject: one for one in page.envelopes}
            assert len(provider.remote_ids(folder, since=None)) == len(
                [one for one in found.values() if one.folder_role is folder.role or folder.role is FolderRole.ALL]
            )
        return found

    def roles(found: dict[str, Envelope]) -> dict[str, FolderRole]:
        return {subject: one.folder_role for subject, one in found.items()}

    subject.deliver(mail(1))
    subject.deliver(mail(2), subject.junk)
    subject.deliver(b"X-Spam-Flag: YES\r\n" + mail(3))

    inbox = {"Quote 1": FolderRole.INBOX, "Quote 3": FolderRole.INBOX}
    assert roles(everything(subject.provider)) == inbox
    with subject.open_with_junk() as provider:
        found = everything(provider)
    assert roles(found) == inbox | {"Quote 2": FolderRole.JUNK}
    assert {subject for subject, one in found.items() if one.is_spam} == {"Quote 3"}
