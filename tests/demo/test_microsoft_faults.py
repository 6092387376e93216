"""What goes wrong at the stand-in for Graph, on demand and by itself."""

import threading
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
import requests
from werkzeug.wrappers import Request

from crm_project.demo.microsoft import faults
from tests.demo.microsoft_clients import Graph, code, mail
from tests.fakes.microsoft import FakeMicrosoft

YUKI = "yuki@minato.example"


@pytest.fixture
def mailbox(microsoft: FakeMicrosoft):
    return microsoft.mailbox(YUKI)


@pytest.fixture
def graph(microsoft: FakeMicrosoft, mailbox):
    client = Graph(microsoft, YUKI)
    yield client
    client.close()


@pytest.mark.parametrize(
    ("answer", "expected", "retry_after"),
    [
        (faults.throttled(1), (429, "TooManyRequests"), "1"),
        (faults.throttled(None), (429, "TooManyRequests"), None),
        (faults.mailbox_concurrency(7), (429, "ApplicationThrottled"), "7"),
        (faults.unavailable(503, retry_after=30), (503, "serviceNotAvailable"), "30"),
        (faults.unavailable(504), (504, "UnknownError"), None),
        (faults.unavailable(509), (509, "bandwidthLimitExceeded"), None),
        (faults.unavailable(500), (500, "ErrorInternalServerError"), None),
        (faults.forbidden(), (403, "ErrorAccessDenied"), None),
        (faults.gone(), (404, "ErrorItemNotFound"), None),
        (faults.no_mailbox(), (404, "MailboxNotEnabledForRESTAPI"), None),
        (faults.sync_state_lost(), (410, "SyncStateNotFound"), None),
        (faults.sync_state_lost("resyncRequired", status=400), (400, "resyncRequired"), None),
        (faults.graph_error(403, "ErrorQuotaExceeded"), (403, "ErrorQuotaExceeded"), None),
    ],
)
def test_every_error_can_be_had_on_demand(microsoft, graph, answer, expected, retry_after):
    microsoft.faults.add(answer, path="/messages")
    met = graph.get("me/messages")
    assert (code(met), met.headers.get("Retry-After")) == (expected, retry_after)
    assert graph.get("me/messages").status_code == 200


def test_a_fault_can_start_late_last_for_ever_and_be_lifted(microsoft, graph):
    fault = microsoft.faults.add(faults.throttled(1), path="/messages", after=1, times=None)
    assert [graph.get("me/messages").status_code for _ in range(4)] == [200, 429, 429, 429]
    assert fault.met == 4
    assert graph.get("me/mailFolders").status_code == 200
    microsoft.faults.clear()
    assert graph.get("me/messages").status_code == 200


def test_a_fault_can_come_now_and_then(microsoft, graph):
    microsoft.faults.always(faults.unavailable(), path="/messages", chance=0.5)
    statuses = {graph.get("me/messages").status_code for _ in range(40)}
    assert statuses == {200, 503}


def test_a_fault_can_be_one_mailboxes_alone(microsoft, graph):
    microsoft.mailbox("james@minato.example")
    other = Graph(microsoft, "james@minato.example")
    microsoft.faults.always(faults.throttled(1), mailbox="james@minato.example")
    assert [client.get("me/messages").status_code for client in (graph, other)] == [200, 429]
    assert [request.mailbox for request in microsoft.requests] == [YUKI, "james@minato.example"]
    other.close()


def test_a_claims_challenge_is_told_from_a_dead_token(microsoft, graph):
    microsoft.faults.add(faults.token_refused('{"access_token":{"nbf":{"essential":true}}}'))
    challenge = graph.get("me/messages").headers["WWW-Authenticate"]
    assert 'error="insufficient_claims"' in challenge
    encoded = challenge.partition('claims="')[2].rstrip('"')
    assert b64decode(encoded) == b'{"access_token":{"nbf":{"essential":true}}}'


def test_connections_break_and_answers_end_in_the_middle(microsoft, graph):
    microsoft.faults.add(faults.cut())
    with pytest.raises(requests.ConnectionError):
        graph.get("me/messages")
    microsoft.faults.add(faults.nonsense())
    with pytest.raises(requests.JSONDecodeError):
        graph.get("me/messages").json()
    microsoft.faults.add(faults.html(503))
    assert graph.get("me/messages").headers["Content-Type"].startswith("text/html")


