"""`manage.py inbox connect-google` and `connect-microsoft`: access that was given elsewhere, on standard input."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from inboxes.models import Credential, Inbox
from inboxes.oauth.grants import Grant
from inboxes.oauth.scopes import GRAPH_READ, GRAPH_READ_SHARED

pytestmark = pytest.mark.django_db
YUKI, TEAM = "yuki@minato.example", "info@minato.example"


@pytest.fixture
def at_microsoft(microsoft, settings):
    for name, value in microsoft.environment().items():
        setattr(settings, name, value)
    microsoft.mailbox(YUKI)
    return microsoft


def connect(kind: str, owner, secret: str, *options: str, address: str = YUKI):
    out = io.StringIO()
    command = ("inbox", f"connect-{kind}", address, "--owner", owner.email, *options, "--json")
    call_command(*command, stdin=io.StringIO(f"{secret}\n"), stdout=out)
    return json.loads(out.getvalue())


def test_a_refresh_token_of_google_connects_the_mailbox(alice, google):
    google.mailbox(YUKI)

    answer = connect("google", alice, google.grant(YUKI)["refresh_token"], "--preset", "known", "--since", "30")

    inbox = Inbox.objects.get()
    assert (answer["address"], answer["provider"], answer["status"]) == (YUKI, "gmail", "active")
    assert (inbox.owner, inbox.logging_policy.preset) == (alice, "known")
    assert Grant.from_secret(Credential.objects.get().secret).access_token.strip()


def test_so_does_one_of_microsoft(alice, at_microsoft):
    answer = connect("microsoft", alice, at_microsoft.grant(YUKI, GRAPH_READ)["refresh_token"])

    assert (answer["address"], answer["provider"], answer["status"]) == (YUKI, "graph", "active")


def test_a_mailbox_that_is_shared_with_the_account_is_named(alice, at_microsoft):
    at_microsoft.shared_mailbox(TEAM, readers=[YUKI])
    token = at_microsoft.grant(YUKI, GRAPH_READ_SHARED)["refresh_token"]

    connect("microsoft", alice, token, "--shared", address=TEAM)

    assert (Inbox.objects.get().address, Credential.objects.get().signed_in_as) == (TEAM, YUKI)


def test_a_whole_grant_is_taken_as_it_is(alice, google):
    google.mailbox(YUKI)
    given = google.grant(YUKI)
    grant = Grant(
        given["access_token"],
        given["refresh_token"],
        timezone.now() + timedelta(hours=1),
        tuple(given["scope"].split()),
    )

    connect("google", alice, grant.to_secret())

    assert google.requests.of("token") == []
    assert Grant.from_secret(Credential.objects.get().secret).refresh_token == given["refresh_token"]


@pytest.mark.parametrize(
    ("token", "address", "words"),
    [
        ("made up", YUKI, "Access was withdrawn"),
        ("", YUKI, "standard input"),
        (None, TEAM, f"opens {YUKI}, not {TEAM}"),
    ],
)
def test_what_does_not_open_the_mailbox_is_refused_in_one_line(alice, google, token, address, words):
    google.mailbox(YUKI)
    secret = google.grant(YUKI)["refresh_token"] if token is None else token

    with pytest.raises(CommandError, match=words):
        connect("google", alice, secret, address=address)
    assert Inbox.objects.count() == 0


def test_without_a_client_it_says_what_is_missing(alice):
    with pytest.raises(CommandError, match="GOOGLE_CLIENT_ID"):
        connect("google", alice, "x")
