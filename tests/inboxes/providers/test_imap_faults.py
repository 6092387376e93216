"""Servers that cut, refuse, forget, lie and stammer: every message is accounted for and none is waited for in vain."""

import pytest

from inboxes.envelope import FolderRole
from inboxes.providers.base import (
    CursorExpired,
    FolderGone,
    Misconfigured,
    RateLimited,
    ReconnectRequired,
    RemoteFolder,
    SearchQuery,
    TemporarilyUnavailable,
)
from inboxes.providers.imap import ImapProvider
from inboxes.providers.imap.folders import decode_name
from tests.fakes.scripted_imap import Reply, ScriptedImap, fetch_row

INBOX = RemoteFolder("INBOX", "INBOX", FolderRole.INBOX)


def mail(number: int) -> bytes:
    return (
        b"From: Ken <ken@client.example>\r\nSubject: Mail %d\r\nMessage-ID: <m%d@client.example>\r\n\r\nHello\r\n"
        % (
            number,
            number,
        )
    )


@pytest.fixture
def server():
    with ScriptedImap(messages={uid: mail(uid) for uid in range(1, 21)}).running() as running:
        yield running


@pytest.fixture
def provider(server):
    with ImapProvider(server.settings()) as opened:
        yield opened


def subjects(page):
    return [envelope.subject for envelope in page.envelopes]


def backfill(provider, anchor="v1:7:21"):
    """All pages of the past, as the engine would read them."""
    pages, cursor = [], ""
    while True:
        pages.append(provider.backfill_page(INBOX, cursor, anchor=anchor, since=None))
        cursor = pages[-1].cursor
        if pages[-1].done:
            return pages


def numbers(*ranges):
    return [f"Mail {number}" for first, last in ranges for number in range(first, last + 1)]


def test_a_message_the_server_refuses_is_isolated_and_the_rest_flows(server, provider):
    server.replies.append(Reply(b"UID FETCH", status=b"BAD cannot parse", times=0, containing_uid=13))
    page = provider.live_page(INBOX, "v1:7:1")
    assert subjects(page) == numbers((1, 12), (14, 20))
    assert [(one.remote_id, one.reason) for one in page.unreadable] == [("7:13", "refused_by_server")]
    assert (page.cursor, page.done) == ("v1:7:21", True)


def test_a_message_answered_with_try_later_is_isolated_too(server, provider):
    server.replies.append(
        Reply(b"UID FETCH", status=b"NO [UNAVAILABLE] Server error - Please try again later", times=0, containing_uid=1)
    )
    page = provider.live_page(INBOX, "v1:7:1")
    assert subjects(page) == numbers((2, 20))
    assert [one.remote_id for one in page.unreadable] == ["7:1"]


def test_a_server_that_refuses_everything_is_in_trouble_not_the_messages(server, provider):
    server.replies.append(Reply(b"UID FETCH", status=b"NO internal server error", times=0))
    server.messages = {uid: mail(uid) for uid in range(1, 101)}
    with pytest.raises(TemporarilyUnavailable) as refusal:
        provider.live_page(INBOX, "v1:7:1")
    assert refusal.value.cause == "server_refused"


def test_messages_left_out_of_an_answer_are_reported(server, provider):
    server.hidden = {4, 20}
    page = provider.live_page(INBOX, "v1:7:1")
    assert subjects(page) == numbers((1, 3), (5, 19))
    assert [(one.remote_id, one.reason) for one in page.unreadable] == [
        ("7:4", "not_returned"),
        ("7:20", "not_returned"),
    ]
    assert page.cursor == "v1:7:21"


