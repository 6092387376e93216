import email
import http.client
import json
import random
import socket
import threading
import time
from datetime import UTC, datetime
from types import SimpleNamespace
from urllib.parse import urlsplit

import httplib2
import pytest
from googleapiclient.errors import HttpError

from crm_project.demo.google import answers, app
from crm_project.demo.google.quota import OLD_COSTS, Limits
from tests.demo.google_client import YUKI, credentials, gmail, in_batch, mail


@pytest.fixture
def ids(google) -> list[str]:
    return [google.mailbox(YUKI).deliver(mail(str(number))) for number in range(12)]


def refused(call) -> HttpError:
    with pytest.raises(HttpError) as caught:
        call.execute()
    return caught.value


def reason_of(error: HttpError) -> str:
    return str(json.loads(error.content)["error"]["errors"][0]["reason"])


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        (answers.rate_limited(), 403, "rateLimitExceeded"),
        (answers.user_rate_limited(), 403, "userRateLimitExceeded"),
        (answers.quota_exceeded(), 403, "quotaExceeded"),
        (answers.rate_limited(429, retry_after=17), 429, "rateLimitExceeded"),
        (answers.too_many_concurrent(), 429, "rateLimitExceeded"),
        (answers.daily_limit(), 403, "dailyLimitExceeded"),
        (answers.domain_policy(), 403, "domainPolicy"),
        (answers.insufficient_scope(), 403, "insufficientPermissions"),
        (answers.not_configured(), 403, "accessNotConfigured"),
        (answers.mail_service_disabled(), 400, "failedPrecondition"),
        (answers.failed_precondition(), 400, "failedPrecondition"),
        (answers.not_found(), 404, "notFound"),
        (answers.backend_error(500), 500, "backendError"),
        (answers.backend_error(503), 503, "backendError"),
        (answers.other_watch(), 400, "invalidArgument"),
    ],
)
def test_every_error_can_be_ordered_in_googles_own_words(google, ids, answer, status, reason):
    call = gmail(google).messages().get(userId="me", id=ids[0])
    google.faults.next("messages.get", answer)
    error = refused(call)
    assert (error.status_code, reason_of(error)) == (status, reason)
    assert call.execute()["id"] == ids[0]


def test_the_time_to_wait_stands_in_the_text_or_in_a_header(google, ids):
    call = gmail(google).messages().get(userId="me", id=ids[0])
    google.faults.next("messages.get", answers.rate_limited(429, until=datetime(2026, 11, 22, 5, 0, 1, 250_000, UTC)))
    google.faults.next("messages.get", answers.rate_limited(429, retry_after=1))
    assert "Retry after 2026-11-22T05:00:01.250Z" in refused(call).reason
    assert refused(call).resp["retry-after"] == "1"


def test_a_fault_strikes_as_often_and_whom_it_was_told(google, ids):
    google.mailbox("james@minato.example")
    yuki, james = gmail(google), gmail(google, "james@minato.example")
    fault = google.faults.next("getProfile", answers.backend_error(), times=2, skip=1, mailbox=YUKI)
    statuses = []
    for _time in range(4):
        james.getProfile(userId="me").execute()
        try:
            yuki.getProfile(userId="me").execute()
            statuses.append(200)
        except HttpError as error:
            statuses.append(error.status_code)
    assert statuses == [200, 503, 503, 200]
    assert fault.struck == 2
    google.faults.always("/gmail/v1/users/me/*", answers.backend_error())
    assert refused(james.labels().list(userId="me")).status_code == 503
    google.faults.clear()
    assert james.labels().list(userId="me").execute()


def test_one_in_so_many_requests_can_fail(google, ids):
    users = gmail(google)
    fault = google.faults.always("getProfile", answers.backend_error(), chance=0.25)
    for _time in range(200):
        try:
            users.getProfile(userId="me").execute()
        except HttpError:
            continue
    assert 30 < fault.struck < 70


# The library sends a request once more when the connection ends before the answer begins.
@pytest.mark.parametrize(("answer", "times"), [(answers.dropped(), 2), (answers.cut(), 1)])
def test_a_connection_can_break(google, ids, answer, times):
    users = gmail(google)
    google.faults.next("messages.get", answer, times=times)
    with pytest.raises((http.client.HTTPException, ConnectionError, httplib2.HttpLib2Error)):
        users.messages().get(userId="me", id=ids[0]).execute()
    assert users.messages().get(userId="me", id=ids[0]).execute()["id"] == ids[0]


