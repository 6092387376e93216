"""Faults on the way to a token endpoint: they are trouble, and never a reason to ask a person for anything."""

import gc
import random
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus

import pytest
import requests
import time_machine
from werkzeug.wrappers import Response

from crm_project.demo.microsoft import faults
from inboxes.models import CredentialKind
from inboxes.oauth import transport
from inboxes.oauth.clients import oauth_client
from inboxes.oauth.grants import Grant
from inboxes.providers.base import RateLimited, TemporarilyUnavailable
from tests.fakes.google import answers

GRANT = Grant("old-access", "old-refresh", datetime(2026, 1, 1, tzinfo=UTC), ("User.Read", "Mail.Read"))
HTML = "<!DOCTYPE html><title>Sign in to the hotel's network</title>"
JSON = "application/json"

# Status, body, type, headers: what providers, and proxies before them, were seen to send.
STRANGE = [
    (200, HTML, "text/html", {}),
    (200, "", JSON, {}),
    (200, "{}", JSON, {}),
    (200, "[]", JSON, {}),
    (200, "null", JSON, {}),
    (200, '{"access_token": "x", "expires_in": "soon"}', JSON, {}),
    (200, '{"access_token": "x", "expires_in": 1e300}', JSON, {}),
    (200, '{"access_token": "x", "expires_in": NaN}', JSON, {}),
    (200, '{"access_token": "x", "exp', JSON, {}),
    (200, '{"a":' * 100_000, JSON, {}),
    (302, "", "text/html", {"Location": "http://127.0.0.1:9/portal"}),
    (307, "", "text/html", {"Location": "http://127.0.0.1:9/portal"}),
    (400, HTML, "text/html", {}),
    (400, "{}", JSON, {}),
    (400, '{"error": {"code": 400, "message": "Bad Request"}}', JSON, {}),
    (401, HTML, "text/html", {}),
    (403, HTML, "text/html", {}),
    (403, '{"message": "Forbidden"}', JSON, {}),
    (407, HTML, "text/html", {}),
    (408, "", "text/plain", {}),
    (429, "Slow down", "text/plain", {}),
    (429, '{"error": "invalid_grant"}', JSON, {"Retry-After": "1"}),
    (500, '{"error": "invalid_grant"}', JSON, {}),
    (502, HTML, "text/html", {}),
    (503, HTML, "text/html", {"Retry-After": "30"}),
    (503, '{"error": "invalid_client"}', JSON, {}),
    (504, "upstream request timeout", "text/plain", {}),
]


def at_google():
    return [
        *(answers.Answer(status, body, headers, kind) for status, body, kind, headers in STRANGE),
        answers.html_error(502),
        answers.not_json(),
        answers.dropped(),
        answers.dropped(performed=True),
        answers.cut(),
        answers.token_server_error(500),
        answers.token_server_error(503),
        answers.token_rate_limited(),
        answers.oauth_error(400, "internal_failure"),
        answers.oauth_error(400, "temporarily_unavailable"),
    ]


def at_microsoft():
    def strange(status, body, kind, headers):
        return lambda _: Response(body, status, headers, content_type=kind)

    return [
        *(strange(*parts) for parts in STRANGE),
        faults.html(503),
        faults.cut(),
        faults.nonsense(),
        faults.sign_in_throttled(1),
        faults.sign_in_throttled(None),
        faults.aadsts(50033),
        faults.aadsts(90033),
        faults.aadsts(50196),
    ]


