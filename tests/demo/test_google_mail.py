import base64
from datetime import UTC, datetime
from itertools import chain

import pytest
from google.auth.exceptions import RefreshError
from googleapiclient.errors import HttpError

from tests.demo.google_client import YUKI, gmail, mail

METADATA_SCOPE = "https://www.googleapis.com/auth/gmail.metadata"
MODIFY_SCOPE = "https://www.googleapis.com/auth/gmail.modify"
SEND_SCOPE = "https://www.googleapis.com/auth/gmail.send"
LABELS_SCOPE = "https://www.googleapis.com/auth/gmail.labels"


def refusal(call) -> tuple[int, str]:
    with pytest.raises(HttpError) as refused:
        call.execute()
    return refused.value.status_code, refused.value.error_details[0].get("reason", "")


def decoded(text: str) -> bytes:
    assert not text.endswith("=")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_profile_counts_in_numbers_but_names_ids_in_text(google):
    box = google.mailbox(YUKI)
    box.deliver(mail())
    assert gmail(google).getProfile(userId=YUKI).execute() == {
        "emailAddress": YUKI,
        "messagesTotal": 1,
        "threadsTotal": 1,
        "historyId": str(box.history_id),
    }


def test_an_empty_mailbox_has_no_messages_at_all(google):
    google.mailbox(YUKI)
    assert gmail(google).messages().list(userId="me").execute() == {"resultSizeEstimate": 0}


def test_a_mail_is_read_in_every_form(google):
    raw = mail("=?utf-8?B?6KaL56mN44KK?=", message_id="a@acme.example", body="見積りです。")
    arrived = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    message_id = google.mailbox(YUKI).deliver(raw, labels=["INBOX", "UNREAD"], received_at=arrived)
    get = gmail(google).messages().get
    minimal = {
        "id": message_id,
        "threadId": message_id,
        "labelIds": ["INBOX", "UNREAD"],
        "snippet": "見積りです。",
        "sizeEstimate": len(raw),
        "historyId": str(google.mailbox(YUKI).history_id),
        "internalDate": "1795167000000",
    }
    names = ["subject", "FROM", "X-Absent"]
    shown = [{"name": "From", "value": "Sarah <sarah@acme.example>"}, {"name": "Subject", "value": "見積り"}]

    assert get(userId="me", id=message_id, format="minimal").execute() == minimal
    assert get(userId="me", id=message_id, format="metadata", metadataHeaders=names).execute() == {
        **minimal,
        "payload": {"mimeType": "text/plain", "headers": shown},
    }
    everything = get(userId="me", id=message_id, format="metadata").execute()["payload"]["headers"]
    assert [header["name"] for header in everything] == ["From", "To", "Subject", "Message-ID", "Content-Type"]
    read = get(userId="me", id=message_id, format="raw").execute()
    assert decoded(read.pop("raw")) == raw
    assert read == minimal
    full = get(userId="me", id=message_id).execute()["payload"]
    assert decoded(full["body"]["data"]).decode() == "見積りです。\r\n"


def test_parts_and_attachments_are_shown(google):
    raw = (
        b"From: a@acme.example\r\nSubject: Plan\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nSee here.\r\n"
        b"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=plan.pdf\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--b--\r\n"
    )
    message_id = google.mailbox(YUKI).deliver(raw)
    users = gmail(google)
    text, file = users.messages().get(userId="me", id=message_id).execute()["payload"]["parts"]
    assert (text["partId"], text["mimeType"], decoded(text["body"]["data"]).strip()) == (
        "0",
        "text/plain",
        b"See here.",
    )
    assert (file["partId"], file["filename"], file["body"]["size"]) == ("1", "plan.pdf", 4)
    attachment = file["body"]["attachmentId"]
    fetched = users.messages().attachments().get(userId="me", messageId=message_id, id=attachment).execute()
    assert fetched == {"size": 4, "data": "JVBERg"}
    found = users.messages().list(userId="me", q="has:attachment").execute()
    assert found["messages"][0]["id"] == message_id


def test_names_that_need_quotes_get_them_back(google):
    sender = "=?utf-8?Q?Sat=C5=8D=2C_Yuki?= <yuki@acme.example>"
    message_id = google.mailbox(YUKI).deliver(mail(sender=sender))
    shown = (
        gmail(google).messages().get(userId="me", id=message_id, format="metadata", metadataHeaders="From").execute()
    )
    assert shown["payload"]["headers"][0]["value"] == '"Satō, Yuki" <yuki@acme.example>'


