"""Subscriptions at the stand-in for Graph, and what it tells a listener on loopback."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from tests.demo.microsoft_clients import Graph, code, mail
from tests.fakes.microsoft import FakeMicrosoft

YUKI = "yuki@minato.example"


@dataclass
class Listener:
    """An endpoint as the product has one."""

    url: str = ""
    echo: bool = True
    content_type: str = "text/plain"
    status: int = 202
    got: list[dict[str, Any]] = field(default_factory=list)
    handshakes: int = 0

    def __call__(self, environ, start_response):
        request = Request(environ)
        token = request.args.get("validationToken")
        if token is not None:
            self.handshakes += 1
            response = Response(token if self.echo else "hello", content_type=self.content_type)
        else:
            self.got.extend(request.get_json()["value"])
            response = Response(status=self.status)
        return response(environ, start_response)


class Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None: ...


@pytest.fixture
def listener() -> Iterator[Listener]:
    app = Listener()
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    app.url = f"http://127.0.0.1:{server.port}/hook"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield app
    server.shutdown()
    thread.join()


@pytest.fixture
def mailbox(microsoft: FakeMicrosoft):
    microsoft.notifier.retry_seconds = 0.01
    return microsoft.mailbox(YUKI)


@pytest.fixture
def graph(microsoft: FakeMicrosoft, mailbox):
    client = Graph(microsoft, YUKI)
    client.session.headers["Prefer"] = 'IdType="ImmutableId"'
    yield client
    client.close()


def wanted(listener: Listener, **fields: Any) -> dict[str, Any]:
    return {
        "changeType": "created",
        "notificationUrl": listener.url,
        "lifecycleNotificationUrl": listener.url + "/life",
        "resource": "me/mailFolders('inbox')/messages",
        "expirationDateTime": (datetime.now(UTC) + timedelta(days=6)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "clientState": "secret",
    } | fields


def test_new_mail_is_told_to_who_subscribed(microsoft, mailbox, graph, listener):
    made = graph.post("subscriptions", wanted(listener))
    assert (made.status_code, listener.handshakes) == (201, 2)
    message = mailbox.deliver(mail())
    mailbox.deliver(mail(), folder="archive")
    microsoft.notifier.wait()
    [item] = listener.got
    assert (item["subscriptionId"], item["clientState"], item["changeType"]) == (made.json()["id"], "secret", "created")
    assert item["resourceData"]["id"] == message
    assert item["tenantId"] == microsoft.account(YUKI).tenant_id


@pytest.mark.parametrize("fault", [{"echo": False}, {"content_type": "text/html"}, {"url": "http://127.0.0.1:1/hook"}])
def test_a_handshake_that_fails_makes_no_subscription(microsoft, graph, listener, fault):
    for name, value in fault.items():
        setattr(listener, name, value)
    assert code(graph.post("subscriptions", wanted(listener))) == (400, "ValidationError")
    assert graph.rows("subscriptions") == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"notificationUrl": "http://crm.example.com/hook"}, (400, "ValidationError")),
        ({"clientState": "x" * 129}, (400, "ValidationError")),
        ({"changeType": "moved"}, (400, "ValidationError")),
        ({"expirationDateTime": "2020-01-01T00:00:00Z"}, (400, "ValidationError")),
        ({"expirationDateTime": (datetime.now(UTC) + timedelta(days=9)).isoformat()}, (400, "ValidationError")),
        ({"resource": "me/events"}, (400, "ValidationError")),
        ({"resource": "users/sales@minato.example/messages"}, (403, "ErrorAccessDenied")),
        ({"colour": "blue"}, (400, "BadRequest")),
    ],
)
def test_what_is_not_allowed_is_refused(microsoft, graph, listener, fields, expected):
    microsoft.shared_mailbox("sales@minato.example", readers=[YUKI])
    assert code(graph.post("subscriptions", wanted(listener, **fields))) == expected


def test_a_subscription_is_renewed_reauthorised_and_ended(microsoft, graph, listener):
    made = graph.post("subscriptions", wanted(listener)).json()
    path = f"{graph.root}/subscriptions/{made['id']}"
    soon = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    renewed = graph.session.patch(path, json={"expirationDateTime": soon}, timeout=60).json()
    least = datetime.now(UTC) + timedelta(minutes=44)
    assert datetime.fromisoformat(renewed["expirationDateTime"]) > least
    assert graph.post(f"subscriptions/{made['id']}/reauthorize").status_code == 204
    assert graph.session.delete(path, timeout=60).status_code == 204
    assert code(graph.session.patch(path, json={"expirationDateTime": soon}, timeout=60)) == (404, "ResourceNotFound")


def test_an_expired_subscription_hears_nothing(microsoft, mailbox, graph, listener):
    graph.post("subscriptions", wanted(listener))
    microsoft.clock.advance(days=7)
    mailbox.deliver(mail())
    microsoft.notifier.wait()
    assert listener.got == []


def test_lifecycle_events_go_to_their_own_address(microsoft, mailbox, graph, listener):
    graph.post("subscriptions", wanted(listener))
    for event in ("reauthorizationRequired", "missed", "subscriptionRemoved"):
        microsoft.notifier.tell(event)
    microsoft.notifier.wait()
    assert [item["lifecycleEvent"] for item in listener.got] == [
        "reauthorizationRequired",
        "missed",
        "subscriptionRemoved",
    ]
    assert graph.rows("subscriptions") == []
    mailbox.deliver(mail())
    microsoft.notifier.wait()
    assert len(listener.got) == 3


def test_subscriptions_can_be_sent_to_where_the_application_is_today(microsoft, mailbox, graph, listener):
    graph.post("subscriptions", wanted(listener))
    today = f"{listener.url}/today"
    microsoft.notifier.redirect(today)

    mailbox.deliver(mail())
    microsoft.notifier.tell("missed")
    microsoft.notifier.wait()

    assert {delivery.url for delivery in microsoft.notifier.deliveries} == {today}
    assert len(listener.got) == 2


def test_a_refused_notification_is_sent_again(microsoft, mailbox, graph, listener):
    graph.post("subscriptions", wanted(listener))
    listener.status = 503
    mailbox.deliver(mail())
    microsoft.notifier.wait()
    assert [delivery.status for delivery in microsoft.notifier.deliveries] == [503, 503, 503]


def test_notifications_can_be_held_repeated_and_lost(microsoft, mailbox, graph, listener):
    graph.post("subscriptions", wanted(listener))
    microsoft.notifier.held = microsoft.notifier.repeats = True
    mailbox.deliver(mail())
    mailbox.deliver(mail())
    assert listener.got == []
    microsoft.notifier.release()
    microsoft.notifier.wait()
    assert (len(listener.got), len(microsoft.notifier.deliveries)) == (4, 1)
    microsoft.notifier.lost = True
    mailbox.deliver(mail())
    microsoft.notifier.wait()
    assert len(listener.got) == 4