def test_google_can_be_down_and_come_back(google, ids):
    users = gmail(google)
    google.stop()
    with pytest.raises(ConnectionRefusedError):
        users.getProfile(userId="me").execute()
    google.start()
    assert users.getProfile(userId="me").execute()["messagesTotal"] == len(ids)


def test_an_answer_can_take_its_time(google, ids):
    users = gmail(google)
    google.faults.next("messages.get", answers.slow(0.3))
    started = time.monotonic()
    assert users.messages().get(userId="me", id=ids[0]).execute()["id"] == ids[0]
    assert time.monotonic() - started > 0.3
    google.faults.next("messages.get", answers.slow(5))
    service = users.messages().get(userId="me", id=ids[0])
    service.http.http.timeout = 0.2
    for connection in service.http.http.connections.values():
        connection.timeout = 0.2
    with pytest.raises(socket.timeout):
        service.execute()


def test_what_is_no_json_is_sent_as_it_is(google, ids):
    google.faults.next("messages.list", answers.html_error(502))
    google.faults.next("messages.list", answers.not_json())
    users = gmail(google)
    assert refused(users.messages().list(userId="me")).status_code == 502
    # The library hands over what it cannot read as text.
    assert isinstance(users.messages().list(userId="me").execute(), str)


# Quota


def test_units_are_counted_as_google_charges_them(google, ids):
    users = gmail(google)
    users.getProfile(userId="me").execute()
    users.messages().list(userId="me").execute()
    users.messages().get(userId="me", id=ids[0]).execute()
    users.history().list(userId="me", startHistoryId=google.mailbox(YUKI).history_id).execute()
    refused(users.messages().get(userId="me", id="0"))
    assert [request.units for request in google.requests] == [1, 5, 20, 2, 20]
    assert google.requests.units(mailbox=YUKI) == 48
    google.limits = Limits(costs=OLD_COSTS)
    google.requests.clear()
    users.messages().get(userId="me", id=ids[0]).execute()
    assert google.requests.units() == 5


def test_a_mailbox_may_spend_so_many_units_in_a_minute(google, ids):
    google.clock.stop()
    google.limits = Limits(user_units_per_minute=100)
    users = gmail(google)
    call = users.messages().get(userId="me", id=ids[0])
    for _time in range(5):
        call.execute()
        google.clock.advance(10)
    error = refused(call)
    assert (error.status_code, reason_of(error)) == (403, "rateLimitExceeded")
    assert "Queries per minute per user" in error.reason
    assert google.requests.units() == 100
    google.clock.advance(10)
    assert call.execute()["id"] == ids[0]


def test_all_mailboxes_share_the_units_of_the_project(google, ids):
    google.clock.stop()
    google.mailbox("james@minato.example")
    google.limits = Limits(project_units_per_minute=2)
    gmail(google).getProfile(userId="me").execute()
    gmail(google, "james@minato.example").getProfile(userId="me").execute()
    assert refused(gmail(google).getProfile(userId="me")).status_code == 403


def test_one_mailbox_may_be_asked_for_so_much_at_a_time(google, ids, monkeypatch):
    google.limits.concurrent = 2
    one_refused, statuses = threading.Event(), []
    google.faults.next("getProfile", answers.slow(1), times=2)
    monkeypatch.setattr(app, "time", SimpleNamespace(sleep=lambda _seconds: one_refused.wait(60)))

    def ask():
        try:
            gmail(google).getProfile(userId="me").execute()
            statuses.append(200)
        except HttpError as error:
            statuses.append(error.status_code)
            one_refused.set()

    threads = [threading.Thread(target=ask) for _number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 200, 429]


# Batches


def test_a_batch_answers_each_part_for_itself(google, ids):
    users = gmail(google)
    google.faults.next(f"*/messages/{ids[3]}", answers.rate_limited(429))
    calls = {message_id: users.messages().get(userId="me", id=message_id, format="minimal") for message_id in ids}
    answered, failed = in_batch(google, {**calls, "gone": users.messages().get(userId="me", id="0")})
    assert answered.keys() == {*ids} - {ids[3]}
    assert {name: shown["id"] for name, shown in answered.items()} == {name: name for name in answered}
    assert {name: error.status_code for name, error in failed.items()} == {ids[3]: 429, "gone": 404}
    parts = google.requests.of("messages.get")
    assert [part.in_batch for part in parts] == [True] * 13
    assert google.requests.units() == 20 * 12
    assert len(google.requests.of("batch")) == 1