def test_an_archived_mail_has_no_labels_at_all(google):
    message_id = google.mailbox(YUKI).deliver(mail(), labels=[])
    assert "labelIds" not in gmail(google).messages().get(userId="me", id=message_id).execute()


def test_answers_join_the_thread_of_what_they_answer(google):
    box = google.mailbox(YUKI)
    first = box.deliver(mail("Offer", message_id="1@acme.example"))
    answer = "References: <0@x.example> <1@acme.example>\r\nIn-Reply-To: <1@acme.example>\r\n"
    second = box.deliver(mail("Re: Offer", sender=YUKI, extra=answer), labels=["SENT"])
    other = box.deliver(mail("Something else", extra=answer))
    users = gmail(google)
    thread = users.threads().get(userId="me", id=first, format="minimal").execute()
    assert [message["id"] for message in thread["messages"]] == [first, second]
    assert users.messages().get(userId="me", id=other).execute()["threadId"] == other
    assert [row["id"] for row in users.threads().list(userId="me").execute()["threads"]] == [other, first]


def test_a_listing_comes_in_pages_newest_first_whatever_arrives_meanwhile(google):
    box = google.mailbox(YUKI)
    ids = [box.deliver(mail(str(n)), received_at=datetime(2026, 1, 1 + n % 28, n // 28, tzinfo=UTC)) for n in range(60)]
    expected = sorted(ids, key=lambda message_id: box.messages[message_id].place, reverse=True)
    users = gmail(google)
    request = users.messages().list(userId="me", maxResults=25)
    pages = []
    while request is not None:
        answer = request.execute()
        pages.append([message["id"] for message in answer["messages"]])
        box.deliver(mail("meanwhile"))
        request = users.messages().list_next(request, answer)
    assert [len(page) for page in pages] == [25, 25, 10]
    assert list(chain.from_iterable(pages)) == expected


def test_page_tokens_die_and_belong_to_one_listing(google):
    box = google.mailbox(YUKI)
    for number in range(3):
        box.deliver(mail(str(number)))
    users = gmail(google)
    listed = users.messages().list
    token = listed(userId="me", maxResults=1).execute()["nextPageToken"]
    assert "messages" in listed(userId="me", maxResults=1, pageToken=token).execute()
    assert refusal(listed(userId="me", pageToken=token, q="in:sent")) == (400, "invalidArgument")
    assert refusal(listed(userId="me", pageToken="nonsense")) == (400, "invalidArgument")
    google.page_tokens.forget()
    assert refusal(listed(userId="me", maxResults=1, pageToken=token)) == (400, "invalidArgument")


def test_labels_have_ids_of_their_own(google):
    box = google.mailbox(YUKI)
    box.deliver(mail(), labels=["INBOX", "UNREAD", "CRM/Log"])
    users = gmail(google, scopes=[MODIFY_SCOPE])
    labels = {label["name"]: label for label in users.labels().list(userId="me").execute()["labels"]}
    assert labels["INBOX"] == {"id": "INBOX", "name": "INBOX", "type": "system"}
    assert labels["CRM/Log"]["type"] == "user"
    assert labels["CRM/Log"]["id"] != "CRM/Log"
    counted = users.labels().get(userId="me", id="UNREAD").execute()
    assert (counted["messagesTotal"], counted["messagesUnread"]) == (1, 1)
    made = users.labels().create(userId="me", body={"name": "CRM/Private"}).execute()
    taken = users.labels().create(userId="me", body={"name": "crm/private"})
    assert refusal(taken) == (409, "aborted")
    users.labels().delete(userId="me", id=made["id"]).execute()
    assert refusal(users.labels().get(userId="me", id=made["id"])) == (404, "notFound")


def test_a_client_that_may_can_relabel(google):
    message_id = google.mailbox(YUKI).deliver(mail())
    users = gmail(google, scopes=[MODIFY_SCOPE])
    body = {"addLabelIds": ["STARRED"], "removeLabelIds": ["INBOX"]}
    assert users.messages().modify(userId="me", id=message_id, body=body).execute()["labelIds"] == ["STARRED"]
    users.messages().batchModify(userId="me", body={"ids": [message_id], "addLabelIds": ["INBOX"]}).execute()
    assert users.messages().trash(userId="me", id=message_id).execute()["labelIds"] == ["STARRED", "TRASH"]


def test_the_addresses_an_owner_may_write_from_are_told(google):
    google.mailbox(YUKI, name="Yuki").add_alias("sales@minato.example", name="Sales", is_default=True)
    google.mailbox(YUKI).add_alias("new@minato.example", is_verified=False)
    told = gmail(google).settings().sendAs().list(userId="me").execute()["sendAs"]
    assert [(alias["sendAsEmail"], alias.get("isDefault"), alias.get("verificationStatus")) for alias in told] == [
        (YUKI, None, None),
        ("sales@minato.example", True, "accepted"),
        ("new@minato.example", None, "pending"),
    ]


# Who may


def test_an_expired_access_token_is_renewed_by_the_library(google):
    google.mailbox(YUKI)
    users = gmail(google)
    google.clock.advance(3_600)
    assert users.getProfile(userId="me").execute()["emailAddress"] == YUKI
    assert [request.status for request in google.requests] == [401, 200, 200]


def test_a_token_that_was_taken_back_is_refused(google):
    google.mailbox(YUKI)
    users = gmail(google)
    google.grants.withdraw(YUKI)
    with pytest.raises(RefreshError, match="invalid_grant"):
        users.getProfile(userId="me").execute()
    assert [(request.operation, request.status) for request in google.requests] == [("getProfile", 401), ("token", 400)]


def test_the_scope_decides(google):
    message_id = google.mailbox(YUKI).deliver(mail())
    assert refusal(gmail(google, scopes=[SEND_SCOPE]).messages().list(userId="me"))[0] == 403
    assert refusal(gmail(google, scopes=[LABELS_SCOPE]).getProfile(userId="me"))[0] == 403
    readonly = gmail(google)
    modify = readonly.messages().modify(userId="me", id=message_id, body={"addLabelIds": ["STARRED"]})
    with pytest.raises(HttpError) as refused:
        modify.execute()
    error = refused.value
    assert "insufficientPermissions" in error.content.decode()
    assert "ACCESS_TOKEN_SCOPE_INSUFFICIENT" in error.content.decode()


def test_the_metadata_scope_degrades_the_whole_token(google):
    message_id = google.mailbox(YUKI).deliver(mail())
    users = gmail(google, scopes=["https://www.googleapis.com/auth/gmail.readonly", METADATA_SCOPE])
    assert refusal(users.messages().list(userId="me", q="in:inbox")) == (403, "forbidden")
    for form in ("full", "raw"):
        assert refusal(users.messages().get(userId="me", id=message_id, format=form)) == (403, "forbidden")
    assert users.messages().get(userId="me", id=message_id, format="metadata").execute()["id"] == message_id
    assert users.messages().list(userId="me").execute()["messages"][0]["id"] == message_id


def test_nobody_reads_another_mailbox(google):
    google.mailbox("james@minato.example").deliver(mail())
    google.mailbox(YUKI)
    assert refusal(gmail(google).messages().list(userId="james@minato.example")) == (403, "forbidden")


def test_a_mailbox_can_be_switched_off(google):
    google.mailbox(YUKI).is_enabled = False
    assert refusal(gmail(google).getProfile(userId="me")) == (400, "failedPrecondition")


# What is documented


@pytest.mark.parametrize(
    "extra", ["folder=INBOX", "maxResults=501", "maxResults=0", "maxResults=x", "q=a&q=b", "alt=media"]
)
def test_what_is_not_documented_is_refused(google, extra):
    google.mailbox(YUKI)
    call = gmail(google).messages().list(userId="me")
    call.uri = call.uri.replace("alt=json", "") + extra
    assert refusal(call)[0] == 400


def test_a_body_may_hold_only_known_fields(google):
    google.mailbox(YUKI)
    users = gmail(google, scopes=[MODIFY_SCOPE])
    assert refusal(users.labels().create(userId="me", body={"name": "x", "colour": "red"}))[0] == 400
    assert refusal(users.labels().create(userId="me", body={"name": ["x"]}))[0] == 400
    assert refusal(users.labels().create(userId="me", body={"name": "x", "labelListVisibility": "no"}))[0] == 400
    assert refusal(users.labels().create(userId="me", body={"name": "x", "color": {"shade": "1"}}))[0] == 400


def test_unknown_messages_and_methods(google):
    google.mailbox(YUKI)
    users = gmail(google)
    assert refusal(users.messages().get(userId="me", id="0")) == (404, "notFound")
    assert refusal(users.settings().filters().list(userId="me"))[0] == 501


def test_an_answer_can_be_partial(google):
    message_id = google.mailbox(YUKI).deliver(mail())
    users = gmail(google)
    assert users.messages().list(userId="me", fields="messages/id,nextPageToken").execute() == {
        "messages": [{"id": message_id}]
    }
    shown = users.messages().get(userId="me", id=message_id, fields="id,payload(headers(name),mimeType)").execute()
    assert shown["payload"]["headers"][0] == {"name": "From"}
    assert shown.keys() == {"id", "payload"}
