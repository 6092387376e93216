"""Folders and messages of the stand-in for Graph, over real HTTP."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.demo.microsoft_clients import IMMUTABLE, Graph, code, mail
from tests.fakes.microsoft import FakeMicrosoft

YUKI = "yuki@minato.example"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def mailbox(microsoft: FakeMicrosoft):
    return microsoft.mailbox(YUKI, name="Yuki", language="ja")


@pytest.fixture
def graph(microsoft: FakeMicrosoft, mailbox):
    client = Graph(microsoft, YUKI)
    yield client
    client.close()


def test_folders_have_well_known_names_and_local_ones(mailbox, graph):
    mailbox.folder("案件/2026")
    rows = graph.rows("me/mailFolders", **{"$top": "100"})
    assert "受信トレイ" in [row["displayName"] for row in rows]
    assert graph.get("me/mailFolders/inbox").json()["displayName"] == "受信トレイ"
    parent = next(row for row in rows if row["displayName"] == "案件")
    assert parent["childFolderCount"] == 1
    children = graph.rows(f"me/mailFolders/{parent['id']}/childFolders")
    assert [row["displayName"] for row in children] == ["2026"]


def test_a_list_of_folders_is_paged(mailbox, graph):
    for number in range(5):
        mailbox.folder(f"Folder {number}")
    first = graph.get("me/mailFolders").json()
    assert len(first["value"]) == 10
    rest = graph.get(first["@odata.nextLink"]).json()
    assert (len(rest["value"]), "@odata.nextLink" in rest) == (3, False)


def test_messages_come_newest_first_with_what_was_selected(mailbox, graph):
    for number in range(12):
        mailbox.deliver(mail(f"Mail {number}"), received_at=NOON + timedelta(minutes=number))
    answer = graph.get("me/mailFolders/inbox/messages", **{"$select": "subject", "$top": "5", "$count": "true"}).json()
    assert [row["subject"] for row in answer["value"]] == [f"Mail {number}" for number in (11, 10, 9, 8, 7)]
    assert set(answer["value"][0]) == {"@odata.etag", "id", "subject"}
    assert answer["@odata.count"] == 12
    assert graph.rows(answer["@odata.nextLink"])[0]["subject"] == "Mail 6"


@pytest.mark.parametrize(
    ("test", "found"),
    [
        ("receivedDateTime ge 2026-03-01T12:01:00Z", ["two"]),
        ("receivedDateTime lt 2026-03-01T12:01:00Z and isRead eq false", ["one"]),
        ("categories/any(c:c eq 'CRM/Log')", ["two"]),
        ("from/emailAddress/address eq 'sarah@acme.example'", ["one", "two"]),
        ("internetMessageId eq '<one@acme.example>'", ["one"]),
        ("startswith(subject,'T') or contains(subject,'one')", ["one", "two"]),
        ("not (subject eq 'one')", ["two"]),
    ],
)
def test_filters(mailbox, graph, test, found):
    mailbox.deliver(mail("one", Message_ID="<one@acme.example>"), received_at=NOON)
    mailbox.deliver(mail("two"), received_at=NOON + timedelta(minutes=1), categories=["CRM/Log"])
    rows = graph.rows("me/messages", **{"$filter": test, "$select": "subject"})
    assert sorted(row["subject"] for row in rows) == found


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("me/messages", {"$filter": "toRecipients/any(r:r/emailAddress/address eq 'a@b.c')"}, "ErrorInvalidUrlQueryFilter"),
        ("me/messages", {"$select": "wellKnownName"}, "BadRequest"),
        ("me/messages", {"$fields": "x"}, "ErrorInvalidUrlQuery"),
        ("me/messages", {"$top": "1001"}, "BadRequest"),
        ("me/messages", {"$filter": "isRead eq true", "$orderby": "receivedDateTime"}, "InefficientFilter"),
        ("me/messages", {"$search": '"x"', "$filter": "isRead eq true"}, "SearchWithFilter"),
        ("me/mailFolders", {"$select": "wellKnownName"}, "BadRequest"),
        ("me/mailFolders/inbox/messages/delta", {"$search": '"x"'}, "ErrorInvalidUrlQuery"),
        ("me/mailFolders/inbox/messages/delta", {"$filter": "receivedDateTime lt 2026-01-01T00:00:00Z"}, "ErrorInvalidUrlQueryFilter"),
        ("me/mailFolders/inbox/messages/delta", {"$filter": "isRead eq true"}, "ErrorInvalidUrlQueryFilter"),
        ("me/calendars", {}, "BadRequest"),
    ],
)  # fmt: skip
def test_what_is_not_documented_is_refused(mailbox, graph, path, query, expected):
    assert code(graph.get(path, **query)) == (400, expected)


def test_an_undocumented_preference_is_refused(graph):
    assert code(graph.get("me/messages", {"Prefer": 'IdType="Immutable"'})) == (400, "BadRequest")
    assert graph.get("me/messages").headers["Preference-Applied"] == 'IdType="ImmutableId"'


def test_ids_change_on_a_move_unless_they_are_immutable(mailbox, graph):
    mailbox.deliver(mail())
    changeable = graph.rows("me/mailFolders/inbox/messages", {})[0]["id"]
    immutable = graph.rows("me/mailFolders/inbox/messages")[0]["id"]
    mailbox.move(immutable, "archive")
    assert code(graph.get(f"me/messages/{changeable}")) == (404, "ErrorItemNotFound")
    assert graph.get(f"me/messages/{immutable}").json()["id"] == immutable
    assert graph.get(f"me/messages/{immutable}", {}).json()["id"] not in (changeable, immutable)


def test_the_bytes_come_back_as_they_were(mailbox, graph):
    raw = mail("件名", body="本文です。\n")
    message_id = mailbox.deliver(raw)
    answer = graph.get(f"me/messages/{message_id}/$value")
    assert (answer.content, answer.headers["Content-Type"].partition(";")[0]) == (raw, "text/plain")


def test_internet_headers_come_when_selected_and_never_for_what_was_sent(mailbox, graph):
    received = mailbox.deliver(mail(References="<a@b.example> <c@d.example>"))
    sent = mailbox.deliver(mail(), folder="sentitems")
    assert "internetMessageHeaders" not in graph.get(f"me/messages/{received}").json()
    select = {"$select": "internetMessageHeaders"}
    row = graph.get(f"me/messages/{received}", **select).json()
    assert {"name": "References", "value": "<a@b.example> <c@d.example>"} in row["internetMessageHeaders"]
    assert "internetMessageHeaders" not in graph.get(f"me/messages/{sent}", **select).json()


def test_addresses_are_spelled_as_the_sender_did(mailbox, graph):
    mailbox.deliver(mail(sender='"Chen, Sarah" <Sarah@Acme.example>', to="bob@x.example, 由紀 <yuki@minato.example>"))
    row = graph.rows("me/messages")[0]
    assert row["from"] == {"emailAddress": {"name": "Chen, Sarah", "address": "Sarah@Acme.example"}}
    assert [one["emailAddress"]["name"] for one in row["toRecipients"]] == ["bob@x.example", "由紀"]


def test_unrelated_mail_with_one_subject_shares_a_conversation(mailbox, graph):
    mailbox.deliver(mail("Invoice", Message_ID="<1@a.example>"))
    mailbox.deliver(mail("Re: Invoice", Message_ID="<2@b.example>"))
    mailbox.deliver(mail("Other", Message_ID="<3@b.example>"))
    assert len({row["conversationId"] for row in graph.rows("me/messages")}) == 2


def test_search_finds_words_people_and_dates(mailbox, graph):
    mailbox.deliver(mail("Quote for March", sender="a@acme.example"), received_at=NOON)
    mailbox.deliver(mail("Lunch", sender="b@acme.example", body="quote"), received_at=NOON - timedelta(days=40))

    def subjects(text: str) -> list[str]:
        return [row["subject"] for row in graph.rows("me/messages", **{"$search": f'"{text}"'})]

    assert subjects("quote") == ["Quote for March", "Lunch"]
    assert subjects("subject:quote") == ["Quote for March"]
    assert subjects("participants:b@acme.example OR from:a@acme.example") == ["Quote for March", "Lunch"]
    assert subjects("quote received>=2026-02-15") == ["Quote for March"]


def test_extended_properties_tell_what_a_mail_answers_and_how_private_it_is(mailbox, graph):
    raw = mail("Re: x", In_Reply_To="<1@a.example>", Sensitivity="Private")
    mailbox.deliver(raw)
    names = ("String 0x1042", "Integer 0x36", "Integer 0xe08")
    expand = (
        f"singleValueExtendedProperties($filter={' or '.join(f'id eq {chr(39)}{name}{chr(39)}' for name in names)})"
    )
    row = graph.rows("me/messages", **{"$expand": expand, "$select": "subject"})[0]
    values = {one["id"]: one["value"] for one in row["singleValueExtendedProperties"]}
    assert values == dict(zip(names, ("<1@a.example>", "2", str(len(raw))), strict=True))


def test_the_profile_shows_aliases_when_asked(microsoft, graph):
    account = microsoft.account(YUKI)
    account.mail, account.aliases = None, ["y@minato.example"]
    row = graph.get("me", {}, **{"$select": "id,mail,userPrincipalName,proxyAddresses"}).json()
    assert (row["mail"], row["userPrincipalName"]) == (None, YUKI)
    assert row["proxyAddresses"] == [f"SMTP:{YUKI}", "smtp:y@minato.example"]


def test_a_shared_mailbox_needs_its_own_scope_and_full_access(microsoft, graph):
    shared = microsoft.shared_mailbox("sales@minato.example", readers=[YUKI])
    shared.deliver(mail("For all of us"))
    path = "users/sales@minato.example/messages"
    assert code(graph.get(path)) == (403, "ErrorAccessDenied")
    with_scope = Graph(microsoft, YUKI, ["User.Read", "Mail.Read", "Mail.Read.Shared"])
    assert [row["subject"] for row in with_scope.rows(path)] == ["For all of us"]
    shared.readers.clear()
    assert code(with_scope.get(path)) == (403, "ErrorAccessDenied")
    assert code(with_scope.get("users/nobody@minato.example/messages")) == (404, "ErrorInvalidUser")
    with_scope.close()


def test_basic_reading_shows_no_body(microsoft, mailbox):
    message_id = mailbox.deliver(mail())
    basic = Graph(microsoft, YUKI, ["Mail.ReadBasic"])
    assert {"body", "bodyPreview"} & set(basic.get(f"me/messages/{message_id}").json()) == set()
    assert code(basic.get(f"me/messages/{message_id}/$value")) == (403, "ErrorAccessDenied")
    assert code(basic.get("me")) == (403, "Authorization_RequestDenied")
    basic.close()


def test_a_mailbox_may_not_be_in_the_cloud(mailbox, graph):
    mailbox.trouble = "MailboxNotEnabledForRESTAPI"
    assert code(graph.get("me/mailFolders")) == (404, "MailboxNotEnabledForRESTAPI")


def test_tokens_end(microsoft, graph):
    microsoft.clock.advance(hours=1)
    answer = graph.get("me/messages", IMMUTABLE)
    assert code(answer) == (401, "InvalidAuthenticationToken")
    assert "claims" not in answer.headers["WWW-Authenticate"]
