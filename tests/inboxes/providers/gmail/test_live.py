"""New mail by the history: what is seen of it, what it costs, and how it goes wrong."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboxes.envelope import FolderRole
from inboxes.marks import DEFAULT_NAMES, Mark, MarkNames, MarkSource
from inboxes.providers.base import CursorExpired, MarkedMessage, PaceReached, TemporarilyUnavailable
from inboxes.providers.gmail import listing, provider
from inboxes.providers.gmail.cursors import LiveCursor, PastCursor
from inboxes.providers.gmail.history import read_history
from inboxes.providers.gmail.labels import MAILBOX
from tests.inboxes.providers.gmail.world import envelopes, follow_live, mail, subjects


def test_a_poll_without_news_costs_two_units_and_nothing_else(world, gmail):
    cursor = gmail.anchor(MAILBOX)
    marks = gmail.marks(MAILBOX, "", DEFAULT_NAMES).cursor
    world.operations()
    world.purse.paid = 0
    with world.open() as reopened:
        assert reopened.folders() == [MAILBOX]
        assert reopened.unchanged({MAILBOX.remote_id: cursor}) == {MAILBOX.remote_id}
        assert reopened.marks(MAILBOX, marks, DEFAULT_NAMES) is None
    assert world.operations() == ["history.list"]
    assert world.purse.paid == 2


def test_a_poll_with_news_asks_for_the_history_once(world, gmail):
    cursor = gmail.anchor(MAILBOX)
    world.mailbox.deliver(mail(1))
    world.operations()
    assert gmail.unchanged({MAILBOX.remote_id: cursor}) == set()
    page = gmail.live_page(MAILBOX, cursor)
    assert ([one.subject for one in page.envelopes], page.done) == (["Quote 1"], True)
    assert world.operations() == ["history.list", "labels.list", "messages.get"]
    assert page.cursor == str(world.mailbox.history_id)


def test_changes_that_say_nothing_move_the_cursor_along(world, gmail):
    cursor = gmail.anchor(MAILBOX)
    world.mailbox.history_id += 500
    assert gmail.unchanged({MAILBOX.remote_id: cursor}) == set()
    page = gmail.live_page(MAILBOX, cursor)
    assert (page.envelopes, page.cursor, page.done) == ([], str(world.mailbox.history_id), True)


def test_mail_that_comes_out_of_spam_or_trash_is_touched(world, gmail):
    spam = world.mailbox.deliver(mail(1), labels=["SPAM"])
    trash = world.mailbox.deliver(mail(2))
    world.mailbox.trash(trash)
    cursor = gmail.anchor(MAILBOX)
    world.mailbox.label(spam, add=["INBOX"], remove=["SPAM"])
    world.mailbox.label(trash, remove=["TRASH"])
    page = gmail.live_page(MAILBOX, cursor)
    assert (page.envelopes, page.touched) == ([], [spam, trash])
    found, unreadable = gmail.envelopes(MAILBOX, page.touched)
    assert ([one.subject for one in found], unreadable) == (["Quote 1", "Quote 2"], [])


def test_spam_trash_drafts_and_chats_are_no_mail(world, gmail):
    cursor = gmail.anchor(MAILBOX)
    hidden = [world.mailbox.deliver(mail(1), labels=[label]) for label in ("SPAM", "TRASH", "DRAFT", "CHAT")]
    world.mailbox.deliver(mail(2))
    pages, _ = follow_live(gmail, cursor)
    assert (subjects(pages), pages[0].touched, pages[0].unreadable) == (["Quote 2"], [], [])
    assert gmail.envelopes(MAILBOX, hidden) == ([], [])
    assert not gmail.remote_ids(MAILBOX, since=None) & {*hidden}


def test_each_message_comes_once_however_often_the_history_names_it(world, gmail):
    cursor = gmail.anchor(MAILBOX)
    message = world.mailbox.deliver(mail(1))
    for _ in range(3):
        world.mailbox.label(message, remove=["INBOX"])
        world.mailbox.label(message, add=["INBOX", "STARRED"])
    gone = world.mailbox.deliver(mail(2))
    world.mailbox.delete(gone)
    world.operations()
    pages, _ = follow_live(gmail, cursor)
    assert (subjects(pages), pages[0].touched) == (["Quote 1"], [])
    assert world.operations().count("messages.get") == 1


def test_labels_say_where_a_mail_is_and_who_sent_it(world, gmail):
    cursor = gmail.anchor(MAILBOX)
    for labels in (["INBOX"], ["SENT"], ["SENT", "INBOX"], [], ["INBOX", "CRM/Log", "仕事", "UNREAD", "IMPORTANT"]):
        world.mailbox.deliver(mail(1), labels=labels)
    pages, _ = follow_live(gmail, cursor)
    found = [(one.folder_role, one.sent_by_owner, set(one.labels)) for one in envelopes(pages)]
    assert found == [
        (FolderRole.INBOX, False, set()),
        (FolderRole.SENT, True, set()),
        (FolderRole.SENT, True, set()),
        (FolderRole.ARCHIVE, False, set()),
        (FolderRole.INBOX, False, {"CRM/Log", "仕事"}),
    ]
    assert {one.folder_id for one in envelopes(pages)} == {MAILBOX.remote_id}


def test_a_label_that_was_made_meanwhile_is_known_by_its_name(world, gmail):
    cursor = gmail.anchor(MAILBOX)
    world.mailbox.deliver(mail(1))
    _, cursor = follow_live(gmail, cursor)
    world.mailbox.deliver(mail(2), labels=["Made just now"])
    pages, _ = follow_live(gmail, cursor)
    assert [set(one.labels) for one in envelopes(pages)] == [{"Made just now"}]


def test_a_thread_is_the_same_for_its_messages(world, gmail):
    cursor = gmail.anchor(MAILBOX)
    world.mailbox.deliver(mail(1))
    world.mailbox.deliver(mail(1, more="In-Reply-To: <m1@client.example>\r\n"))
    first, second = envelopes(follow_live(gmail, cursor)[0])
    assert first.provider_thread_id == second.provider_thread_id != ""


@pytest.mark.parametrize("boundary", [9_999, 999_999_999])
def test_history_ids_are_compared_as_numbers(world, gmail, boundary):
    """As text, 10 comes before 9."""
    world.mailbox.history_id = boundary - 5
    cursor = gmail.anchor(MAILBOX)
    assert len(cursor) == len(str(boundary))
    for number in range(10):
        world.mailbox.deliver(mail(number))
    assert len(str(world.mailbox.history_id)) == len(cursor) + 1
    pages, after = follow_live(gmail, cursor)
    assert subjects(pages) == [f"Quote {number}" for number in range(10)]
    assert after == str(world.mailbox.history_id)
    assert gmail.unchanged({MAILBOX.remote_id: after}) == {MAILBOX.remote_id}


def test_a_long_history_is_read_page_by_page_in_any_number_of_slices(world, gmail, monkeypatch):
    monkeypatch.setattr(listing, "PAGE", 7)
    cursor = gmail.anchor(MAILBOX)
    for number in range(20):
        world.mailbox.deliver(mail(number))
    found = []
    while True:
        with world.open() as reopened:
            assert reopened.unchanged({MAILBOX.remote_id: cursor}) == set()
            page = reopened.live_page(MAILBOX, cursor)
        found += [one.subject for one in page.envelopes]
        cursor = page.cursor
        if page.done:
            break
        assert "start" in json.loads(cursor)
    assert found == [f"Quote {number}" for number in range(20)]
    assert cursor == str(world.mailbox.history_id)


def test_what_comes_while_a_long_history_is_read_is_not_lost(world, gmail, monkeypatch):
    monkeypatch.setattr(listing, "PAGE", 3)
    cursor = gmail.anchor(MAILBOX)
    for number in range(4):
        world.mailbox.deliver(mail(number))
    first = gmail.live_page(MAILBOX, cursor)
    world.mailbox.deliver(mail(4))
    pages, cursor = follow_live(gmail, first.cursor)
    more, _ = follow_live(gmail, cursor)
    assert subjects([first, *pages, *more]) == [f"Quote {number}" for number in range(5)]


def test_a_page_token_that_died_loses_nothing_and_repeats_nothing(world, gmail, monkeypatch):
    monkeypatch.setattr(listing, "PAGE", 3)
    cursor = gmail.anchor(MAILBOX)
    for number in range(8):
        world.mailbox.deliver(mail(number))
    first = gmail.live_page(MAILBOX, cursor)
    world.google.page_tokens.forget()
    pages, _ = follow_live(gmail, first.cursor)
    assert subjects([first, *pages]) == [f"Quote {number}" for number in range(8)]


def test_a_history_that_goes_round_in_circles_is_given_up(world, gmail):
    cursor = gmail.anchor(MAILBOX)
    world.mailbox.deliver(mail(1))
    world.mailbox.history_loops = True
    world.operations()
    with pytest.raises(CursorExpired):
        follow_live(gmail, cursor)
    asked = world.operations()
    assert (asked.count("history.list"), asked.count("messages.get")) == (4, 1)


def test_a_history_that_was_forgotten_expires_the_cursor(world, gmail):
    cursor = gmail.anchor(MAILBOX)
    world.mailbox.expire_history()
    assert gmail.unchanged({MAILBOX.remote_id: cursor}) == set()
    with pytest.raises(CursorExpired):
        gmail.live_page(MAILBOX, cursor)


def test_what_was_read_before_the_units_ran_out_counts(world, gmail, monkeypatch):
    monkeypatch.setattr(provider, "PAGE_MESSAGES", 100)
    cursor = gmail.anchor(MAILBOX)
    for number in range(60):
        world.mailbox.deliver(mail(number))
    world.purse.budget = 2 + 1 + 2 * 25 * 20 + 100
    page = gmail.live_page(MAILBOX, cursor)
    assert (len(page.envelopes), page.done, page.remaining) == (50, False, 10)
    with pytest.raises(PaceReached):
        gmail.live_page(MAILBOX, page.cursor)
    world.purse.budget = 1_000
    with world.open() as reopened:
        rest, _ = follow_live(reopened, page.cursor)
    assert subjects([page, *rest]) == [f"Quote {number}" for number in range(60)]


def test_units_that_do_not_suffice_for_anything_are_said_at_once(world, gmail):
    cursor = gmail.anchor(MAILBOX)
    world.purse.budget = 1
    with pytest.raises(PaceReached):
        gmail.unchanged({MAILBOX.remote_id: cursor})
    with pytest.raises(PaceReached):
        gmail.live_page(MAILBOX, cursor)


# Marks


def test_labels_of_these_names_and_below_them_are_marks(world, gmail):
    ids = [world.mailbox.deliver(mail(number), labels=["INBOX"]) for number in range(5)]
    for message, label in zip(ids, ["CRM/Log", "crm/private", "CRM/Log/Acme", "CRM", "Other"], strict=True):
        world.mailbox.label(message, add=[label])
    both = world.mailbox.deliver(mail(6), labels=["CRM/Log", "CRM/Private"])
    world.mailbox.deliver(mail(7), labels=["CRM/Log", "TRASH"])
    found = gmail.marks(MAILBOX, "", DEFAULT_NAMES)
    assert found.messages == {
        MarkedMessage(ids[0], Mark.LOG, MarkSource.LABEL),
        MarkedMessage(ids[1], Mark.PRIVATE, MarkSource.LABEL),
        MarkedMessage(ids[2], Mark.LOG, MarkSource.LABEL),
        MarkedMessage(both, Mark.LOG, MarkSource.LABEL),
        MarkedMessage(both, Mark.PRIVATE, MarkSource.LABEL),
    }


def test_marks_are_read_anew_when_the_history_moved_or_the_names_did(world, gmail):
    message = world.mailbox.deliver(mail(1))
    found = gmail.marks(MAILBOX, "", DEFAULT_NAMES)
    assert found.messages == frozenset()
    assert gmail.marks(MAILBOX, found.cursor, DEFAULT_NAMES) is None
    world.mailbox.label(message, add=["CRM/Log"])
    for names, expected in ((DEFAULT_NAMES, 1), (MarkNames(log="Other"), 0), (DEFAULT_NAMES, 1)):
        gmail.unchanged({MAILBOX.remote_id: "1"})
        found = gmail.marks(MAILBOX, found.cursor, names)
        assert len(found.messages) == expected
    world.mailbox.label(message, remove=["CRM/Log"])
    assert gmail.marks(MAILBOX, found.cursor, DEFAULT_NAMES).messages == frozenset()


def test_after_news_the_marks_are_read_once_and_then_cost_nothing(world, gmail):
    cursor, marks = gmail.anchor(MAILBOX), gmail.marks(MAILBOX, "", DEFAULT_NAMES).cursor
    world.mailbox.deliver(mail(1))
    for expected in (["history.list", "labels.list", "messages.get"], ["history.list"], ["history.list"]):
        world.operations()
        with world.open() as reopened:
            same = reopened.unchanged({MAILBOX.remote_id: cursor})
            if found := reopened.marks(MAILBOX, marks, DEFAULT_NAMES):
                marks = found.cursor
            if not same:
                _, cursor = follow_live(reopened, cursor)
        assert world.operations() == expected


def test_marks_are_found_again_after_the_history_was_forgotten(world, gmail):
    marks = gmail.marks(MAILBOX, "", DEFAULT_NAMES).cursor
    message = world.mailbox.deliver(mail(1), labels=["CRM/Private"])
    world.mailbox.expire_history()
    found = gmail.marks(MAILBOX, marks, DEFAULT_NAMES)
    assert found.messages == {MarkedMessage(message, Mark.PRIVATE, MarkSource.LABEL)}


# Cursors


@given(
    st.builds(
        LiveCursor,
        start=st.integers(0, 2**63),
        page=st.text(max_size=20),
        end=st.integers(0, 2**63),
        top=st.integers(0, 2**63),
        stalls=st.integers(0, 9),
        rest=st.lists(st.text(max_size=16)).map(tuple),
    )
)
def test_a_live_cursor_is_read_as_it_was_written(cursor):
    assert LiveCursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize("cls", [LiveCursor, PastCursor])
@pytest.mark.parametrize(
    "text", ["", "x", "[]", "null", '{"start": "7"}', '{"other": 1}', '{"start": 1, "rest": 5}', "٣", "-7", "1.5"]
)
def test_what_nobody_wrote_is_no_cursor(cls, text):
    with pytest.raises(CursorExpired):
        cls.parse(text)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"historyId": "x"},
        {"historyId": "7", "history": [{}]},
        {"historyId": "7", "history": [{"id": "3", "messagesAdded": [{}]}]},
        {"historyId": "7", "history": "x"},
    ],
)
def test_an_answer_that_is_no_history_is_trouble_not_an_empty_page(answer):
    with pytest.raises(TemporarilyUnavailable):
        read_history(answer, start=1)