def test_the_fifth_request_at_once_is_refused(microsoft, graph):
    headers, refusals, both_refused = dict(graph.session.headers), count(1), threading.Event()

    def held(_request: Request) -> None:
        both_refused.wait(60)

    microsoft.faults.always(held, path="/messages")

    def ask(_number: int) -> int:
        status = requests.get(f"{graph.root}/me/messages", headers=headers, timeout=60).status_code
        if status == 429 and next(refusals) == 2:
            both_refused.set()
        return status

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(ask, range(6))) == [200, 200, 200, 200, 429, 429]
    assert microsoft.meters[YUKI].most > 4


def test_too_many_requests_in_ten_minutes_are_refused(microsoft, graph):
    microsoft.faults.requests_in_ten_minutes = 3
    assert [graph.get("me/mailFolders").status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    microsoft.clock.advance(minutes=11)
    assert graph.get("me/mailFolders").status_code == 200


def test_a_count_can_be_missing(microsoft, graph):
    count = {"$count": "true", "$top": "1"}
    assert graph.get("me/messages", **count).json()["@odata.count"] == 0
    microsoft.faults.counts_missing = True
    assert "@odata.count" not in graph.get("me/messages", **count).json()


def test_a_batch_is_answered_part_by_part_in_another_order(microsoft, mailbox, graph):
    ids = [mailbox.deliver(mail(f"Mail {number}")) for number in range(6)]
    microsoft.faults.add(faults.throttled(3), path=ids[2])
    headers = {"Prefer": 'IdType="ImmutableId"'}
    parts = [
        {"id": str(number), "method": "GET", "url": f"/me/messages/{one}?$select=subject", "headers": headers}
        for number, one in enumerate(ids)
    ]
    parts.append({"id": "raw", "method": "GET", "url": f"/me/messages/{ids[0]}/$value"})
    parts.append({"id": "gone", "method": "GET", "url": "/me/messages/nothing"})
    responses = graph.batch(parts).json()["responses"]
    assert [one["id"] for one in responses] != [part["id"] for part in parts]
    by_id = {one["id"]: one for one in responses}
    assert {name: one["status"] for name, one in by_id.items()} == dict.fromkeys("01345", 200) | {
        "2": 429,
        "raw": 200,
        "gone": 404,
    }
    assert by_id["2"]["headers"]["Retry-After"] == "3"
    assert by_id["1"]["body"]["subject"] == "Mail 1"
    assert b64decode(by_id["raw"]["body"]) == mail("Mail 0")
    assert sum(request.batched for request in microsoft.requests) == 8


def test_parts_do_not_inherit_the_headers_of_the_batch(mailbox, graph):
    message = mailbox.deliver(mail())
    graph.session.headers["Prefer"] = 'IdType="ImmutableId"'
    [part] = graph.batch([{"id": "1", "method": "GET", "url": f"/me/messages/{message}"}]).json()["responses"]
    assert part["body"]["id"] != message


def test_only_so_many_parts_of_one_mailbox_may_be_answered(microsoft, graph):
    microsoft.faults.batch_parts = 4
    parts = [{"id": str(number), "method": "GET", "url": "/me/mailFolders"} for number in range(20)]
    statuses = [one["status"] for one in graph.batch(parts).json()["responses"]]
    assert (statuses.count(200), statuses.count(429)) == (4, 16)


@pytest.mark.parametrize(
    "parts",
    [
        [{"id": str(number), "method": "GET", "url": "/me"} for number in range(21)],
        [],
        [{"id": "1", "method": "GET", "url": "/me"}] * 2,
        [{"id": 1, "method": "GET", "url": "/me"}],
        [{"id": "1", "method": "GET", "url": "/me", "priority": 1}],
        [{"id": "1", "method": "GET", "url": "https://graph.microsoft.com/v1.0/me"}],
        [{"id": "1", "method": "POST", "url": "/subscriptions", "body": {}}],
    ],
)
def test_a_wrong_batch_is_refused_as_a_whole(graph, parts):
    assert code(graph.batch(parts)) == (400, "BadRequest")


def test_what_depends_on_a_failed_part_fails(graph):
    parts = [
        {"id": "1", "method": "GET", "url": "/me/messages/nothing"},
        {"id": "2", "method": "GET", "url": "/me", "dependsOn": ["1"]},
    ]
    assert {one["id"]: one["status"] for one in graph.batch(parts).json()["responses"]} == {"1": 404, "2": 424}


def test_requests_are_kept_without_their_token(microsoft, graph):
    graph.get("me/messages", **{"$top": "5"})
    kept = microsoft.requests[-1]
    assert (kept.method, kept.path, kept.query, kept.status) == ("GET", "/v1.0/me/messages", {"$top": ["5"]}, 200)
    assert "authorization" not in kept.headers
