import pytest
from googleapiclient.errors import HttpError

from tests.demo.google_client import YUKI, gmail, mail


def history(users, start, **parameters):
    return users.history().list(userId="me", startHistoryId=start, **parameters).execute()


def start_of(users) -> str:
    return users.getProfile(userId="me").execute()["historyId"]


def changes(told) -> list[tuple[str, str]]:
    """What happened to which message, in order."""
    return [
        (key, entry["message"]["id"])
        for record in told.get("history", [])
        for key, entries in record.items()
        if key not in {"id", "messages"}
        for entry in entries
    ]


def test_the_history_tells_what_happened_since(google):
    box = google.mailbox(YUKI)
    users = gmail(google)
    start = start_of(users)
    assert history(users, start) == {"historyId": start}

    one = box.deliver(mail())
    box.label(one, add=["SPAM"], remove=["INBOX"])
    box.delete(one)

    told = history(users, start)
    assert changes(told) == [
        ("messagesAdded", one), ("labelsAdded", one), ("labelsRemoved", one), ("messagesDeleted", one),
    ]  # fmt: skip
    added = told["history"][0]
    assert added["messagesAdded"] == [{"message": {"id": one, "threadId": one, "labelIds": ["INBOX"]}}]
    assert added["messages"] == [{"id": one, "threadId": one}]
    assert told["history"][1]["labelsAdded"][0]["labelIds"] == ["SPAM"]
    assert told["historyId"] == told["history"][-1]["id"]
    assert start_of(users) == told["historyId"]


def test_ids_grow_with_gaps_across_a_digit_boundary(google):
    box = google.mailbox(YUKI)
    box.history_id = 999_999_990
    users = gmail(google)
    start = start_of(users)
    for number in range(3):
        box.deliver(mail(str(number)))
    ids = [int(record["id"]) for record in history(users, start)["history"]]
    assert ids == sorted(set(ids))
    assert int(start) < ids[0] != int(start) + 1
    assert len(str(ids[-1])) == len(start) + 1


def test_only_the_types_and_the_label_that_were_asked_for_are_told(google):
    box = google.mailbox(YUKI)
    users = gmail(google)
    start = start_of(users)
    one, two = box.deliver(mail("1")), box.deliver(mail("2"), labels=["SENT"])
    box.label(two, add=["CRM/Log"])
    box.label(one, remove=["INBOX"])

    assert changes(history(users, start, historyTypes="messageAdded")) == [
        ("messagesAdded", one),
        ("messagesAdded", two),
    ]
    both = history(users, start, historyTypes=["labelAdded", "labelRemoved"])
    assert changes(both) == [("labelsAdded", two), ("labelsRemoved", one)]
    assert changes(history(users, start, labelId="SENT")) == [("messagesAdded", two), ("labelsAdded", two)]
    assert changes(history(users, start, labelId="INBOX")) == [("messagesAdded", one), ("labelsRemoved", one)]


def test_a_long_history_comes_in_pages_that_name_the_same_end(google):
    box = google.mailbox(YUKI)
    users = gmail(google)
    start = start_of(users)
    ids = [box.deliver(mail(str(number))) for number in range(5)]

    pages = [history(users, start, maxResults=2)]
    while "nextPageToken" in pages[-1]:
        pages.append(history(users, start, maxResults=2, pageToken=pages[-1]["nextPageToken"]))

    assert [len(page["history"]) for page in pages] == [2, 2, 1]
    assert [message_id for page in pages for _change, message_id in changes(page)] == ids
    assert {page["historyId"] for page in pages} == {start_of(users)}


def test_what_arrives_between_two_pages_is_on_the_last(google):
    box = google.mailbox(YUKI)
    users = gmail(google)
    start = start_of(users)
    box.deliver(mail("1"))
    box.deliver(mail("2"))
    first = history(users, start, maxResults=1)
    late = box.deliver(mail("3"))
    second = history(users, start, maxResults=5, pageToken=first["nextPageToken"])
    assert changes(second)[-1] == ("messagesAdded", late)
    assert second["historyId"] != first["historyId"]


@pytest.mark.parametrize("shift", [-1, 1])
def test_a_start_that_was_forgotten_or_never_was_is_not_found(google, shift):
    box = google.mailbox(YUKI)
    box.deliver(mail())
    users = gmail(google)
    start = start_of(users)
    if shift < 0:
        box.expire_history()
    else:
        start = str(int(start) + shift)
    with pytest.raises(HttpError) as refused:
        history(users, start)
    assert (refused.value.status_code, refused.value.error_details[0]["reason"]) == (404, "notFound")
    anew = start_of(users)
    message_id = box.deliver(mail())
    assert changes(history(users, anew)) == [("messagesAdded", message_id)]


@pytest.mark.parametrize("parameters", [{"historyTypes": "messageRead"}, {"maxResults": 501}, {"pageToken": "x"}])
def test_wrong_parameters_are_refused(google, parameters):
    google.mailbox(YUKI)
    users = gmail(google)
    call = users.history().list(userId="me", startHistoryId="1000")
    call.uri += "".join(f"&{name}={value}" for name, value in parameters.items())
    with pytest.raises(HttpError) as refused:
        call.execute()
    assert refused.value.status_code == 400


def test_a_history_can_repeat_itself_for_ever(google):
    box = google.mailbox(YUKI)
    users = gmail(google)
    start = start_of(users)
    box.deliver(mail())
    box.history_loops = True
    first = history(users, start)
    second = history(users, start, pageToken=first["nextPageToken"])
    assert changes(first) == changes(second)
    assert "nextPageToken" in second


def test_a_draft_that_is_saved_again_is_another_message(google):
    box = google.mailbox(YUKI)
    users = gmail(google)
    draft = box.deliver(mail("Draft"), labels=["DRAFT"])
    start = start_of(users)
    saved = box.edit_draft(draft, mail("Draft, longer"))
    assert changes(history(users, start)) == [("messagesDeleted", draft), ("messagesAdded", saved)]


def test_an_owner_who_labels_what_has_the_label_changes_nothing(google):
    box = google.mailbox(YUKI)
    message_id = box.deliver(mail())
    users = gmail(google)
    start = start_of(users)
    box.label(message_id, add=["INBOX"], remove=["STARRED"])
    assert history(users, start) == {"historyId": start}


def test_deleting_a_label_takes_it_off_its_messages(google):
    box = google.mailbox(YUKI)
    message_id = box.deliver(mail(), labels=["INBOX", "CRM/Log"])
    users = gmail(google)
    start = start_of(users)
    box.delete_label("CRM/Log")
    assert changes(history(users, start)) == [("labelsRemoved", message_id)]
    assert users.messages().get(userId="me", id=message_id).execute()["labelIds"] == ["INBOX"]