def test_the_parts_of_a_batch_count_as_asked_at_the_same_time(google, ids):
    google.limits.concurrent = 10
    users = gmail(google)
    answered, failed = in_batch(google, {i: users.messages().get(userId="me", id=i, format="minimal") for i in ids})
    assert (len(answered), {error.status_code for error in failed.values()}) == (10, {429})


def test_a_batch_fails_as_a_whole_too(google, ids):
    users = gmail(google)
    google.faults.next("batch", answers.backend_error())
    with pytest.raises(HttpError) as failed:
        in_batch(google, {"one": users.getProfile(userId="me")})
    assert failed.value.status_code == 503
    assert google.requests.of("getProfile") == []


def test_a_batch_can_forget_a_part(google, ids):
    users = gmail(google)
    google.faults.next("getProfile", answers.missing_part())
    with pytest.raises(KeyError):
        in_batch(google, {"one": users.getProfile(userId="me"), "two": users.labels().list(userId="me")})


def test_an_expired_token_is_refused_in_each_part_and_renewed_by_the_library(google, ids):
    users = gmail(google)
    google.clock.advance(3_600)
    answered, failed = in_batch(google, {i: users.messages().get(userId="me", id=i, format="minimal") for i in ids[:3]})
    assert (answered.keys(), failed) == ({*ids[:3]}, {})


def posted(fake, body: str, content_type: str = "multipart/mixed; boundary=b"):
    connection = http.client.HTTPConnection(urlsplit(fake.url).netloc, timeout=60)
    headers = {"Content-Type": content_type, "Authorization": f"Bearer {credentials(fake).token}"}
    connection.request("POST", "/batch/gmail/v1", body.encode(), headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, content


def part(path: str, name: str) -> str:
    return f"--b\r\nContent-Type: application/http\r\nContent-ID: <x + {name}>\r\n\r\nGET {path} HTTP/1.1\r\n\r\n\r\n"


def test_the_parts_of_an_answer_come_in_any_order(google, ids):
    body = "".join(part(f"/gmail/v1/users/me/messages/{i}?format=minimal", i) for i in ids) + "--b--\r\n"
    answer, content = posted(google, body)
    message = email.message_from_bytes(f"Content-Type: {answer.headers['Content-Type']}\r\n\r\n".encode() + content)
    told = [part["Content-ID"] for part in message.get_payload()]
    assert told != [f"<response-x + {i}>" for i in ids]
    assert sorted(told) == [f"<response-x + {i}>" for i in sorted(ids)]


@pytest.mark.parametrize("count", [0, 101])
def test_a_batch_has_between_one_and_a_hundred_parts(google, ids, count):
    body = part("/gmail/v1/users/me/profile", "1") * count + "--b--\r\n"
    assert posted(google, body)[0].status == 400


def test_a_part_names_a_path_of_gmail(google, ids):
    unknown = part("/gmail/v1/users/me/folders", "1") + "--b--\r\n"
    assert b"HTTP/1.1 404" in posted(google, unknown)[1]
    assert [(request.path, request.status) for request in google.requests.of("unknown")] == [
        ("/gmail/v1/users/me/folders", 404)
    ]
    for path in ("https://elsewhere.example/gmail/v1/users/me/profile", "/token"):
        _answer, content = posted(google, part(path, "1") + "--b--\r\n")
        assert b"HTTP/1.1 400" in content
    assert posted(google, "{}", "application/json")[0].status == 400


def test_random_storms_end_in_nothing_but_named_errors(google, ids):
    """Whatever is laid over it, a request is answered as ordered or as usual."""
    users = gmail(google)
    chance = random.Random(1)
    kinds = [answers.backend_error(), answers.rate_limited(), answers.rate_limited(429), answers.html_error(502)]
    for kind in kinds:
        google.faults.always("messages.get", kind, chance=0.2)
    statuses = set()
    for _time in range(60):
        try:
            statuses.add(users.messages().get(userId="me", id=chance.choice(ids)).execute()["id"] in ids)
        except HttpError as error:
            statuses.add(error.status_code)
    assert statuses == {True, 403, 429, 502, 503}