def test_a_cut_in_the_middle_of_a_message_loses_and_doubles_nothing(server, provider):
    rows = b"".join(fetch_row(uid, mail(uid)) for uid in range(1, 21))
    server.replies.append(Reply(b"UID FETCH", lines=rows, cut_after=len(rows) // 2))
    page = provider.live_page(INBOX, "v1:7:1")
    assert subjects(page) == numbers((1, 20))
    assert page.unreadable == []
    assert len(server.sent(b"LOGIN")) == 2


@pytest.mark.parametrize("buffered", [False, True], ids=["after those before it", "with those before it"])
def test_a_message_that_breaks_the_connection_each_time_is_given_up(server, provider, buffered):
    server.breaking_uid, server.breaks_before_sending = 9, buffered
    pages = backfill(provider)
    assert [subject for page in pages for subject in subjects(page)] == numbers((1, 20))[::-1][:11] + numbers((1, 8))[
        ::-1
    ]
    assert [(one.remote_id, one.reason) for page in pages for one in page.unreadable] == [
        ("7:9", "connection_lost_at_message")
    ]


def test_a_connection_that_dies_for_good_returns_what_was_whole_then_the_error(server, provider):
    provider.anchor(INBOX)
    rows = b"".join(fetch_row(uid, mail(uid)) for uid in range(1, 21))
    server.replies += [
        Reply(b"UID FETCH", lines=rows, cut_after=len(rows) // 2),
        Reply(b"LOGIN", cut_after=0, times=0),
    ]
    page = provider.live_page(INBOX, "v1:7:1")
    first_missing = len(page.envelopes) + 1
    assert 1 < first_missing < 20
    assert subjects(page) == numbers((1, first_missing - 1))
    assert (page.cursor, page.done) == (f"v1:7:{first_missing}", False)
    asked = len(server.commands)
    with pytest.raises(TemporarilyUnavailable):
        provider.live_page(INBOX, page.cursor)
    assert len(server.commands) == asked
    server.replies.clear()
    assert subjects(provider.live_page(INBOX, page.cursor)) == numbers((first_missing, 20))


def test_a_pause_the_server_asks_for_is_passed_on_with_its_length(server, provider):
    server.replies.append(Reply(b"UID FETCH", status=b"NO [THROTTLED] slow down"))
    with pytest.raises(RateLimited) as pause:
        provider.live_page(INBOX, "v1:7:1")
    assert (pause.value.cause, pause.value.retry_after) == ("rate_limited", 900)


def test_bye_in_the_middle_is_a_lost_connection_and_is_taken_up_again(server, provider):
    server.replies.append(Reply(b"UID FETCH", lines=fetch_row(1, mail(1)) + b"* BYE Internal error\r\n", cut_after=400))
    page = provider.live_page(INBOX, "v1:7:1")
    assert subjects(page) == numbers((1, 20))


HEADER = b"BODY[HEADER.FIELDS (FROM)] {20}\r\nSubject: Unusual\r\n\r\n"
UNUSUAL_ROWS = {
    "the UID after the literal": b"* 1 FETCH (%b UID 1 RFC822.SIZE 9 FLAGS (\\Seen))\r\n" % HEADER,
    "lower case": b"* 1 fetch (uid 1 rfc822.size 9 flags () %b)\r\n" % HEADER.replace(b"BODY", b"body"),
    "an extra item": b"* 1 FETCH (X-OTHER (1 (2 3)) UID 1 RFC822.SIZE 9 %b)\r\n" % HEADER,
    "an extra item behind": b"* 1 FETCH (UID 1 RFC822.SIZE 9 %b X-OTHER (1 (2 3)))\r\n" % HEADER,
    "a literal before": b"* 1 FETCH (X-OTHER {3}\r\na(b UID 1 RFC822.SIZE 9 %b)\r\n" % HEADER,
    "a quoted body": b'* 1 FETCH (UID 1 RFC822.SIZE 9 BODY[HEADER.FIELDS (FROM)] "Subject: Unusual")\r\n',
    "no date": b"* 1 FETCH (UID 1 INTERNALDATE NIL RFC822.SIZE 9 %b)\r\n" % HEADER,
    "no such day": b'* 1 FETCH (UID 1 INTERNALDATE "31-Feb-2026 09:00:00 +0000" RFC822.SIZE 9 %b)\r\n' % HEADER,
    "quoted field names": b"* 1 FETCH (UID 1 RFC822.SIZE 9 %b)\r\n" % HEADER.replace(b"(FROM)", b'("FROM" "TO")'),
    "odd flags": b"* 1 FETCH (UID 1 FLAGS (1 \\Seen [x]) RFC822.SIZE 9 %b)\r\n" % HEADER,
}


@pytest.mark.parametrize("row", UNUSUAL_ROWS.values(), ids=UNUSUAL_ROWS)
def test_unusual_rows_are_read(server, provider, row):
    server.messages = {1: mail(1)}
    server.replies.append(Reply(b"UID FETCH", lines=row))
    page = provider.live_page(INBOX, "v1:7:1")
    assert (subjects(page), page.unreadable) == (["Unusual"], [])


@pytest.mark.parametrize("extra", [b"", b" X-OTHER (1 (2 3))"], ids=["usual", "unusual"])
def test_gmail_attests_what_was_sent_by_its_label(server, provider, extra):
    server.capabilities = b"IMAP4rev1 X-GM-EXT-1"
    second = b'"\\\\Inbox" {3}\r\na"b' if extra else b'"\\\\Inbox" "a\\"b"'
    labels = (b'"\\\\Sent" "CRM/Private" &iYt6TQ-', second)
    rows = [
        b"* %d FETCH (X-GM-THRID 1278455344230334865 X-GM-LABELS (%b) UID %d RFC822.SIZE 9 FLAGS ()%b %b)\r\n"
        % (uid, labels[uid - 1], uid, extra, HEADER)
        for uid in (1, 2)
    ]
    server.messages = {1: mail(1), 2: mail(2)}
    server.replies.append(Reply(b"UID FETCH", lines=b"".join(rows)))
    everything = RemoteFolder("[Gmail]/All", "[Gmail]/All", FolderRole.ALL)
    sent, received = provider.live_page(everything, "v1:7:1").envelopes
    assert (sent.sent_by_owner, received.sent_by_owner) == (True, False)
    assert sent.labels == {"\\Sent", "CRM/Private", decode_name(b"&iYt6TQ-")}
    assert received.labels == {"\\Inbox", 'a"b'}
    assert sent.provider_thread_id == "1278455344230334865"


def test_a_row_no_parser_can_read_costs_only_its_message(server, provider):
    broken = b"* 2 FETCH (UID 2 BODYSTRUCTURE ((( FLAGS) BODY[HEADER.FIELDS (FROM)] {4}\r\nabcd\r\n"
    rows = fetch_row(1, mail(1)) + broken + fetch_row(3, mail(3))
    server.messages = {uid: mail(uid) for uid in (1, 2, 3)}
    server.replies.append(Reply(b"UID FETCH", lines=rows))
    page = provider.live_page(INBOX, "v1:7:1")
    assert subjects(page) == ["Mail 1", "Mail 3"]
    assert [(one.remote_id, one.reason) for one in page.unreadable] == [("7:2", "malformed_answer")]


def test_rows_nobody_asked_for_are_not_taken_for_messages(server, provider):
    noise = b"* 5 FETCH (FLAGS (\\Seen))\r\n* 6 FETCH (UID 2 FLAGS (\\Seen))\r\n* 21 EXISTS\r\n* OK still here\r\n"
    rows = noise + b"".join(fetch_row(uid, mail(uid)) for uid in (99, 1, 2, 2))
    server.messages = {1: mail(1), 2: mail(2)}
    server.replies.append(Reply(b"UID FETCH", lines=rows))
    page = provider.live_page(INBOX, "v1:7:1")
    assert (subjects(page), page.unreadable) == (["Mail 1", "Mail 2"], [])


def test_no_command_names_the_last_message_by_a_star_or_by_sequence_number(server, provider):
    provider.live_page(INBOX, "v1:7:1")
    backfill(provider)
    list(provider.bodies(INBOX, ["7:3", "7:5"]))
    provider.envelopes(INBOX, ["7:3"])
    provider.remote_ids(INBOX, since=None)
    asked = [command for command in server.commands if b"FETCH" in command or b"SEARCH" in command]
    assert asked
    assert [command for command in asked if not command.startswith(b"UID ")] == []
    assert [command for command in asked if b"*" in command] == []
    assert server.sent(b"SELECT") == []


def test_a_missing_uidnext_is_made_up_for(server, provider):
    server.omit_uidnext = True
    assert provider.anchor(INBOX) == "v1:7:21"
    server.messages = {}
    assert provider.anchor(INBOX) == "v1:7:1"


def test_a_survey_asks_about_all_folders_once_and_in_one_go(server, provider):
    sent = RemoteFolder("Sent", "Sent", FolderRole.SENT)
    provider.survey([INBOX, sent], since=None)
    asked = [b'EXAMINE "INBOX"', b"UID SEARCH UID 1:4294967295", b'EXAMINE "Sent"', b"UID SEARCH UID 1:4294967295"]
    assert server.commands[-4:] == asked
    assert [provider.anchor(folder) for folder in (INBOX, sent)] == ["v1:7:21", "v1:7:21"]
    assert subjects(backfill(provider)[0]) == numbers((1, 20))[::-1]
    assert len(server.sent(b"UID SEARCH")) == 2
    provider.survey([INBOX, sent], since=None)
    assert [len(provider.remote_ids(folder, since=None)) for folder in (INBOX, sent)] == [20, 20]
    assert len(server.sent(b"UID SEARCH")) == 4


@pytest.mark.parametrize(
    ("changes", "replies"),
    [
        ({}, [Reply(b"UID SEARCH", cut_after=0)]),
        ({}, [Reply(b"EXAMINE", lines=b"* BYE line too long\r\n", cut_after=21)]),
        ({}, [Reply(b"UID SEARCH", status=b"NO not now", times=2)]),
        ({}, [Reply(b"EXAMINE", status=b"NO not now")]),
        ({"omit_uidnext": True}, []),
        ({"capabilities": b"IMAP4rev1 MESSAGELIMIT=20"}, []),
        ({}, [Reply(b"UID SEARCH", lines=b"* SEARCH 19 20\r\n", status=b"OK [MESSAGELIMIT 2 19] part")]),
    ],
    ids=["cut", "bye", "search refused", "folder refused", "no uidnext", "limit", "part"],
)
def test_what_a_survey_does_not_bring_is_asked_for_again(server, provider, changes, replies):
    for name, value in changes.items():
        setattr(server, name, value)
    server.replies += replies
    provider.survey([INBOX, RemoteFolder("Sent", "Sent", FolderRole.SENT)], since=None)
    assert provider.anchor(INBOX) == "v1:7:21"
    assert subjects(backfill(provider)[0]) == numbers((1, 20))[::-1]
    assert len(provider.remote_ids(INBOX, since=None)) == 20


def test_a_survey_ends_where_the_server_asks_for_a_pause(server, provider):
    server.replies.append(Reply(b"EXAMINE", lines=b"* BYE [THROTTLED] later\r\n", cut_after=25))
    with pytest.raises(RateLimited):
        provider.survey([INBOX], since=None)
    assert len(server.sent(b"LOGIN")) == 1


def test_a_uidnext_that_fell_expires_the_cursor(server, provider):
    server.uidnext = 5
    with pytest.raises(CursorExpired):
        provider.live_page(INBOX, "v1:7:21")


def test_cursors_are_compared_as_numbers_across_a_digit_border(server, provider):
    server.messages = {999_999_999: mail(1), 1_000_000_000: mail(2)}
    first = provider.live_page(INBOX, "v1:7:999999999")
    assert subjects(first) == ["Mail 1", "Mail 2"]
    server.messages[1_000_000_001] = mail(3)
    assert subjects(provider.live_page(INBOX, first.cursor)) == ["Mail 3"]


def test_a_numbering_that_changes_while_reconnecting_expires_the_cursor(server, provider):
    rows = b"".join(fetch_row(uid, mail(uid)) for uid in range(1, 21))
    server.replies.append(Reply(b"UID FETCH", lines=rows, cut_after=10))
    server.replies.append(Reply(b"EXAMINE", lines=b"* 20 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n* OK [UIDNEXT 21] n\r\n"))
    server.replies.append(Reply(b"EXAMINE", lines=b"* 20 EXISTS\r\n* OK [UIDVALIDITY 8] v\r\n* OK [UIDNEXT 21] n\r\n"))
    with pytest.raises(CursorExpired):
        provider.live_page(INBOX, "v1:7:1")


@pytest.mark.parametrize(
    "status", [b"NO [NONEXISTENT] gone", b"NO Mailbox doesn't exist: x", b"NO [TRYCREATE] no", b"NO Access denied"]
)
def test_a_folder_that_cannot_be_opened_is_gone(server, provider, status):
    server.replies.append(Reply(b"EXAMINE", status=status))
    with pytest.raises(FolderGone):
        provider.anchor(INBOX)
    assert provider.anchor(INBOX) == "v1:7:21"


def test_unchanged_takes_one_round_trip_and_trusts_only_whole_answers(server, provider):
    server.replies += [
        Reply(b'STATUS "B"', lines=b'* STATUS "B" (UIDVALIDITY 7)\r\n'),
        Reply(b'STATUS "C"', status=b"NO [NONEXISTENT] gone"),
        Reply(b'STATUS "D"', lines=b"* STATUS {1}\r\nD (UIDVALIDITY 7 UIDNEXT 21)\r\n"),
    ]
    cursors = dict.fromkeys(["INBOX", "B", "C", "D", "E"], "v1:7:21") | {"E": "v1:7:20"}
    assert provider.unchanged(cursors) == {"INBOX", "D"}
    assert len(server.sent(b"STATUS")) == 5


def test_folders_that_are_listed_with_their_state_are_not_asked_for_it_again_at_once(server, provider):
    server.capabilities = b"IMAP4rev1 LIST-EXTENDED LIST-STATUS"
    server.folders = (
        b'* LIST () "/" "INBOX"\r\n* STATUS INBOX (UIDNEXT 21 UIDVALIDITY 7)\r\n* LIST () "/" "a \\"b\\""\r\n'
        b'* STATUS "a \\"b\\"" (UIDVALIDITY 7 UIDNEXT 21)\r\n* LIST () "/" {1}\r\nD\r\n'
        b'* STATUS {1}\r\nD (UIDVALIDITY 7 UIDNEXT 30)\r\n* LIST () "/" "E"\r\n'
    )
    cursors = {folder.remote_id: "v1:7:21" for folder in provider.folders()}
    assert sorted(cursors) == ["D", "E", "INBOX", 'a "b"']
    assert provider.unchanged(cursors) == {"INBOX", 'a "b"', "E"}
    assert server.sent(b"LIST") == [b'LIST "" "*" RETURN (STATUS (UIDNEXT UIDVALIDITY MESSAGES))']
    assert [command.split(b'"')[1] for command in server.sent(b"STATUS")] == [b"E"]
    assert provider.unchanged({"INBOX": "v1:7:21"}) == {"INBOX"}
    assert [command.split(b'"')[1] for command in server.sent(b"STATUS")] == [b"E", b"INBOX"]


def test_a_password_is_on_its_way_while_something_else_is_done(server, provider):
    server.replies.append(Reply(b"LOGIN", status=b"NO [AUTHENTICATIONFAILED] no"))
    provider.begin()  # hears nothing of it
    with pytest.raises(ReconnectRequired):
        provider.folders()
    provider.begin()
    provider.begin()
    assert [folder.name for folder in provider.folders()] == ["INBOX"]
    assert len(server.sent(b"LOGIN")) == 2


def test_the_state_of_known_folders_is_asked_for_ahead_of_the_list(server, provider):
    server.capabilities = b"IMAP4rev1 LIST-EXTENDED LIST-STATUS"
    server.folders = b'* LIST () "/" "INBOX"\r\n* LIST () "/" "New"\r\n'
    server.replies.append(Reply(b'STATUS "Gone"', status=b"NO [NONEXISTENT] gone"))
    assert [folder.name for folder in provider.folders(["INBOX", "Gone"])] == ["INBOX", "New"]
    items = b" (UIDNEXT UIDVALIDITY MESSAGES)"
    asked = [b'STATUS "INBOX"' + items, b'STATUS "Gone"' + items, b'LIST "" "*"']
    assert server.commands[-3:] == asked
    assert provider.unchanged({"INBOX": "v1:7:21", "New": "v1:7:21"}) == {"INBOX", "New"}
    assert server.sent(b"STATUS")[2:] == [b'STATUS "New"' + items]


def test_a_folder_that_was_renumbered_between_two_pages_is_noticed_before_its_answers_are_read(server, provider):
    server.messages = {uid: mail(uid) for uid in range(1, 6_001)}
    page = provider.backfill_page(INBOX, "", anchor="v1:7:6001", since=None)
    provider.anchor(RemoteFolder("Other", "Other", FolderRole.OTHER))
    server.uidvalidity = 8
    with pytest.raises(CursorExpired):
        provider.backfill_page(INBOX, page.cursor, anchor="v1:7:6001", since=None)
    assert provider.anchor(INBOX) == "v1:8:6001"


def test_a_server_with_a_message_limit_is_searched_in_portions(server, provider):
    server.capabilities = b"IMAP4rev1 MESSAGELIMIT=8"
    server.replies += [
        Reply(
            b"UID SEARCH UID 1:20", lines=b"* SEARCH 14 13 20 19 18 17 16 15\r\n", status=b"OK [MESSAGELIMIT 8 13] part"
        ),
        Reply(b"UID SEARCH UID 1:12", lines=b"* SEARCH 5 6 7 8 9 10 11 12\r\n", status=b"OK done without saying so"),
    ]
    page = provider.live_page(INBOX, "v1:7:1")
    assert subjects(page) == numbers((1, 20))
    assert [len(command.split(b" ")[2]) for command in server.sent(b"UID FETCH")] == [3, 4, 5]


def test_line_ends_in_arguments_are_refused_before_anything_is_sent(server, provider):
    provider.anchor(INBOX)
    before = list(server.commands)
    for call in (
        lambda: provider.anchor(RemoteFolder('x"\r\nA DELETE "INBOX', "x", FolderRole.OTHER)),
        lambda: provider.unchanged({"x\nA DELETE": "v1:7:1"}),
    ):
        with pytest.raises(Misconfigured):
            call()
    provider.anchor(INBOX)
    for query in (SearchQuery(message_id="<a>\r\nx"), SearchQuery(address="a\nb"), SearchQuery(text="見\r\n積")):
        with pytest.raises(Misconfigured):
            provider.search(INBOX, query)
    assert [command for command in server.commands[len(before) :] if not command.startswith(b"EXAMINE")] == []


def test_a_text_is_searched_for_as_a_literal_when_it_cannot_be_quoted(server, provider):
    provider.search(INBOX, SearchQuery(text="見積", address='a"b@x.example'))
    assert server.sent(b"UID SEARCH CHARSET") == [
        b'UID SEARCH CHARSET UTF-8 OR OR FROM "a\\"b@x.example" TO "a\\"b@x.example" OR CC "a\\"b@x.example" BCC "a\\"b@x.example"'
        b" TEXT {6}\r\n" + "見積".encode()
    ]


def test_bodies_over_the_limit_come_in_part(server, provider, monkeypatch):
    monkeypatch.setattr("inboxes.providers.imap.provider.LARGEST_BODY", 50_000)
    server.messages[5] = mail(5) + b"x" * 400_000
    server.messages[6] = mail(6) + b"y" * 400_000
    provider.live_page(INBOX, "v1:7:1")
    # This one's size was understated by the server, and is noticed when it comes.
    provider._sizes["7:6"] = 10
    found = {one.remote_id: one for one in provider.bodies(INBOX, ["7:4", "7:5", "7:6"])}
    assert (found["7:4"].raw, found["7:4"].partial) == (mail(4), False)
    assert (found["7:5"].raw, found["7:5"].partial) == (server.messages[5][:327_680], True)
    assert (len(found["7:6"].raw), found["7:6"].partial) == (50_001, True)


def test_leaving_a_stream_of_bodies_early_leaves_nothing_behind(server, provider):
    remote_ids = [f"7:{uid}" for uid in range(1, 21)]
    stream = provider.bodies(INBOX, remote_ids)
    next(stream)
    stream.close()
    assert len(list(provider.bodies(INBOX, remote_ids))) == 20


def test_headers_are_read_without_fetching_a_single_body(server, provider):
    provider.live_page(INBOX, "v1:7:1")
    backfill(provider)
    assert [command for command in server.sent(b"UID FETCH") if b"BODY[" in command or b"BODY.PEEK[]" in command] == []


def test_a_server_that_knows_no_charset_is_searched_by_reading_its_newest_headers(server, provider):
    server.messages[5] = mail(5).replace(b"Subject: ", b"Subject: =?utf-8?b?6KaL56mN?= ")
    server.replies.append(Reply(b"UID SEARCH CHARSET", status=b"NO charset not supported", times=0))
    found = provider.search(INBOX, SearchQuery(subject="見積", limit=5))
    assert [envelope.remote_id for envelope in found] == ["7:5"]


def test_several_texts_travel_as_several_literals(server, provider):
    provider.search(INBOX, SearchQuery(address="田中", subject="見積"))
    [command] = server.sent(b"UID SEARCH CHARSET")
    assert command.count("田中".encode()) == 4
    assert command.endswith(b" SUBJECT {6}\r\n" + "見積".encode())


def test_a_server_that_trickles_is_left_as_one_that_says_nothing(server):
    """Each byte comes within the time one may take; the answer would be whole, if anybody waited for it."""
    server.replies.append(Reply(b"LIST", lines=server.folders * 200, trickles=True))
    with ImapProvider(server.settings(read_seconds=0.3)) as provider, pytest.raises(TemporarilyUnavailable) as refused:
        provider.folders()
    assert refused.value.cause == "timed_out"
