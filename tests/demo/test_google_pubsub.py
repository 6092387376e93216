import json
import threading
import time
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.oauth2 import id_token
from googleapiclient.errors import HttpError

from crm_project.demo.google.server import FakeGoogle
from tests.demo.google_client import YUKI, gmail, mail

REFUSALS = (GoogleAuthError, ValueError)
FORGED = {"iss": "https://evil.example", "aud": "https://other.example/push", "exp": 1_000_000_000}


@dataclass
class Receiver:
    """Whoever is told of changes."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    received: list[tuple[str, dict]] = field(default_factory=list)

    def told(self) -> list[dict]:
        return [json.loads(b64decode(body["message"]["data"])) for _token, body in self.received]


@pytest.fixture
def receiver(google) -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made.received.append((self.headers["Authorization"].removeprefix("Bearer "), body))
            self.send_response(made.statuses.pop(0) if made.statuses else 204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    made.url = google.pubsub.endpoint = f"http://127.0.0.1:{server.server_address[1]}/push"
    yield made
    server.shutdown()
    server.server_close()


def watch(google, **body) -> dict:
    return gmail(google).watch(userId="me", body={"topicName": google.topic, **body}).execute()


def claims_of(google, token, audience):
    return id_token.verify_token(token, Request(), audience, certs_url=google.environment()["GOOGLE_CERTS_URL"])


def test_a_watched_mailbox_announces_its_changes(google, receiver):
    google.clock.stop()
    box = google.mailbox(YUKI)
    box.deliver(mail("before"))
    answer = watch(google)
    assert answer["historyId"] == str(box.history_id)
    assert int(answer["expiration"]) == pytest.approx((google.clock.now().timestamp() + 7 * 86_400) * 1000, abs=1)

    box.deliver(mail())
    assert google.pubsub.flush() == [204]
    assert receiver.told() == [{"emailAddress": YUKI, "historyId": box.history_id}]
    token, body = receiver.received[0]
    assert body["subscription"].startswith("projects/")
    assert body["message"]["messageId"] == body["message"]["message_id"]
    claims = claims_of(google, token, receiver.url)
    assert (claims["email"], claims["email_verified"]) == (google.environment()["GOOGLE_PUSH_ACCOUNT"], True)
    assert google.pubsub.flush() == []


def test_changes_that_nobody_was_told_of_are_one_notification(google, receiver):
    watch(google)
    box = google.mailbox(YUKI)
    for number in range(5):
        box.deliver(mail(str(number)))
    google.pubsub.flush()
    assert receiver.told() == [{"emailAddress": YUKI, "historyId": box.history_id}]


def test_what_is_not_acknowledged_comes_again(google, receiver):
    watch(google)
    google.mailbox(YUKI).deliver(mail())
    receiver.statuses = [500, 401, 204]
    assert [google.pubsub.flush() for _time in range(4)] == [[500], [401], [204], []]
    assert len({body["message"]["messageId"] for _token, body in receiver.received}) == 1


def test_a_watch_ends_by_time_and_by_stop(google, receiver):
    box = google.mailbox(YUKI)
    watch(google)
    google.clock.advance(days=7)
    box.deliver(mail())
    assert google.pubsub.flush() == []
    watch(google)
    box.deliver(mail())
    assert len(google.pubsub.flush()) == 1
    gmail(google).stop(userId="me").execute()
    box.deliver(mail())
    assert google.pubsub.flush() == []


def test_labels_choose_what_is_announced(google, receiver):
    box = google.mailbox(YUKI)
    watch(google, labelIds=["INBOX"], labelFilterBehavior="include")
    box.deliver(mail(), labels=["SENT"])
    assert google.pubsub.flush() == []
    watch(google, labelIds=["SENT"], labelFilterBehavior="exclude")
    box.deliver(mail(), labels=["SENT"])
    assert google.pubsub.flush() == []
    box.deliver(mail())
    assert google.pubsub.flush() == [204]


@pytest.mark.parametrize("body", [{"topicName": "projects/other/topics/x"}, {"labelIds": ["None"]}, {"expiry": 1}])
def test_a_wrong_watch_is_refused(google, body):
    google.mailbox(YUKI)
    with pytest.raises(HttpError) as refused:
        watch(google, **body)
    assert refused.value.status_code == 400


@pytest.mark.parametrize("claim", sorted(FORGED))
def test_tokens_can_be_wrong(google, receiver, claim):
    token = google.pubsub.token(**{claim: FORGED[claim]})
    with pytest.raises(REFUSALS):
        id_token.verify_oauth2_token(token, _certificates_of(google), receiver.url)
    assert id_token.verify_oauth2_token(google.pubsub.token(), _certificates_of(google), receiver.url)


def test_tokens_can_be_forged(google, receiver):
    forged = google.pubsub.token(key="forger")
    with pytest.raises(REFUSALS):
        claims_of(google, forged, receiver.url)
    with pytest.raises(REFUSALS):
        claims_of(google, "not.a.token", receiver.url)


def test_duplicates_and_stale_ids_can_be_sent(google, receiver):
    stale = google.pubsub.notification(YUKI, 7)
    assert [google.pubsub.send(stale), google.pubsub.send(stale)] == [204, 204]
    assert receiver.told() == [{"emailAddress": YUKI, "historyId": 7}] * 2


def test_notifications_go_out_by_themselves(google, receiver):
    watch(google)
    google.push_by_itself()
    google.mailbox(YUKI).deliver(mail())
    for _time in range(1_200):
        if receiver.received:
            break
        threading.Event().wait(0.05)
    assert len(receiver.received) == 1


def _certificates_of(google):
    """A transport that looks for Google's certificates where the stand-in has them."""
    ask = Request()
    return lambda url, **options: ask(google.environment()["GOOGLE_CERTS_URL"], **options)


def test_another_start_repeats_no_id(google):
    first = google.pubsub.notification(YUKI, 1)
    time.sleep(0.002)

    assert int(FakeGoogle().pubsub.notification(YUKI, 1).id) > int(first.id)
