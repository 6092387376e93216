from datetime import UTC, datetime

import pytest
from googleapiclient.errors import HttpError

from tests.demo.google_client import YUKI, gmail, mail

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SECONDS = int(NOON.timestamp())


@pytest.fixture
def ids(google) -> dict[str, str]:
    """A mailbox of five mails, by name."""
    box = google.mailbox(YUKI)
    day = 86_400
    mails = {
        "offer": (mail("Your offer", message_id="offer@acme.example", extra="Cc: boss@acme.example\r\n"), ["INBOX"], 0),
        "reply": (mail("Re: Your offer", sender=YUKI, to="Sarah <sarah@acme.example>"), ["SENT"], 1),
        "news": (
            mail("Week 47", sender="news@acme.example.org", body="All about an offer price"),
            ["INBOX", "News/Weekly"],
            2,
        ),
        "見積": (
            mail("お見積りの件", sender="佐藤 <sato@minato.example>", extra="Bcc: x@y.example\r\n"),
            ["INBOX", "CRM/Log"],
            3,
        ),
        "spam": (mail("You won", sender="sarah@acme.example"), ["SPAM"], 4),
    }
    return {
        name: box.deliver(raw, labels=labels, received_at=datetime.fromtimestamp(SECONDS + days * day, UTC))
        for name, (raw, labels, days) in mails.items()
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "見積 news reply offer"),
        ("from:sarah@acme.example", "offer"),
        ("from:SARAH@acme.example", "offer"),
        ("from:acme.example", "news offer"),
        ("from:arah@acme.example", ""),
        ("to:sarah@acme.example", "reply"),
        ("cc:boss@acme.example", "offer"),
        ("bcc:x@y.example", "見積"),
        ("{from:sarah@acme.example to:sarah@acme.example cc:sarah@acme.example bcc:sarah@acme.example}", "reply offer"),
        ("{from:sarah@acme.example bcc:x@y.example} in:inbox", "見積 offer"),
        ("from:sarah@acme.example OR bcc:x@y.example", "見積 offer"),
        ("from:(佐藤 OR sarah)", "見積 offer"),
        ("from:佐藤", "見積"),
        ("-from:acme.example", "見積 reply"),
        ("-{from:acme.example in:sent}", "見積"),
        ("in:sent", "reply"),
        ("-in:sent -in:chats", "見積 news offer"),
        ("in:spam", "spam"),
        ("in:anywhere from:sarah@acme.example", "spam offer"),
        ("label:CRM/Log", "見積"),
        ("label:crm-log", "見積"),
        ('label:"News/Weekly"', "news"),
        ("label:nothing", ""),
        ("subject:offer", "reply offer"),
        ('subject:"your offer"', "reply offer"),
        ('subject:"offer your"', ""),
        ("subject:見積り", "見積"),
        ("offer", "news reply offer"),
        ('"offer price"', "news"),
        ("offer price", "news"),
        ("rfc822msgid:offer@acme.example", "offer"),
        ("rfc822msgid:<offer@acme.example>", "offer"),
        (f"after:{SECONDS + 86_400}", "見積 news"),
        (f"after:{SECONDS + 86_399}", "見積 news reply"),
        (f"before:{SECONDS + 86_400}", "offer"),
        ("after:2026/11/22", "見積 news"),
        ("before:2026/11/20", ""),
        ("before:2026/11/21", "offer"),
        ("has:attachment", ""),
        ("is:unread", ""),
        ("larger:1M", ""),
        ("smaller:1M from:sarah@acme.example", "offer"),
    ],
)
def test_a_query_finds_what_gmail_would(google, ids, query, expected):
    found = gmail(google).messages().list(userId="me", q=query).execute()
    names = {message_id: name for name, message_id in ids.items()}
    assert " ".join(names[message["id"]] for message in found.get("messages", [])) == expected
    assert ("messages" in found) == bool(expected)


def test_a_query_of_twenty_addresses_is_sent_as_a_post_and_answered(google, ids):
    people = [f"person.{number:03d}@partner-company.example" for number in range(19)] + ["sarah@acme.example"]
    query = "{" + " ".join(f"{field}:{person}" for person in people for field in ("from", "to", "cc", "bcc")) + "}"
    found = gmail(google).messages().list(userId="me", q=query).execute()
    assert {message["id"] for message in found["messages"]} == {ids["offer"], ids["reply"]}
    request = google.requests.of("messages.list")[-1]
    assert (request.method, request.query["q"]) == ("GET", [query])


def test_labels_must_all_be_there(google, ids):
    users = gmail(google)
    label = google.mailbox(YUKI).label_id("CRM/Log")
    found = users.messages().list(userId="me", labelIds=["INBOX", label]).execute()
    assert [message["id"] for message in found["messages"]] == [ids["見積"]]
    assert users.messages().list(userId="me", labelIds="SPAM").execute()["messages"][0]["id"] == ids["spam"]
    with pytest.raises(HttpError):
        users.messages().list(userId="me", labelIds="Nothing").execute()


def test_spam_and_trash_are_shown_on_request(google, ids):
    users = gmail(google)
    google.mailbox(YUKI).trash(ids["news"])
    shown = users.messages().list(userId="me", includeSpamTrash=True).execute()["messages"]
    hidden = users.messages().list(userId="me").execute()["messages"]
    assert {message["id"] for message in shown} - {message["id"] for message in hidden} == {ids["spam"], ids["news"]}
