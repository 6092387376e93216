import base64

import pytest
from googleapiclient.errors import HttpError

from crm_project.demo.google import answers
from tests.demo.google_client import YUKI, gmail, in_batch, mail


def test_a_delivered_mail_is_listed_and_read_in_every_form(google):
    raw = mail("=?utf-8?B?6KaL56mN44KK?=", message_id="a@acme.example", body="見積りです。")
    message_id = google.mailbox(YUKI).deliver(raw, labels=["INBOX", "UNREAD", "CRM/Log"])
    users = gmail(google)

    listed = users.messages().list(userId="me").execute()
    assert listed == {"messages": [{"id": message_id, "threadId": message_id}], "resultSizeEstimate": 1}

    shown = (
        users.messages()
        .get(userId="me", id=message_id, format="metadata", metadataHeaders=["subject", "From"])
        .execute()
    )
    assert shown["payload"]["headers"] == [
        {"name": "From", "value": "Sarah <sarah@acme.example>"},
        {"name": "Subject", "value": "見積り"},
    ]
    assert shown["internalDate"].isdecimal()
    assert shown["snippet"] == "見積りです。"
    label = next(label for label in users.labels().list(userId="me").execute()["labels"] if label["name"] == "CRM/Log")
    assert shown["labelIds"] == sorted(["INBOX", "UNREAD", label["id"]])

    encoded = users.messages().get(userId="me", id=message_id, format="raw").execute()["raw"]
    assert base64.urlsafe_b64decode(encoded + "==") == raw
    full = users.messages().get(userId="me", id=message_id).execute()["payload"]
    assert base64.urlsafe_b64decode(full["body"]["data"] + "==").decode().strip() == "見積りです。"
    assert "payload" not in users.messages().get(userId="me", id=message_id, format="minimal").execute()


def test_the_history_tells_what_happened_since(google):
    box = google.mailbox(YUKI)
    users = gmail(google)
    start = users.getProfile(userId="me").execute()["historyId"]
    assert users.history().list(userId="me", startHistoryId=start).execute() == {"historyId": start}

    message_id = box.deliver(mail())
    box.label(message_id, add=["SPAM"], remove=["INBOX"])
    box.delete(message_id)

    told = users.history().list(userId="me", startHistoryId=start).execute()
    kinds = [next(iter(record.keys() - {"id", "messages"})) for record in told["history"]]
    assert kinds == ["messagesAdded", "labelsAdded", "labelsRemoved", "messagesDeleted"]
    assert told["history"][0]["messagesAdded"] == [
        {"message": {"id": message_id, "threadId": message_id, "labelIds": ["INBOX"]}}
    ]
    assert told["historyId"] == told["history"][-1]["id"]


def test_a_batch_answers_each_part_for_itself(google):
    box = google.mailbox(YUKI)
    ids = [box.deliver(mail(str(number))) for number in range(12)]
    users = gmail(google)
    google.faults.next(f"*/messages/{ids[3]}", answers.rate_limited(429))
    calls = {message_id: users.messages().get(userId="me", id=message_id, format="minimal") for message_id in ids}

    answered, failed = in_batch(google, {**calls, "gone": users.messages().get(userId="me", id="0")})

    assert answered.keys() == {*ids} - {ids[3]}
    assert {name: error.status_code for name, error in failed.items()} == {ids[3]: 429, "gone": 404}
    assert [request.in_batch for request in google.requests.of("messages.get")] == [True] * 13


def test_what_is_not_documented_is_refused(google):
    google.mailbox(YUKI)
    users = gmail(google)
    call = users.messages().list(userId="me")
    call.uri += "&folder=INBOX"
    with pytest.raises(HttpError) as refused:
        call.execute()
    assert refused.value.status_code == 400
    assert "folder" in refused.value.reason
