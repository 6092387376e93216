"""The provider against a real server: what it costs, what it leaves untouched, and how it lives through an ordinary mailbox's life."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from imapclient import imap_utf7

from inboxes.envelope import FolderRole
from inboxes.providers.base import FolderGone, ProviderError, ReconnectRequired, TemporarilyUnavailable
from inboxes.providers.imap import ImapProvider
from inboxes.providers.network import Security

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def mail(number: int, *, body: str = "Hello") -> bytes:
    return (
        f"From: Ken <ken@client.example>\r\nTo: haruka@crm.example\r\nSubject: Mail {number}\r\n"
        f"Message-ID: <m{number}@client.example>\r\n\r\n{body}\r\n"
    ).encode()


def read_everything(provider, *, bodies=False):
    """All folders' pasts, as a first sync would read them: (folder, subject) of each message."""
    found = []
    for folder in provider.folders():
        anchor, cursor = provider.anchor(folder), ""
        while True:
            page = provider.backfill_page(folder, cursor, anchor=anchor, since=None)
            found += [(folder.name, envelope.subject) for envelope in page.envelopes]
            if bodies:
                assert len(list(provider.bodies(folder, [one.remote_id for one in page.envelopes]))) == len(
                    page.envelopes
                )
            cursor = page.cursor
            if page.done:
                break
    return found


@pytest.fixture
def provider(mailbox):
    with ImapProvider(mailbox.settings, now=lambda: NOW) as opened:
        yield opened


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr("inboxes.providers.imap.provider.PAGE_MESSAGES", 7)
    monkeypatch.setattr("inboxes.providers.imap.provider.HEADERS_PER_COMMAND", 4)
    monkeypatch.setattr("inboxes.providers.imap.provider.BODIES_PER_COMMAND", 3)


def test_a_whole_sync_leaves_the_mailbox_byte_for_byte_as_it_was(mailbox, provider, dovecot, small_pages):
    for number in range(1, 31):
        mailbox.deliver(mail(number), "Sent" if number % 3 else "INBOX", flags="S" if number % 2 else "")
    with mailbox.other_program() as program:
        program.select("INBOX")
        program.select("Sent")
    before = mailbox.fingerprint()
    dovecot.forget_commands()
    found = read_everything(provider, bodies=True)
    folder = provider.folders()[0]
    provider.remote_ids(folder, since=None)
    provider.live_page(folder, provider.anchor(folder))
    provider.close()
    assert len(before) == 30
    assert mailbox.fingerprint() == before
    assert len(found) == len(set(found)) == 30
    changing = (
        "SELECT",
        "STORE",
        "UID STORE",
        "EXPUNGE",
        "APPEND",
        "COPY",
        "UID COPY",
        "MOVE",
        "UID MOVE",
        "DELETE",
        "RENAME",
        "CLOSE",
    )
    assert [command for command in dovecot.commands() if command.startswith(changing)] == []


def test_reading_headers_fetches_no_body_and_needs_few_commands(mailbox, provider, dovecot):
    for number in range(1, 61):
        mailbox.deliver(mail(number))
    read_everything(provider)
    provider.close()
    fetches = [command for command in dovecot.commands() if "FETCH" in command]
    assert len(fetches) == 1
    assert [command for command in fetches if "BODY[" in command or "BODY.PEEK[]" in command or "TEXT" in command] == []


def test_pages_and_windows_hand_out_every_message_once_and_in_order(mailbox, provider, small_pages):
    for number in range(1, 41):
        mailbox.deliver(mail(number))
    inbox = provider.folders()[0]
    start = provider.anchor(inbox)
    past, cursor, pages = [], "", 0
    while True:
        page = provider.backfill_page(inbox, cursor, anchor=start, since=None)
        past += [int(one.remote_id.partition(":")[2]) for one in page.envelopes]
        cursor, pages = page.cursor, pages + 1
        assert page.remaining == 40 - len(past)
        if page.done:
            break
    assert (past, pages) == (list(range(40, 0, -1)), 6)
    live, cursor = [], f"v1:{start.split(':')[1]}:1"
    while True:
        page = provider.live_page(inbox, cursor)
        live += [int(one.remote_id.partition(":")[2]) for one in page.envelopes]
        cursor = page.cursor
        if page.done:
            break
    assert (live, cursor) == (list(range(1, 41)), start)


