"""Which provider stands behind an inbox, and when nobody is to call it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inboxes.connections import look_into, open_provider, open_writer
from inboxes.models import Credential, Inbox, MailServer, ProviderHealth
from inboxes.pauses import PROBE_EVERY
from inboxes.providers.base import Misconfigured, ProjectPaused, RateLimited, WritingNotOffered
from inboxes.providers.gmail.provider import GmailProvider
from inboxes.providers.graph.provider import GraphProvider
from inboxes.providers.imap import ImapProvider
from tests.factories.inboxes import connected_inbox

pytestmark = pytest.mark.django_db


def inbox_at(owner, provider, kind):
    inbox = connected_inbox(owner, provider=provider)
    Credential.objects.create(inbox=inbox, kind=kind, secret="{}")
    return inbox


@pytest.mark.parametrize(
    ("provider", "kind", "opened"),
    [("gmail", "google", GmailProvider), ("graph", "microsoft", GraphProvider), ("imap", "google", ImapProvider)],
)
def test_each_kind_of_inbox_is_opened_by_its_own_provider(alice, provider, kind, opened):
    inbox = inbox_at(alice, provider, kind)
    MailServer.objects.create(inbox=inbox, protocol="imap", host="imap.gmail.com", port=993, username=inbox.address)
    with open_provider(inbox) as found:
        assert type(found) is opened


@pytest.mark.parametrize("provider", ["gmail", "graph"])
def test_without_a_grant_nothing_is_opened(alice, provider):
    for inbox in (connected_inbox(alice, provider=provider), inbox_at_password(alice, provider)):
        with pytest.raises(Misconfigured) as refused:
            open_provider(inbox)
        assert refused.value.cause == "credential_missing"


def inbox_at_password(owner, provider):
    inbox = connected_inbox(owner, "second@ours.example", provider=provider)
    Credential.objects.create(inbox=inbox, kind="password", secret="x")
    return inbox


@pytest.mark.parametrize(("provider", "kind"), [("gmail", "google"), ("graph", "microsoft")])
def test_where_reading_is_all_that_was_allowed_nothing_is_written(alice, provider, kind):
    with pytest.raises(WritingNotOffered) as refused:
        open_writer(inbox_at(alice, provider, kind))
    assert refused.value.cause == "writing_not_offered"


def test_a_pause_is_heeded_by_whoever_looks_or_writes(alice, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    inbox = inbox_at(alice, "imap", "password")
    inbox.no_calls_until, inbox.cause = timezone.now() + timedelta(minutes=5), "too_many_connections"
    with pytest.raises(RateLimited) as refused, look_into(inbox):
        pass
    assert refused.value.cause == "too_many_connections"
    assert refused.value.retry_after == 300
    with pytest.raises(RateLimited):
        open_writer(inbox)


def test_a_look_while_a_provider_refuses_us_waits_as_everybody_does(alice):
    inbox = inbox_at(alice, "gmail", "google")
    now = timezone.now()
    health = ProviderHealth.objects.create(kind="google", cause="api_switched_off", since=now, until=now + PROBE_EVERY)
    with pytest.raises(ProjectPaused) as refused, look_into(inbox):
        pass
    assert refused.value.cause == "api_switched_off"
    health.refresh_from_db()
    assert (health.until, health.probed_by) == (now + PROBE_EVERY, None)


def test_a_pause_that_somebody_meets_who_looks_holds_for_all(alice):
    before = timezone.now()
    with pytest.raises(RateLimited), look_into(inbox_at(alice, "gmail", "google")):
        raise RateLimited(retry_after=120)
    until = Inbox.objects.get().no_calls_until - timedelta(seconds=120)
    assert before <= until <= timezone.now()
    with pytest.raises(RateLimited), look_into(Inbox.objects.get()):
        raise AssertionError("nobody gets here")


def test_a_pause_of_the_project_that_somebody_meets_holds_for_every_inbox_there(alice):
    with pytest.raises(ProjectPaused), look_into(inbox_at(alice, "gmail", "google")):
        raise ProjectPaused(retry_after=60)
    assert Inbox.objects.get().no_calls_until is None
    assert ProviderHealth.objects.get().cause == "project_paused"
