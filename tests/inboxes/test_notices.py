"""Every notice about an inbox reads well in both languages and leads to a page that exists."""

import pytest
from django.urls import resolve
from django.utils import translation

from inboxes import notices, tasks
from inboxes.causes import CAUSES
from inboxes.models import Inbox, ProviderHealth
from notifications.kinds import kind
from notifications.models import Notification
from tests.factories.inboxes import NOW, connected_inbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def inbox(alice):
    return connected_inbox(alice, status="degraded", cause="sign_in_refused")


def tell_everything(inbox):
    notices.tell_of_disconnection(inbox)
    notices.tell_of_outage(inbox)
    notices.tell_of_recovery(inbox, now=NOW, told_before=True)
    notices.tell_of_quarantine(inbox, now=NOW)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_concerns_the_whole_installation_names_the_provider_and_the_cause(admin, language):
    health = ProviderHealth.objects.create(kind="google", cause="client_secret_refused", since=NOW, until=NOW)
    notices.tell_of_shared_trouble(health)
    notices.tell_of_shared_recovery(health, now=NOW)
    with translation.override(language):
        for notification in Notification.objects.filter(recipient=admin):
            assert resolve(notification.url)
            notice = kind(notification.kind).notice(notification.context)
            assert "Google" in notice.title
            assert "%(" not in f"{notice.title}{notice.text}{notice.action}"
        refused = Notification.objects.get(kind="provider_refuses_us")
        explanation = str(CAUSES["client_secret_refused"].explanation)
        assert explanation in kind(refused.kind).notice(refused.context).text


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_placeholder_is_left_and_the_cause_is_named(inbox, language):
    tell_everything(inbox)
    with translation.override(language):
        for notification in Notification.objects.all():
            notice = kind(notification.kind).notice(notification.context)
            assert inbox.address in notice.title
            assert "%(" not in f"{notice.title}{notice.text}{notice.action}"
        explanation = str(CAUSES["sign_in_refused"].explanation)
        disconnected = Notification.objects.get(kind="inbox_needs_reconnect")
        assert explanation in kind(disconnected.kind).notice(disconnected.context).text


def test_every_notice_leads_to_the_page_of_its_inbox(inbox):
    tell_everything(inbox)
    for url in Notification.objects.values_list("url", flat=True):
        match = resolve(url)
        assert (match.view_name, match.kwargs) == ("inboxes:inbox", {"code": inbox.code})


def test_the_same_episode_is_told_once_and_the_next_one_again(inbox):
    notices.tell_of_disconnection(inbox)
    notices.tell_of_disconnection(inbox)
    assert Notification.objects.count() == 1
    inbox.status_since = NOW.replace(day=9)
    notices.tell_of_disconnection(inbox)
    assert Notification.objects.count() == 2


def test_the_hourly_reminder_reminds_once(inbox):
    Inbox.objects.update(status="needs_reconnect", status_since=NOW.replace(year=2020))
    tasks.remind_of_disconnections()
    tasks.remind_of_disconnections()
    assert list(Notification.objects.values_list("kind", flat=True)) == ["inbox_still_disconnected"]


def test_the_hourly_sweep_finds_nothing_in_an_empty_store(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    tasks.sweep_files()
    assert list(tmp_path.iterdir()) == []