def test_a_page_can_be_taken_up_by_another_worker_with_the_cursor_alone(mailbox, small_pages):
    for number in range(1, 21):
        mailbox.deliver(mail(number))
    with ImapProvider(mailbox.settings) as first:
        inbox = first.folders()[0]
        anchor = first.anchor(inbox)
        page = first.backfill_page(inbox, "", anchor=anchor, since=None)
    seen, cursor = [one.subject for one in page.envelopes], page.cursor
    while not page.done:
        with ImapProvider(mailbox.settings) as another:
            page = another.backfill_page(inbox, cursor, anchor=anchor, since=None)
            seen, cursor = seen + [one.subject for one in page.envelopes], page.cursor
    assert seen == [f"Mail {number}" for number in range(20, 0, -1)]


def test_mail_that_comes_while_the_past_is_read_is_found_by_the_live_track(mailbox, provider, small_pages):
    for number in range(1, 11):
        mailbox.deliver(mail(number))
    inbox = provider.folders()[0]
    anchor = provider.anchor(inbox)
    page = provider.backfill_page(inbox, "", anchor=anchor, since=None)
    mailbox.deliver(mail(11))
    rest = provider.backfill_page(inbox, page.cursor, anchor=anchor, since=None)
    live = provider.live_page(inbox, anchor)
    subjects = [one.subject for one in (*page.envelopes, *rest.envelopes, *live.envelopes)]
    assert sorted(subjects) == sorted(f"Mail {number}" for number in range(1, 12))


def test_deleted_messages_leave_gaps_that_are_no_failures(mailbox, provider):
    files = [mailbox.deliver(mail(number)) for number in range(1, 7)]
    inbox = provider.folders()[0]
    anchor = provider.anchor(inbox)
    provider.close()
    for number in (0, 3):
        mailbox.delete(files[number])
    page = provider.backfill_page(inbox, "", anchor=anchor, since=None)
    assert [one.subject for one in page.envelopes] == ["Mail 6", "Mail 5", "Mail 3", "Mail 2"]
    assert page.unreadable == []


def test_fifty_unchanged_folders_cost_one_status_each_and_few_bytes(mailbox, provider, dovecot):
    for number in range(50):
        mailbox.deliver(mail(number), f"Project {number}")
    cursors = {folder.remote_id: provider.anchor(folder) for folder in provider.folders()}
    provider.close()
    dovecot.forget_commands()
    assert provider.unchanged(cursors) == set(cursors)
    received = provider._session.connection.wire.received
    provider.close()
    commands = [command for command in dovecot.commands() if command != "LOGOUT"]  # nobody waits for that answer
    assert len(cursors) == 52
    assert sorted(command.split(" ")[0] for command in commands) == ["ID", *["STATUS"] * 52]
    # The sign-in included: 2 KB and 200 bytes for each folder.
    assert received < 4_000 + 200 * 52


def test_a_renamed_folder_is_gone_under_its_old_name_and_there_under_the_new(mailbox, provider):
    mailbox.deliver(mail(1), "Old")
    old = next(folder for folder in provider.folders() if folder.name == "Old")
    provider.close()
    mailbox.rename_folder("Old", "New")
    with pytest.raises(FolderGone):
        provider.anchor(old)
    assert [folder.name for folder in provider.folders() if folder.role is FolderRole.OTHER] == ["New"]


def test_a_folder_deleted_while_it_is_open_does_not_hold_up_the_others(mailbox, provider):
    mailbox.deliver(mail(1), "Doomed")
    mailbox.deliver(mail(2))
    doomed = next(folder for folder in provider.folders() if folder.name == "Doomed")
    anchor = provider.anchor(doomed)
    with mailbox.other_program() as program:
        program.delete("Doomed")
    with pytest.raises((FolderGone, TemporarilyUnavailable)):
        provider.backfill_page(doomed, "", anchor=anchor, since=None)
    assert read_everything(provider) == [("INBOX", "Mail 2")]


