"""New mail at Graph: rounds of delta, with everything they are known to do."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from werkzeug.wrappers import Response

from crm_project.demo.microsoft import faults
from inboxes.envelope import Envelope, FolderRole
from inboxes.marks import DEFAULT_NAMES
from inboxes.providers.base import (
    ClientMisconfigured,
    CursorExpired,
    FolderGone,
    Page,
    RateLimited,
    RemoteFolder,
    TemporarilyUnavailable,
    Unreadable,
)
from inboxes.providers.graph.provider import GraphProvider
from tests.fakes.graph_mailbox import GraphMailbox, mail

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.fixture
def mailbox(microsoft) -> GraphMailbox:
    return GraphMailbox(microsoft, now=NOW)


@pytest.fixture
def provider(mailbox) -> Iterator[GraphProvider]:
    with mailbox.open() as provider:
        yield provider


@pytest.fixture
def inbox(mailbox, provider) -> RemoteFolder:
    folder = next(folder for folder in provider.folders() if folder.role is FolderRole.INBOX)
    mailbox.requests()
    return folder


def read(provider: GraphProvider, folder: RemoteFolder, cursor: str) -> tuple[list[str], list[str], str]:
    """(subjects, touched, cursor) of all pages there are for now."""
    envelopes: list[Envelope] = []
    touched: list[str] = []
    while True:
        page = provider.live_page(folder, cursor)
        assert page.cursor != cursor or page.done
        envelopes += page.envelopes
        touched += page.touched
        cursor = page.cursor
        if page.done:
            return [envelope.subject for envelope in envelopes], touched, cursor


def settled(provider: GraphProvider, folder: RemoteFolder) -> str:
    return read(provider, folder, provider.anchor(folder))[2]


def test_a_poll_without_news_is_one_request_for_each_folder_and_nothing_else(mailbox, provider):
    folders = provider.folders()
    mailbox.deliver(mail(1))
    cursors = {folder.remote_id: settled(provider, folder) for folder in folders}
    provider.unchanged(cursors)
    marks = {folder: provider.marks(folder, "", DEFAULT_NAMES).cursor for folder in folders}
    mailbox.requests()
    assert provider.unchanged(cursors) == set(cursors)
    assert [provider.marks(folder, marks[folder], DEFAULT_NAMES) for folder in folders] == [None] * len(folders)
    asked = mailbox.requests()
    assert len(asked) == len(folders)
    assert all(request.endswith("/messages/delta") for request in asked)


def test_what_the_poll_has_seen_is_not_asked_for_again(mailbox, provider, inbox):
    cursor = settled(provider, inbox)
    mailbox.deliver(mail(1))
    mailbox.requests()
    assert provider.unchanged({inbox.remote_id: cursor}) == set()
    assert read(provider, inbox, cursor)[0] == ["Quote 1"]
    assert [
        request.rpartition("/")[2] for request in mailbox.requests() if "POST" in request or "delta" in request
    ] == [
        "delta",
        "$batch",
    ]


def test_the_first_rounds_leave_out_what_was_there_before_and_miss_nothing_that_came_after(mailbox, provider, inbox):
    for number in range(520):
        mailbox.deliver(mail(number))
    anchor = provider.anchor(inbox)
    mailbox.deliver(mail(1001))
    first = provider.live_page(inbox, anchor)
    assert ([one.subject for one in first.envelopes], first.done) == (["Quote 1001"], False)
    mailbox.deliver(mail(1002))
    subjects, touched, cursor = read(provider, inbox, first.cursor)
    assert (subjects, touched) == ([], [])  # what came during a round is told in the next
    assert read(provider, inbox, cursor)[:2] == (["Quote 1002"], [])


def test_a_folder_that_was_empty_shows_all_that_comes(mailbox, provider, inbox):
    anchor = provider.anchor(inbox)
    mailbox.deliver(mail(1), received_at=NOW - timedelta(days=900))
    assert read(provider, inbox, anchor)[0] == ["Quote 1"]


def test_rows_that_say_little_are_for_whoever_knows_what_was_handled(microsoft, mailbox, provider, inbox):
    seen, other = mailbox.deliver(mail(1)), mailbox.deliver(mail(2))
    cursor = settled(provider, inbox)
    microsoft.faults.delta.thin_updates = True
    mailbox.box.mark_read(seen)
    mailbox.box.categorise(other, add=["CRM/Log"])
    mailbox.requests()
    subjects, touched, _ = read(provider, inbox, cursor)
    assert (subjects, sorted(touched)) == ([], sorted([seen, other]))
    assert len(mailbox.requests()) == 1


def test_old_mail_that_is_moved_here_is_touched_and_new_mail_is_shown(mailbox, provider, inbox):
    mailbox.deliver(mail(1))
    old = mailbox.deliver(mail(2), "Archive", received_at=NOW - timedelta(days=400))
    cursor = settled(provider, inbox)
    mailbox.box.move(old, "inbox")
    mailbox.deliver(mail(3))
    subjects, touched, _ = read(provider, inbox, cursor)
    assert (subjects, touched) == (["Quote 3"], [old])
    assert [one.subject for one in provider.envelopes(inbox, touched)[0]] == ["Quote 2"]


def test_a_row_that_is_told_twice_counts_once(microsoft, mailbox, provider, inbox):
    cursor = settled(provider, inbox)
    microsoft.faults.delta.repeats = True
    for number in (1, 2):
        mailbox.deliver(mail(number))
    assert read(provider, inbox, cursor)[0] == ["Quote 1", "Quote 2"]


def test_removed_means_not_here_and_nothing_else(mailbox, provider, inbox):
    gone, moved = mailbox.deliver(mail(1)), mailbox.deliver(mail(2))
    cursor = settled(provider, inbox)
    mailbox.box.purge(gone)
    mailbox.box.move(moved, "archive")
    page = provider.live_page(inbox, cursor)
    assert (page.envelopes, page.touched, page.unreadable, page.done) == ([], [], [], True)


def test_a_message_that_leaves_and_comes_back_is_still_here_though_it_was_told_as_removed(
    microsoft, mailbox, provider, inbox
):
    key = mailbox.deliver(mail(1))
    cursor = settled(provider, inbox)
    microsoft.faults.delta.forgets_returns = True
    mailbox.box.move(key, "archive")
    mailbox.box.move(key, "inbox")
    page = provider.live_page(inbox, cursor)
    assert (page.envelopes, page.touched) == ([], [])
    assert provider.remote_ids(inbox, since=None) == {key}
    assert [one.remote_id for one in provider.envelopes(inbox, [key])[0]] == [key]


def test_a_message_keeps_its_key_wherever_it_goes_and_is_read_where_it_lies(mailbox, provider, inbox):
    archive = next(folder for folder in provider.folders() if folder.role is FolderRole.ARCHIVE)
    cursor = settled(provider, archive)
    key = mailbox.deliver(mail(1))
    mailbox.box.move(key, "archive")
    assert provider.envelopes(inbox, [key]) == ([], [])
    page = provider.live_page(archive, cursor)
    assert [one.remote_id for one in page.envelopes] == [key]


def test_a_message_of_another_folder_is_not_shown_here_even_if_graph_does(microsoft, mailbox, provider, inbox):
    key = mailbox.deliver(mail(1))
    row = {"id": key, "parentFolderId": mailbox.box.folder("archive").id, "receivedDateTime": "2026-11-20T09:30:00Z"}
    microsoft.faults.add(answers(row), path=part_of(key))
    assert provider.envelopes(inbox, [key]) == ([], [])
    assert len(provider.envelopes(inbox, [key])[0]) == 1


def test_empty_pages_lead_on(microsoft, mailbox, provider, inbox):
    cursor = settled(provider, inbox)
    microsoft.faults.delta.empty_pages = 2
    mailbox.deliver(mail(1))
    assert provider.unchanged({inbox.remote_id: cursor}) == set()
    assert read(provider, inbox, cursor)[0] == ["Quote 1"]


@pytest.mark.parametrize(
    ("status", "code"), [(410, "SyncStateNotFound"), (410, "resyncRequired"), (400, "SyncStateNotFound")]
)
@pytest.mark.parametrize("kind", ["next", "delta"])
def test_links_that_died_say_so(microsoft, mailbox, provider, inbox, kind, status, code):
    microsoft.faults.delta.lost_status, microsoft.faults.delta.lost_code = status, code
    cursor = settled(provider, inbox)
    if kind == "next":
        microsoft.faults.delta.empty_pages = 1
        cursor = provider.live_page(inbox, cursor).cursor
    mailbox.deliver(mail(1))
    mailbox.box.forget_sync_state(kind)
    assert provider.unchanged({inbox.remote_id: cursor}) == set()
    with pytest.raises(CursorExpired):
        provider.live_page(inbox, cursor)


def test_one_folder_that_died_does_not_hide_the_others(mailbox, provider, inbox):
    folders = provider.folders()
    cursors = {folder.remote_id: settled(provider, folder) for folder in folders}
    mailbox.box.forget_sync_state("delta")
    cursors[inbox.remote_id] = settled(provider, inbox)
    assert provider.unchanged(cursors) == {inbox.remote_id}


def test_a_link_is_renewed_before_it_grows_too_old(mailbox, provider, inbox):
    cursor = settled(provider, inbox)
    mailbox.now += timedelta(hours=11)
    assert provider.unchanged({inbox.remote_id: cursor}) == {inbox.remote_id}
    mailbox.now += timedelta(hours=2)
    mailbox.requests()
    assert provider.unchanged({inbox.remote_id: cursor}) == set()
    page = provider.live_page(inbox, cursor)
    assert (page.envelopes, page.done, page.cursor == cursor) == ([], True, False)
    assert len(mailbox.requests()) == 1
    assert provider.unchanged({inbox.remote_id: page.cursor}) == {inbox.remote_id}


ELSEWHERE = "http://127.0.0.1:9/v1.0/me/messages/delta?$deltatoken=x"


@pytest.mark.parametrize(
    "link",
    [
        ELSEWHERE,
        "https://graph.microsoft.com.evil.example/",
        "//evil.example/",
        "http://[",
        "{root}@evil.example/",
        # For some parsers a host ends at "\\", for others at "@" only; what counts is where the request would go.
        "http://evil.example\\@{host}/",
    ],
)
def test_a_link_that_leads_elsewhere_is_not_followed_nor_kept(microsoft, mailbox, provider, inbox, link):
    anchor = provider.anchor(inbox)
    link = link.format(root=microsoft.url, host=microsoft.url.removeprefix("http://"))
    body = json.dumps({"value": [], "@odata.deltaLink": link})
    microsoft.faults.add(lambda _: Response(body, content_type="application/json"), path="delta")
    with pytest.raises(ClientMisconfigured) as caught:
        provider.live_page(inbox, anchor)
    assert caught.value.cause == "links_elsewhere"


@pytest.mark.parametrize("link", ["", None, 7])
def test_a_round_without_a_link_behind_it_is_not_believed(microsoft, mailbox, provider, inbox, link):
    anchor = provider.anchor(inbox)
    microsoft.faults.add(answers({"value": [], "@odata.deltaLink": link}), path="delta")
    with pytest.raises(TemporarilyUnavailable) as caught:
        provider.live_page(inbox, anchor)
    assert caught.value.cause == "answer_not_understood"


def test_a_stored_link_is_worth_nothing_once_another_server_is_configured(microsoft, mailbox, provider, inbox):
    cursor = settled(provider, inbox).replace(microsoft.url, "https://graph.microsoft.com")
    mailbox.requests()
    with pytest.raises(CursorExpired):
        provider.live_page(inbox, cursor)
    assert mailbox.requests() == []


def test_a_cursor_of_another_folder_is_expired(provider, inbox):
    other = RemoteFolder("other", "Other", FolderRole.OTHER)
    with pytest.raises(CursorExpired):
        provider.live_page(other, settled(provider, inbox))


def test_a_folder_that_was_deleted_says_so(mailbox, provider):
    mailbox.box.folder("Projects")
    folder = next(folder for folder in provider.folders() if folder.name == "Projects")
    anchor, cursor = provider.anchor(folder), settled(provider, folder)
    mailbox.box.remove_folder("Projects")
    assert provider.unchanged({folder.remote_id: cursor}) == set()
    for at in (anchor, cursor):
        with pytest.raises(FolderGone):
            provider.live_page(folder, at)


def part_of(key: str) -> str:
    return f"/messages/{key}$"


def test_a_pause_in_mid_page_keeps_what_was_read_and_asks_for_nothing_until_it_is_over(
    microsoft, mailbox, provider, inbox
):
    cursor = settled(provider, inbox)
    keys = [mailbox.deliver(mail(number)) for number in range(50)]
    microsoft.faults.add(faults.throttled(30), path=part_of(keys[25]))
    page = provider.live_page(inbox, cursor)
    read_first = [one.subject for one in page.envelopes]
    assert (len(read_first), page.done) == (39, False)  # two batches but for one message
    mailbox.requests()
    with pytest.raises(RateLimited) as caught:
        provider.live_page(inbox, page.cursor)
    assert (caught.value.retry_after, mailbox.requests()) == (30, [])
    mailbox.now += timedelta(seconds=31)
    rest, touched, _ = read(provider, inbox, page.cursor)
    assert sorted([*read_first, *rest]) == sorted(f"Quote {number}" for number in range(50))
    assert touched == []


def test_a_pause_before_anything_was_read_is_an_error(microsoft, mailbox, provider, inbox):
    cursor = settled(provider, inbox)
    mailbox.deliver(mail(1))
    microsoft.faults.always(faults.throttled(1), path=r"\$batch")
    with pytest.raises(RateLimited) as caught:
        provider.live_page(inbox, cursor)
    assert caught.value.retry_after == 10


def test_parts_that_were_too_many_at_once_are_asked_again_by_themselves(microsoft, mailbox, provider, inbox):
    cursor = settled(provider, inbox)
    for number in range(30):
        mailbox.deliver(mail(number))
    microsoft.faults.batch_parts = 3
    mailbox.requests()
    subjects, touched, _ = read(provider, inbox, cursor)
    assert (subjects, touched) == ([f"Quote {number}" for number in range(30)], [])
    read_messages = [one for one in microsoft.requests if one.batched]
    assert len({one.path for one in read_messages}) == 30


def test_a_message_that_graph_stumbles_over_is_told_and_the_others_come(microsoft, mailbox, provider, inbox):
    cursor = settled(provider, inbox)
    keys = [mailbox.deliver(mail(number)) for number in range(3)]
    microsoft.faults.always(faults.unavailable(500), path=part_of(keys[1]))
    page = provider.live_page(inbox, cursor)
    assert [one.subject for one in page.envelopes] == ["Quote 0", "Quote 2"]
    assert (page.unreadable, page.done) == ([Unreadable(keys[1], "refused_by_server")], True)


def test_when_graph_stumbles_over_everything_no_message_is_blamed(microsoft, mailbox, provider, inbox):
    cursor = settled(provider, inbox)
    for number in range(5):
        mailbox.deliver(mail(number))
    microsoft.faults.always(faults.unavailable(500), path="/messages/AAk")
    with pytest.raises(TemporarilyUnavailable):
        provider.live_page(inbox, cursor)


def test_a_message_that_is_gone_before_it_is_read_is_left_out(microsoft, mailbox, provider, inbox):
    cursor = settled(provider, inbox)
    keys = [mailbox.deliver(mail(number)) for number in range(2)]
    microsoft.faults.add(faults.gone(), path=part_of(keys[0]))
    page = provider.live_page(inbox, cursor)
    assert ([one.subject for one in page.envelopes], page.done) == (["Quote 1"], True)


def answers(body: Any) -> Any:
    return lambda _request: Response(json.dumps(body), content_type="application/json")


@pytest.mark.parametrize("rows", [[None, 7, {}, {"id": None}, {"id": 5}, {"@removed": {}}], [], None, {}])
def test_rows_that_make_no_sense_are_passed_over(microsoft, mailbox, provider, inbox, rows):
    anchor = provider.anchor(inbox)
    link = f"{microsoft.url}/v1.0/me/messages/delta?$deltatoken=x"
    microsoft.faults.add(answers({"value": rows, "@odata.deltaLink": link}), path="delta")
    page = provider.live_page(inbox, anchor)
    assert (page.envelopes, page.touched, page.unreadable, page.done) == ([], [], [], True)


def test_sent_mail_is_attested_private_and_answers_though_it_has_no_headers(mailbox, provider):
    sent = next(folder for folder in provider.folders() if folder.role is FolderRole.SENT)
    cursor = settled(provider, sent)
    extra = "Sensitivity: Private\r\nIn-Reply-To: <q@x>\r\nReferences: <r@x> <q@x>\r\n"
    mailbox.deliver(mail(1, more=extra), "Sent")
    (envelope,) = provider.live_page(sent, cursor).envelopes
    assert (envelope.sent_by_owner, envelope.is_private) == (True, True)
    assert envelope.related_ids == ("<q@x>", "<r@x>")


def test_automatic_and_private_mail_is_told_by_its_headers(mailbox, provider, inbox):
    cursor = settled(provider, inbox)
    mailbox.deliver(mail(1, more="List-Id: <l.example>\r\nSensitivity: Company-Confidential\r\n"))
    (envelope,) = provider.live_page(inbox, cursor).envelopes
    assert (envelope.is_automatic, envelope.is_private) == (True, True)


def test_a_page_is_small_for_a_mailbox_that_was_in_trouble(mailbox, inbox):
    with mailbox.open(careful=True) as provider:
        cursor = settled(provider, inbox)
        for number in range(25):
            mailbox.deliver(mail(number))
        page: Page = provider.live_page(inbox, cursor)
        assert (len(page.envelopes), page.done) == (20, False)
        assert read(provider, inbox, page.cursor)[0] == [f"Quote {number}" for number in range(20, 25)]