@pytest.fixture
def _no_garbage_is_collected_amid_an_answer():
    """Some are nested as deeply as Python goes: what is finalised there has no depth left, and says so at any later time."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_garbage_is_collected_amid_an_answer")
@pytest.mark.parametrize("seed", range(4))
def test_10_000_faults_never_end_a_grant(google, microsoft, seed):
    """Not one of them may be taken for a refusal, and the grant works afterwards."""
    google.mailbox("yuki@minato.example")
    asked = google.grant("yuki@minato.example")
    chance = random.Random(seed)
    clients = oauth_client(CredentialKind.GOOGLE), oauth_client(CredentialKind.MICROSOFT)
    kinds = at_google(), at_microsoft()

    def refused(number):
        provider = 0 if number % 5 else 1
        if provider == 0:
            google.faults.clear()
            google.faults.next("token", chance.choice(kinds[0]))
        else:
            microsoft.faults.clear()
            microsoft.faults.add(chance.choice(kinds[1]), path="/oauth2/v2.0/token")
        try:
            clients[provider].refresh(GRANT)
        except TemporarilyUnavailable:
            return 0
        except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
            return repr(error)
        return "no error"

    assert [found for number in range(2_500) if (found := refused(number))] == []
    google.faults.clear()
    assert clients[0].refresh(Grant("", asked["refresh_token"], GRANT.expires_at, ())).access_token


def test_a_server_that_is_not_there_is_unreachable(settings):
    settings.GOOGLE_CLIENT_ID = settings.MICROSOFT_CLIENT_ID = "id"
    with socket.socket() as bound:  # and does not listen; nobody else can take its port
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        settings.GOOGLE_TOKEN_URL = f"http://127.0.0.1:{port}/token"
        settings.MICROSOFT_AUTHORITY = f"http://127.0.0.1:{port}/common"
        for kind in (CredentialKind.GOOGLE, CredentialKind.MICROSOFT):
            with pytest.raises(TemporarilyUnavailable) as error:
                oauth_client(kind).refresh(GRANT)
            assert (error.value.cause, error.value.__suppress_context__) == ("unreachable", True)


def test_a_server_that_does_not_answer_is_given_up(google, monkeypatch):
    monkeypatch.setattr(transport, "TIMEOUT", (1, 0.05))
    google.faults.next("token", answers.slow(5))
    with pytest.raises(TemporarilyUnavailable) as error:
        oauth_client(CredentialKind.GOOGLE).refresh(GRANT)
    assert error.value.cause == "timed_out"


def test_encryption_is_left_out_for_configured_hosts_of_this_machine_alone(google):
    with transport.through(requests.Session(), endpoints=[google.url]) as session:
        assert session.post(f"{google.url.replace('http:', 'https:')}/revoke").status_code == 400
    with (
        transport.through(requests.Session(), endpoints=["https://oauth2.googleapis.com"]) as session,
        pytest.raises(TemporarilyUnavailable) as error,
    ):
        session.post(f"{google.url.replace('http:', 'https:')}/revoke")
    assert error.value.cause == "tls_failed"


def test_no_secret_follows_a_redirect(google):
    google.faults.next("token", answers.Answer(307, "", {"Location": f"{google.url}/elsewhere"}))
    with pytest.raises(TemporarilyUnavailable):
        oauth_client(CredentialKind.GOOGLE).refresh(GRANT)
    assert [request.path for request in google.requests] == ["/token"]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 60),
        ("120", 120),
        ("1", 10),
        ("0", 10),
        ("-5", 10),
        ("9999999", 3600),
        ("soon", 60),
        ("nan", 60),
        ("inf", 60),
        ("", 60),
    ],
)
def test_a_pause_is_kept_within_what_is_sensible(header, seconds):
    assert transport.seconds(header) == seconds


def test_a_pause_may_be_a_date():
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    with time_machine.travel(noon, tick=False):
        assert transport.seconds(format_datetime(noon + timedelta(minutes=5), usegmt=True)) == 300


def test_a_pause_is_what_the_error_says(google):
    google.faults.next(
        "token", answers.Answer(HTTPStatus.SERVICE_UNAVAILABLE, HTML, {"Retry-After": "30"}, "text/html")
    )
    with pytest.raises(RateLimited) as error:
        oauth_client(CredentialKind.GOOGLE).refresh(GRANT)
    assert error.value.retry_after == 30