def test_folders_in_japanese_have_their_names_and_roles(mailbox, provider):
    for name in ("見積もり", "送信箱", "迷惑メール", "顧客/A社"):
        mailbox.deliver(mail(1), "/".join(imap_utf7.encode(part).decode() for part in name.split("/")))
    names = {folder.name: folder.role for folder in provider.folders()}
    # Dovecot marks its own Sent folder, so a folder of such a name is only a folder; spam is never mail.
    assert names == {
        "INBOX": FolderRole.INBOX,
        "Sent": FolderRole.SENT,
        "見積もり": FolderRole.OTHER,
        "送信箱": FolderRole.OTHER,
        "顧客/A社": FolderRole.OTHER,
    }
    labels = {
        folder.name: provider.backfill_page(folder, "", anchor=provider.anchor(folder), since=None).envelopes
        for folder in provider.folders()
    }
    assert [one.labels for one in labels["顧客/A社"]] == [frozenset({"顧客/A社"})]


def test_flags_changed_by_another_program_are_not_taken_for_messages(mailbox, provider):
    for number in range(1, 6):
        mailbox.deliver(mail(number))
    inbox = provider.folders()[0]
    anchor = provider.anchor(inbox)
    with mailbox.other_program() as program:
        program.select("INBOX")
        program.store("1:5", "+FLAGS", "(\\Flagged Important)")
        page = provider.backfill_page(inbox, "", anchor=anchor, since=None)
    assert [one.subject for one in page.envelopes] == [f"Mail {number}" for number in range(5, 0, -1)]


def test_a_draft_outside_the_drafts_folder_is_known_by_its_flag(mailbox, provider):
    mailbox.deliver(mail(1), flags="D")
    inbox = provider.folders()[0]
    page = provider.backfill_page(inbox, "", anchor=provider.anchor(inbox), since=None)
    assert [one.is_draft for one in page.envelopes] == [True]


def test_a_file_the_server_cannot_read_costs_only_itself(mailbox, provider):
    """A size in the file name that is not the file's: Dovecot ends the connection when the body is asked for."""
    good = [mailbox.deliver(mail(number)) for number in (1, 2, 3)]
    broken = good[1].with_name(good[1].name + ",S=99999,W=99999")
    good[1].rename(broken)
    inbox = provider.folders()[0]
    page = provider.backfill_page(inbox, "", anchor=provider.anchor(inbox), since=None)
    keys = {one.remote_id: one.subject for one in page.envelopes} | {
        one.remote_id: one.reason for one in page.unreadable
    }
    assert len(keys) == 3
    got = {keys[one.remote_id] for one in provider.bodies(inbox, list(keys))}
    assert {"Mail 1", "Mail 3"} <= got


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS, Security.NONE])
def test_every_kind_of_encryption_reads_the_same_mailbox(dovecot, mailbox, security):
    mailbox.deliver(mail(1))
    with ImapProvider(dovecot.settings(mailbox.user, security=security)) as opened:
        assert read_everything(opened) == [("INBOX", "Mail 1")]


def test_a_server_that_stops_for_a_while_is_picked_up_where_it_was_left(mailbox, provider, dovecot):
    mailbox.deliver(mail(1))
    inbox = provider.folders()[0]
    cursor = provider.anchor(inbox)
    dovecot.stop()
    try:
        for _ in range(2):
            with pytest.raises(TemporarilyUnavailable):
                provider.live_page(inbox, cursor)
    finally:
        dovecot.start()
    mailbox.deliver(mail(2))
    assert [one.subject for one in provider.live_page(inbox, cursor).envelopes] == ["Mail 2"]


def test_a_changed_password_is_refused_and_nothing_else(mailbox, dovecot):
    old = mailbox.settings
    dovecot.set_password(mailbox.user, "another one")
    with pytest.raises(ReconnectRequired), ImapProvider(old) as provider:
        provider.folders()
    with ImapProvider(mailbox.settings) as provider:
        assert provider.folders()


def test_every_cursor_of_a_life_grows(mailbox, provider, small_pages):
    inbox = provider.folders()[0]
    cursors = [provider.anchor(inbox)]
    for number in range(1, 13):
        mailbox.deliver(mail(number))
        cursors.append(provider.live_page(inbox, cursors[-1]).cursor)
    uids = [int(cursor.split(":")[2]) for cursor in cursors]
    assert all(before <= after for before, after in pairwise(uids))
    assert uids[-1] - uids[0] == 12


def test_a_password_with_every_printable_character_signs_in(dovecot, mailbox):
    dovecot.set_password(mailbox.user, 'a"b\\c ()%*{}見é')
    try:
        with ImapProvider(mailbox.settings) as provider:
            assert provider.folders()
    except ProviderError as error:
        pytest.fail(f"{error.cause} {error.detail}")
