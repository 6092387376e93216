"""Inboxes at stand-ins for the providers, and which of them are woken."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone


@pytest.fixture(autouse=True)
def nothing_was_heard_yet():
    """Each stand-in numbers its announcements from the beginning."""
    cache.clear()


@pytest.fixture
def woken():
    from inboxes.signals import sync_wanted

    inbox_ids: list[int] = []

    def note(inbox_id, **_):
        inbox_ids.append(inbox_id)

    sync_wanted.connect(note)
    yield inbox_ids
    sync_wanted.disconnect(note)


@pytest.fixture
def gmail_inbox(alice, google):
    google.mailbox("alice@ours.example")
    return api_inbox(alice, "gmail", "google", google.grant("alice@ours.example"))


@pytest.fixture
def graph_inbox(alice, microsoft):
    microsoft.mailbox("alice@ours.example")
    granted = microsoft.grant("alice@ours.example", ["User.Read", "Mail.Read"])
    return api_inbox(alice, "graph", "microsoft", granted)


def api_inbox(owner, provider, issuer, answer):
    """`answer` is what the issuer's token endpoint says."""
    from inboxes.models import Credential
    from inboxes.oauth.grants import Grant
    from tests.factories.inboxes import connected_inbox

    inbox = connected_inbox(owner, provider=provider, next_due_at=timezone.now() + timedelta(hours=1))
    expires_at = timezone.now() + timedelta(seconds=answer["expires_in"])
    scopes = tuple(answer["scope"].split())
    secret = Grant(answer["access_token"], answer["refresh_token"], expires_at, scopes).to_secret()
    Credential.objects.create(inbox=inbox, kind=issuer, secret=secret, scopes=list(scopes))
    return inbox
