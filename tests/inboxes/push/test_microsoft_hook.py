"""Graph posts news to us: what knows the secret wakes the right inbox, everything else is refused."""

import json
import secrets
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from inboxes.models import PushSubscription
from inboxes.push.keeping import hash_of
from inboxes.signals import push_lapsed
from inboxes.views import hooks

pytestmark = pytest.mark.django_db
URL = "/inboxes/hooks/microsoft/"
SECRET = secrets.token_urlsafe(32)


@pytest.fixture
def subscription(graph_inbox):
    lasts = {"renew_at": timezone.now() + timedelta(days=1), "expires_at": timezone.now() + timedelta(days=2)}
    return PushSubscription.objects.create(
        inbox=graph_inbox, resource="inbox", remote_id="sub-1", secret_hash=hash_of(SECRET), **lasts
    )


@pytest.fixture
def lapsed():
    inbox_ids: list[int] = []

    def note(inbox_id, **_):
        inbox_ids.append(inbox_id)

    push_lapsed.connect(note)
    yield inbox_ids
    push_lapsed.disconnect(note)


def news(subscription_id="sub-1", secret=SECRET, **fields):
    return {"subscriptionId": subscription_id, "clientState": secret, "changeType": "created", **fields}


def post(*items, body=None):
    content = json.dumps({"value": items}) if body is None else body
    answer = Client().post(URL, content, content_type="application/json")
    assert answer.content == b""
    return answer.status_code


def test_news_wake_the_inbox_they_are_about(subscription, woken):
    assert post(news(), news(), news("sub-of-long-ago")) == 202
    assert woken == [subscription.inbox_id]


@pytest.mark.parametrize("text", ["sub\0", "sub\ud800"])
def test_news_in_letters_that_no_database_knows_are_refused(subscription, woken, text):
    assert (post(news(text)), post(news(secret=text))) == (400, 400)
    assert woken == []


def test_news_of_a_subscription_we_do_not_know_mean_nothing(subscription, woken):
    assert post(news("sub-2")) == 202
    assert woken == []


@pytest.mark.parametrize("secret", ["", "guess", SECRET + "x", None], ids=["empty", "guessed", "longer", "none"])
def test_whoever_does_not_know_the_secret_is_refused_with_all_they_say(subscription, woken, secret):
    assert post(news(), news(secret=secret)) == 403
    assert woken == []


def test_the_secret_itself_is_stored_nowhere(subscription):
    assert SECRET.encode() not in bytes(PushSubscription.objects.get().secret_hash)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "{",
        "[" * 10_000,
        '{"value": 1}',
        '{"value": [1]}',
        '{"value": [{"clientState": "x"}]}',
        '{"value": [{"subscriptionId": 1, "clientState": "x"}]}',
        '{"value": [{"subscriptionId": "sub-1", "clientState": ["x"]}]}',
        '{"value": [{"subscriptionId": "sub-1", "lifecycleEvent": "unheardOf"}]}',
    ],
)
def test_a_body_that_says_nothing_sensible_is_refused(subscription, woken, body):
    assert post(body=body) == 400
    assert woken == []


def test_a_huge_body_is_refused(subscription, woken):
    assert post(body="x" * (hooks.LONGEST_MICROSOFT + 1)) == 413
    assert woken == []


def test_the_handshake_says_back_what_was_said_and_as_text_only(db):
    token = "Validation: Testing client application reachability <script>é</script>"
    answer = Client().post(URL, query_params={"validationToken": token})
    assert (answer.status_code, answer.content.decode()) == (200, token)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert Client().post(URL, query_params={"validationToken": "x" * 2000}).status_code == 400


@pytest.mark.parametrize("event", ["reauthorizationRequired", "subscriptionRemoved"])
def test_a_subscription_that_ends_is_made_anew_and_the_mailbox_looked_at(subscription, woken, lapsed, event):
    assert post(news(lifecycleEvent=event)) == 202
    assert not PushSubscription.objects.exists()
    assert (lapsed, woken) == ([subscription.inbox_id], [subscription.inbox_id])


def test_missed_news_only_make_us_look(subscription, woken, lapsed):
    assert post(news(lifecycleEvent="missed")) == 202
    assert PushSubscription.objects.exists()
    assert (lapsed, woken) == ([], [subscription.inbox_id])
