"""The faults that tests of the engine ask of the mailbox in memory."""

import pytest

from inboxes.envelope import FolderRole
from inboxes.providers.base import CursorExpired, FolderGone, RateLimited, RemoteFolder, TemporarilyUnavailable
from inboxes.providers.memory import MemoryMailbox

INBOX = RemoteFolder("INBOX", "INBOX", FolderRole.INBOX)


@pytest.fixture
def mailbox():
    made = MemoryMailbox(page_messages=3)
    for number in range(1, 8):
        made.deliver(b"Subject: Mail %d\r\n\r\nHello" % number)
    return made


def test_a_planned_failure_happens_once_at_the_planned_call(mailbox):
    provider = mailbox.open()
    mailbox.fail("live_page", RateLimited(retry_after=5), at=2)
    cursor = provider.live_page(INBOX, "1000:1").cursor
    with pytest.raises(RateLimited):
        provider.live_page(INBOX, cursor)
    assert [one.subject for one in provider.live_page(INBOX, cursor).envelopes] == ["Mail 4", "Mail 5", "Mail 6"]


def test_a_failure_can_be_planned_for_any_call_and_in_the_middle_of_a_stream(mailbox):
    provider = mailbox.open()
    mailbox.fail("any", TemporarilyUnavailable("connection_lost"))
    with pytest.raises(TemporarilyUnavailable):
        provider.folders()
    mailbox.fail("body", TemporarilyUnavailable("connection_lost"), at=3)
    got = []
    with pytest.raises(TemporarilyUnavailable):
        got.extend(one.remote_id for one in provider.bodies(INBOX, ["1000:1", "1000:2", "1000:3"]))
    assert sorted(mailbox.body_bytes) == ["1000:1", "1000:2"]


def test_a_standing_fault_lasts_until_it_is_lifted(mailbox):
    mailbox.standing_fault = TemporarilyUnavailable("unreachable")
    provider = mailbox.open()
    for call in (provider.folders, lambda: provider.anchor(INBOX)):
        with pytest.raises(TemporarilyUnavailable):
            call()
    mailbox.standing_fault = None
    assert provider.anchor(INBOX) == "1000:8"


def test_bodies_are_counted_by_message(mailbox):
    list(mailbox.open().bodies(INBOX, ["1000:2"]))
    assert dict(mailbox.body_bytes) == {"1000:2": len(b"Subject: Mail 2\r\n\r\nHello")}
    assert mailbox.calls["bodies"] == 1


def test_a_spoiled_message_is_reported_and_heals(mailbox):
    provider = mailbox.open()
    mailbox.spoil("1000:1")
    mailbox.spoil("1000:2", fault="missing")
    page = provider.live_page(INBOX, "1000:1")
    assert [(one.remote_id, one.reason) for one in page.unreadable] == [
        ("1000:1", "refused_by_server"),
        ("1000:2", "not_returned"),
    ]
    mailbox.spoil("1000:1", fault="")
    assert [one.subject for one in provider.envelopes(INBOX, ["1000:1"])[0]] == ["Mail 1"]


def test_a_moved_message_has_another_key_and_the_same_fingerprint(mailbox):
    mailbox.create_folder("Projects")
    mailbox.deliver(b"Message-ID: <a@b>\r\nSubject: Moved\r\n\r\n")
    provider = mailbox.open()
    before = provider.envelopes(INBOX, ["1000:8"])[0][0]
    moved = mailbox.move("1000:8", "INBOX", "Projects")
    after = provider.envelopes(RemoteFolder("Projects", "Projects", FolderRole.OTHER), [moved])[0][0]
    assert (before.fingerprint, provider.envelopes(INBOX, ["1000:8"])[0]) == (after.fingerprint, [])
    assert after.labels == {"Projects"}


def test_renamed_renumbered_and_deleted_folders_behave_like_a_servers(mailbox):
    provider = mailbox.open()
    mailbox.rename_folder("Sent", "Gesendet")
    assert [folder.name for folder in provider.folders()] == ["INBOX", "Gesendet"]
    mailbox.delete("1000:1")
    mailbox.change_uidvalidity("INBOX", -1)
    with pytest.raises(CursorExpired):
        provider.live_page(INBOX, "1000:1")
    assert provider.anchor(INBOX) == "999:7"
    mailbox.delete_folder("INBOX")
    with pytest.raises(FolderGone):
        provider.anchor(INBOX)


def test_a_message_over_the_limit_comes_in_part(mailbox):
    key = mailbox.deliver(b"Subject: Big\r\n\r\n" + b"x" * (36 * 1024 * 1024))
    (body,) = mailbox.open().bodies(INBOX, [key])
    assert (len(body.raw), body.partial) == (320 * 1024, True)
