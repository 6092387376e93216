"""Every notice about an inbox reads well in both languages and leads somewhere sensible, whatever has become of the inbox."""

from datetime import timedelta

import pytest
from django.urls import resolve, reverse
from django.utils import translation

from audit.actions import record
from inboxes import life, notice_kinds, notices, tasks
from inboxes.actions import disable, pause
from inboxes.causes import CAUSES
from inboxes.life import Event
from inboxes.models import Inbox, InboxKind, ProviderHealth
from notifications.kinds import kind
from notifications.models import Notification
from tests.factories.inboxes import NOW, connected_inbox
from tests.factories.users import UserFactory
from tests.people import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def inbox(alice):
    return connected_inbox(alice, status="degraded", cause="sign_in_refused")


@pytest.fixture
def team(alice, admin):
    """Connected by Alice, who may not manage it any more."""
    return connected_inbox(alice, "desk@ours.example", kind=InboxKind.TEAM, name="Desk", status_since=NOW)


def told(**filters):
    return sorted(Notification.objects.filter(**filters).values_list("recipient__name", "kind"))


def tell_everything(inbox, by):
    notices.tell_of_disconnection(inbox, by=by)
    notices.tell_of_outage(inbox)
    notices.tell_of_recovery(inbox, until=NOW)
    notices.tell_of_quarantine(inbox, now=NOW)
    notices.tell_of_removal(inbox, by=by, erases=False)
    notices.tell_of_removal(inbox, by=by, erases=True)
    if inbox.kind == InboxKind.PERSONAL:
        notices.tell_of_lost_access(inbox, by=by)
    for status in ("disabled", "paused"):
        inbox.status = status
        notices.tell_of_change(inbox, before="active", by=by)
    Inbox.objects.filter(pk=inbox.pk).update(status="paused", status_since=NOW)
    record(by=by, action="inbox.paused", target=inbox)
    notices.remind_of_disconnections(now=NOW + timedelta(hours=1))
    Inbox.objects.filter(pk=inbox.pk).update(status="needs_reconnect")
    notices.remind_of_disconnections(now=NOW + timedelta(days=3))


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
@pytest.mark.parametrize("which", ["inbox", "team"])
def test_every_notice_names_the_inbox_the_cause_and_who_did_it(request, which, language):
    about = request.getfixturevalue(which)
    tell_everything(about, UserFactory(name="Nadia Ono"))
    known = {code for code in notice_kinds.__dict__.values() if isinstance(code, str) and code.startswith("inbox_")}
    known = {notice_kinds.variant(code, InboxKind(about.kind)) for code in known}
    known = {code for code in known if code in [each.kind for each in Notification.objects.all()]}
    assert len(known) >= 8
    with translation.override(language):
        for notification in Notification.objects.all():
            notice = kind(notification.kind).notice(notification.context)
            assert about.address in notice.title
            assert about.name in notice.title
            assert "%(" not in f"{notice.title}{notice.text}{notice.action}"
            if "by" in notification.context and "still" not in notification.kind:
                assert "Nadia Ono" in notice.title + notice.text or about.kind == InboxKind.PERSONAL
        disconnected = Notification.objects.filter(kind__endswith="inbox_needs_reconnect").first()
        explanation = str(CAUSES["unknown" if which == "team" else "sign_in_refused"].explanation)
        assert explanation in kind(disconnected.kind).notice(disconnected.context).text


def test_the_same_trouble_is_told_once_and_the_next_one_again(inbox):
    notices.tell_of_disconnection(inbox)
    notices.tell_of_disconnection(inbox)
    assert Notification.objects.count() == 1
    inbox.trouble_since = NOW.replace(day=9)
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


def test_whoever_disables_a_team_inbox_is_not_told_and_all_others_are_told_by_whom(team, alice, admin):
    holder = UserFactory(name="Holder", account_access=True)
    UserFactory(name="Outsider")
    disable(inbox=team, by=holder, now=NOW)
    assert told() == [("Ada Admin", "team_inbox_disabled"), ("Alice Mori", "team_inbox_disabled")]
    notice = Notification.objects.first().notice
    assert notice.title == "Holder disabled the team inbox Desk (desk@ours.example)"
    assert "nothing can be sent" in notice.text
    assert "What was logged stays" in notice.text


def test_an_owner_is_told_by_whom_their_inbox_was_disabled_and_nobody_else_is(inbox, admin, alice):
    disable(inbox=inbox, by=admin, now=NOW)
    assert told() == [("Alice Mori", "inbox_disabled")]
    assert kind("inbox_disabled").topic == "security"


def test_owners_are_not_told_what_they_did_themselves(inbox, alice, admin):
    pause(inbox=inbox, by=alice, now=NOW)
    disable(inbox=inbox, by=alice, now=NOW)
    assert told() == []


def test_a_short_pause_of_a_team_inbox_is_nobodys_business_and_a_long_one_is_told_once(team, admin):
    holder = UserFactory(name="Holder", account_access=True)
    pause(inbox=team, by=holder, now=NOW)
    assert notices.remind_of_disconnections(now=NOW + timedelta(minutes=59)) == 0
    assert notices.remind_of_disconnections(now=NOW + timedelta(minutes=60)) == 2
    assert notices.remind_of_disconnections(now=NOW + timedelta(hours=9)) == 0
    assert told() == [("Ada Admin", "team_inbox_paused"), ("Alice Mori", "team_inbox_paused")]


def test_what_a_person_brought_about_names_the_person(team, admin):
    life.move(team, Event.PROVED, cause="unknown", now=NOW, also=[], by=admin)
    assert told() == [("Alice Mori", "team_inbox_needs_reconnect")]
    assert "Brought about by Ada Admin." in Notification.objects.get().notice.text


def next_step(person, inbox):
    response = signed_in(person).get(reverse("inboxes:next-step", args=[inbox.code]), follow=True)
    messages = [str(message) for message in response.context["messages"]] if response.context else []
    return response.status_code, response.request["PATH_INFO"], messages


def test_a_notice_leads_to_what_mends_the_inbox(team, admin):
    assert next_step(admin, team)[:2] == (200, reverse("inboxes:inbox", args=[team.code]))
    Inbox.objects.filter(pk=team.pk).update(status="needs_reconnect")
    assert next_step(admin, team)[:2] == (200, reverse("inboxes:reconnect", args=[team.code]))


def test_who_connected_a_team_inbox_and_no_longer_manages_it_is_told_whom_to_ask(team, alice):
    words = "Those who hold account access look after Desk. Ask one of them."
    assert next_step(alice, team) == (200, reverse("inboxes:inbox-list"), [words])


def test_a_notice_about_a_deleted_inbox_still_reads_and_leads_to_the_list(team, admin, alice):
    tell_everything(team, alice)
    Inbox.objects.filter(pk=team.pk).update(removed_at=NOW, status="disabled")
    page = signed_in(admin).get(reverse("notifications:notification-list")).content.decode()
    assert "Alice Mori deleted the team inbox Desk (desk@ours.example)" in page
    words = "Desk was removed. To use it again, connect it anew."
    assert next_step(admin, team) == (200, reverse("inboxes:inbox-list"), [words])


def test_outsiders_learn_nothing_from_where_a_notice_leads(team, inbox, bob, admin):
    assert [next_step(bob, team)[0], next_step(bob, inbox)[0], next_step(admin, inbox)[0]] == [404, 404, 404]
