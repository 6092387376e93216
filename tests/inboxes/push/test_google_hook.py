"""Gmail announces news through Pub/Sub: what is signed for us wakes the right inbox, everything else is refused."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from crm_project.demo.google.answers import backend_error
from inboxes.models import Inbox, ProviderKind
from inboxes.providers.gmail.signatures import Certificates
from inboxes.views import hooks
from tests.factories.inboxes import connected_inbox

pytestmark = pytest.mark.django_db
URL = "/inboxes/hooks/google/"


@pytest.fixture(autouse=True)
def keys(google, monkeypatch):
    """Those of this Google, not of the test before."""
    google.pubsub.audience = "http://testserver/inboxes/hooks/google/"
    found = Certificates()
    monkeypatch.setattr(hooks, "_certificates", lambda: found)
    return found


@pytest.fixture
def inbox(gmail_inbox):
    return gmail_inbox


@pytest.fixture
def post(google):
    def post(token=None, *, address="alice@ours.example", body=None, serial=7):
        notification = google.pubsub.notification(address, serial)
        content = json.dumps(notification.as_json("2026-11-20T09:00:00Z")) if body is None else body
        headers = {"Authorization": f"Bearer {google.pubsub.token() if token is None else token}"}
        answer = Client().post(URL, content, content_type="application/json", headers=headers)
        assert answer.content == b""
        return answer.status_code

    return post


def test_an_announcement_wakes_the_inbox_it_names_and_no_other(inbox, bob, woken, post):
    connected_inbox(bob, "bob@ours.example", provider=ProviderKind.GMAIL)
    connected_inbox(bob, "team@ours.example")
    assert post() == 204
    assert woken == [inbox.pk]
    inbox.refresh_from_db()
    assert inbox.next_due_at <= timezone.now()


def test_keys_that_could_not_be_had_are_asked_for_again(inbox, google, woken, post):
    google.faults.next("certs", backend_error())
    assert (post(), post()) == (503, 204)
    assert woken == [inbox.pk]


def test_an_announcement_for_an_address_that_is_not_ours_is_heard_and_means_nothing(inbox, woken, post):
    assert post(address="stranger@elsewhere.example") == 204
    assert woken == []


def test_an_inbox_that_was_asked_to_wait_is_let_wait(inbox, woken, post):
    Inbox.objects.update(status="degraded", retry_at=timezone.now() + timedelta(hours=1))
    assert post() == 204
    assert woken == []


def test_a_paused_inbox_stays_paused(inbox, woken, post):
    Inbox.objects.update(status="paused")
    assert post() == 204
    assert woken == []


def test_what_is_delivered_again_or_replayed_wakes_nobody_twice(inbox, woken, post, google):
    body = json.dumps(google.pubsub.notification(inbox.address, 7).as_json("2026-11-20T09:00:00Z"))
    assert [post(body=body), post(body=body)] == [204, 204]
    assert woken == [inbox.pk]


@pytest.mark.parametrize(
    "claims",
    [
        {"key": "forger"},
        {"aud": "https://elsewhere.example/hook"},
        {"aud": None},
        {"iss": "https://issuer.example"},
        {"email": "somebody@project.iam.gserviceaccount.com"},
        {"email_verified": False},
        {"email_verified": "true"},
        {"exp": 1_700_000_000, "iat": 1_699_999_000},
    ],
    ids=lambda claims: next(iter(claims)),
)
def test_a_token_that_is_not_googles_for_us_is_refused(inbox, woken, post, google, claims):
    assert post(google.pubsub.token(**claims)) == 401
    assert woken == []


@pytest.mark.parametrize("token", ["", "word", "a.b.c", "e30.e30.e30", "é.ü.ß", "." * 20_000])
def test_what_is_no_token_at_all_is_refused(inbox, woken, post, token):
    assert post(token) == 401
    assert woken == []


def test_a_token_without_its_scheme_is_refused(inbox, woken, google):
    headers = {"Authorization": google.pubsub.token()}
    assert Client().post(URL, "{}", content_type="application/json", headers=headers).status_code == 401
    assert Client().post(URL, "{}", content_type="application/json").status_code == 401
    assert woken == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "null",
        "{",
        "[" * 10_000,
        '{"message": 1}',
        '{"message": {"data": "!", "messageId": "1"}}',
        '{"message": {"data": "e30=", "messageId": "1"}}',
        '{"message": {"data": "eyJlbWFpbEFkZHJlc3MiOiAxfQ==", "messageId": "1"}}',
        '{"message": {"data": "eyJlbWFpbEFkZHJlc3MiOiAiYSJ9"}}',
    ],
)
def test_a_body_that_says_nothing_sensible_is_refused(inbox, woken, post, body):
    assert post(body=body) == 400
    assert woken == []


def test_a_huge_body_is_refused_before_it_is_looked_at(inbox, woken, post):
    assert post(body="x" * (hooks.LONGEST_GOOGLE + 1)) == 413
    assert woken == []


def test_without_a_push_account_there_is_no_such_page(inbox, woken, post, settings):
    settings.GOOGLE_PUSH_ACCOUNT = ""
    assert Client().post(URL, "{}", content_type="application/json").status_code == 404


def test_googles_keys_are_fetched_once_and_again_only_for_a_newer_one(inbox, post, google, keys):
    def fetched():
        return sum(request.path == "/oauth2/v1/certs" for request in google.requests)

    assert [post(serial=1), post(serial=2)] == [204, 204]
    assert fetched() == 1
    forged = google.pubsub.token(key="forger")
    assert [post(forged), post(forged)] == [401, 401]
    assert fetched() == 1
    keys._answers = {url: (at - 120, answer) for url, (at, answer) in keys._answers.items()}
    assert [post(forged), post(forged)] == [401, 401]
    assert fetched() == 2


def test_an_announcement_that_cannot_be_checked_now_is_asked_for_again(inbox, woken, post, settings):
    settings.GOOGLE_CERTS_URL = "http://127.0.0.1:1/certs"
    assert post() == 503
    assert woken == []


def test_an_announcement_is_good_for_as_long_as_it_is_signed_for(inbox, woken, post, google):
    token = google.pubsub.token()
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert post(token) == 401
    assert woken == []
