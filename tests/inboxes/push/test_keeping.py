"""Subscriptions at stand-ins for the providers: made, renewed, replaced, ended, and of use."""

import time
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from crm_project.demo.google.answers import other_watch
from inboxes.models import Credential, Inbox, PushSubscription
from inboxes.push.keeping import keep_push, to_keep
from tests.factories.inboxes import mail_bytes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def reachable(settings, live_server):
    """Providers can call us."""
    settings.BASE_URL = live_server.url


def keep(inbox, now=None):
    keep_push(inbox.pk, now=now or timezone.now())
    return sorted(PushSubscription.objects.filter(inbox=inbox).values_list("resource", flat=True))


def heard(woken):
    """What was woken by the push: nothing else here looks for mail, so how long a busy machine takes for it proves nothing."""
    deadline = time.monotonic() + 60
    while not woken and time.monotonic() < deadline:
        time.sleep(0.01)
    return list(dict.fromkeys(woken))


def test_new_mail_in_gmail_wakes_its_inbox(gmail_inbox, google, reachable, woken, settings):
    google.pubsub.endpoint = f"{settings.BASE_URL}/inboxes/hooks/google/"
    assert keep(gmail_inbox) == ["mailbox"]
    google.push_by_itself()
    google.mailbox(gmail_inbox.address).deliver(mail_bytes())
    assert heard(woken) == [gmail_inbox.pk]


def test_new_mail_at_microsoft_wakes_its_inbox(graph_inbox, microsoft, reachable, woken):
    assert keep(graph_inbox) == ["inbox", "sentitems"]
    microsoft.mailbox(graph_inbox.address).deliver(mail_bytes())
    assert heard(woken) == [graph_inbox.pk]
    microsoft.notifier.wait()
    assert {delivery.status for delivery in microsoft.notifier.deliveries} == {202}


def test_what_is_kept_is_not_asked_for_again_until_half_of_its_life(graph_inbox, microsoft, reachable):
    keep(graph_inbox)
    ids = set(PushSubscription.objects.values_list("remote_id", flat=True))
    asked = len(microsoft.requests)
    assert to_keep(now=timezone.now()) == []
    keep(graph_inbox)
    assert len(microsoft.requests) == asked
    later = timezone.now() + timedelta(hours=36)
    assert to_keep(now=later) == [graph_inbox.pk]
    with time_machine.travel(later):
        microsoft.mailbox(graph_inbox.address)
        keep(graph_inbox, later)
    assert set(PushSubscription.objects.values_list("remote_id", flat=True)) == ids


def test_a_subscription_the_provider_has_lost_is_made_anew(graph_inbox, microsoft, reachable):
    keep(graph_inbox)
    before = set(PushSubscription.objects.values_list("remote_id", flat=True))
    microsoft.notifier.active.clear()
    PushSubscription.objects.update(renew_at=timezone.now())
    assert keep(graph_inbox) == ["inbox", "sentitems"]
    assert not before & set(PushSubscription.objects.values_list("remote_id", flat=True))
    assert len(microsoft.notifier.active) == 2


def test_a_topic_another_watch_has_taken_is_taken_over(gmail_inbox, google):
    google.faults.next("watch", other_watch())
    assert keep(gmail_inbox) == ["mailbox"]
    assert [request.path.rpartition("/")[2] for request in google.requests] == ["watch", "stop", "watch"]


def test_an_inbox_that_no_longer_syncs_ends_its_subscriptions(graph_inbox, microsoft, reachable):
    keep(graph_inbox)
    Inbox.objects.update(status="disabled")
    assert keep(graph_inbox) == []
    assert microsoft.notifier.active == {}


def test_the_subscriptions_of_somebody_who_left_are_forgotten(graph_inbox, reachable):
    keep(graph_inbox)
    Inbox.objects.update(status="disabled")
    Credential.objects.all().delete()
    assert keep(graph_inbox) == []


def test_a_provider_that_cannot_be_asked_harms_nobody(graph_inbox, microsoft, reachable):
    keep(graph_inbox)
    microsoft.stop()
    PushSubscription.objects.update(renew_at=timezone.now())
    assert keep(graph_inbox) == ["inbox", "sentitems"]
    Inbox.objects.update(status="disabled")
    assert keep(graph_inbox) == []
    graph_inbox.refresh_from_db()
    assert (graph_inbox.status, graph_inbox.cause, graph_inbox.failures) == ("disabled", "", 0)


def test_where_nothing_was_set_up_nobody_is_asked(gmail_inbox, google, settings):
    settings.GOOGLE_PUBSUB_TOPIC = ""
    assert (to_keep(now=timezone.now()), keep(gmail_inbox)) == ([], [])
    assert not google.requests
