"""What the health page says of an inbox, to whom, and what can be set going from it."""

import json
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inboxes import actions
from inboxes.health import freshness_of, pauses_of, picture_of, stretches_of
from inboxes.models import (
    Credential,
    Episode,
    Folder,
    Inbox,
    InboxKind,
    InboxMember,
    LedgerEntry,
    Outage,
    ProviderHealth,
    PushSubscription,
)
from inboxes.providers.memory import MemoryMailbox
from inboxes.queries import completeness
from tests.factories.episodes import with_history
from tests.factories.inboxes import NOW, SARAH, Clock, connected_inbox, mail_bytes, sync_until_quiet
from tests.factories.users import UserFactory
from tests.people import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def inbox(alice):
    return connected_inbox(alice, backfill_done_at=NOW, reconciled_at=NOW, live_synced_at=NOW)


def url(inbox, page="health/"):
    return f"/inboxes/{inbox.code}/{page}"


def troubled(inbox, *rows):
    folder = Folder.objects.create(inbox=inbox, remote_id="INBOX", name="INBOX", role="inbox")
    for number, (state, cause, retry_at) in enumerate(rows):
        LedgerEntry.objects.create(
            inbox=inbox, folder=folder, remote_id=str(number), state=state, cause=cause, retry_at=retry_at
        )


class TestPicture:
    def test_the_days_add_up_to_the_episodes_in_the_viewer_s_time_zone(self, inbox):
        at = lambda day, hour: datetime(2026, 3, day, hour, tzinfo=ZoneInfo("America/New_York"))  # noqa: E731
        stretches = [
            ("degraded", at(7, 20), at(9, 4)),
            ("needs_reconnect", at(9, 4), at(9, 5)),
            ("paused", at(10, 9), None),
        ]
        for status, begin, end in stretches:
            Episode.objects.create(inbox=inbox, status=status, began_at=begin, ended_at=end)
        with timezone.override("America/New_York"):
            picture = picture_of(inbox, now=at(11, 3))
        spent = {day.date: dict(day.spent) for day in picture.days if day.spent}
        hours = lambda number: timedelta(hours=number)  # noqa: E731
        assert spent == {
            date(2026, 3, 7): {"degraded": hours(4)},
            date(2026, 3, 8): {"degraded": hours(23)},  # clocks went forward
            date(2026, 3, 9): {"degraded": hours(4), "needs_reconnect": hours(1)},
            date(2026, 3, 10): {"paused": hours(15)},
            date(2026, 3, 11): {"paused": hours(3)},
        }
        assert [day.worst for day in picture.days[-5:]] == [
            "degraded",
            "degraded",
            "needs_reconnect",
            "paused",
            "paused",
        ]
        assert (len(picture.days), picture.unreadable, picture.stopped) == (90, hours(32), hours(18))

    def test_it_shows_ninety_days_and_no_more(self, inbox):
        Episode.objects.create(inbox=inbox, status="paused", began_at=NOW - timedelta(days=400))
        picture = picture_of(inbox, now=NOW)
        assert all(day.worst == "paused" for day in picture.days)
        assert picture.stopped == timedelta(days=89, hours=12)

    def test_it_costs_one_query_however_often_an_inbox_came_and_went(self, inbox):
        for number in range(1, 301):
            begin = NOW - timedelta(hours=number)
            Episode.objects.create(
                inbox=inbox, status="degraded", began_at=begin, ended_at=begin + timedelta(minutes=9)
            )
        with CaptureQueriesContext(connection) as queries:
            assert picture_of(inbox, now=NOW).unreadable == timedelta(minutes=9 * 300)
        assert len(queries) == 1

    def test_stretches_are_paged_without_gaps(self, inbox):
        with_history(inbox, now=NOW, episodes=8)
        first = stretches_of(inbox, now=NOW, latest=5)
        rest = stretches_of(inbox, now=NOW, latest=5, before=first[-1].code)
        begins = [stretch.began_at for stretch in [*first, *rest]]
        assert begins == sorted(begins, reverse=True)
        assert (len(first), len(rest), len(set(begins))) == (5, 3, 8)


class TestNow:
    def test_batches_cost_the_same_for_one_inbox_and_for_many(self, alice, inbox):
        def costs(inboxes):
            with CaptureQueriesContext(connection) as queries:
                freshness_of(inboxes, now=NOW)
            return len(queries)

        one = costs([inbox])
        inboxes = [connected_inbox(alice, f"a{number}@ours.example", provider="gmail") for number in range(20)]
        for each in inboxes:
            PushSubscription.objects.create(
                inbox=each, resource="mailbox", secret_hash=b"", renew_at=NOW, expires_at=NOW + timedelta(days=1)
            )
        assert costs([inbox, *inboxes]) == one
        fresh = freshness_of([inbox, *inboxes], now=NOW)
        assert {one.is_pushed for key, one in fresh.items() if key != inbox.pk} == {True}
        assert (fresh[inbox.pk].is_pushed, fresh[inbox.pk].is_listened_to, fresh[inbox.pk].every_minutes) == (
            False,
            True,
            1,
        )

    def test_pauses_say_until_when_and_whether_they_are_about_everybody(self, inbox):
        until = NOW + timedelta(minutes=20)
        inbox.no_calls_until, inbox.cause = until, "rate_limited"
        Credential.objects.create(inbox=inbox, kind="google", secret="{}")
        ProviderHealth.objects.create(kind="google", cause="project_paused", since=NOW, until=until)
        assert [(pause.until, pause.is_shared) for pause in pauses_of(inbox, now=NOW)] == [
            (until, False),
            (until, True),
        ]
        assert pauses_of(connected_inbox(inbox.owner, "other@ours.example"), now=NOW) == []


class TestChecking:
    def test_a_check_counts_what_had_been_missed_and_the_next_one_finds_all(self, alice):
        clock, server = Clock(), MemoryMailbox(now=NOW)
        inbox = connected_inbox(alice)
        for number in range(4):
            server.deliver(mail_bytes(SARAH, message_id=f"<{number}@m>"))
        sync_until_quiet(inbox, server, clock)
        assert (completeness(inbox).accounted_for, completeness(inbox).on_server) == (4, 4)
        server.folders["INBOX"].next_uid += 1
        hidden = server.folders["INBOX"].messages.pop(1)
        clock.pass_by(minutes=5)
        actions.check_now(inbox=inbox, by=alice, now=clock.now)
        assert Inbox.objects.get().is_being_checked
        sync_until_quiet(inbox, server, clock)
        inbox = Inbox.objects.get()
        assert not inbox.is_being_checked
        assert (completeness(inbox).accounted_for, completeness(inbox).on_server, inbox.reconciled_at) == (
            3,
            3,
            clock.now,
        )

        hidden.uid = 1
        server.folders["INBOX"].messages[1] = hidden
        LedgerEntry.objects.all().delete()
        Folder.objects.get(name="INBOX").handled_pages.all().delete()
        clock.pass_by(minutes=5)
        actions.check_now(inbox=inbox, by=alice, now=clock.now)
        sync_until_quiet(inbox, server, clock)
        assert (completeness(inbox).accounted_for, completeness(inbox).missed) == (0, 4)
        clock.pass_by(minutes=5)
        actions.check_now(inbox=inbox, by=alice, now=clock.now)
        sync_until_quiet(inbox, server, clock)
        assert (completeness(inbox).accounted_for, completeness(inbox).missed) == (4, 0)

    @pytest.mark.parametrize(
        ("changes", "code"), [({"status": "paused"}, "not_syncing"), ({"backfill_done_at": None}, "reading_past")]
    )
    def test_what_cannot_be_checked_is_refused_with_a_reason(self, inbox, alice, changes, code):
        Inbox.objects.update(**changes)
        with pytest.raises(ValidationError) as refusal:
            actions.check_now(inbox=inbox, by=alice, now=NOW)
        assert refusal.value.code == code

    def test_messages_are_replayed_by_cause_or_all_together(self, inbox, alice):
        later = NOW + timedelta(hours=5)
        troubled(
            inbox,
            ("quarantined", "too_large", None),
            ("quarantined", "could_not_store", None),
            ("retrying", "could_not_store", later),
            ("retrying", "could_not_store", NOW),
        )
        assert actions.replay(inbox=inbox, by=alice, cause="could_not_store", now=NOW) == 2
        assert list(LedgerEntry.objects.order_by("pk").values_list("state", "retry_at")) == [
            ("quarantined", None), ("retrying", NOW), ("retrying", NOW), ("retrying", NOW),
        ]  # fmt: skip
        assert actions.replay(inbox=inbox, by=alice, now=NOW) == 1
        assert not LedgerEntry.objects.filter(state="quarantined").exists()


class TestPage:
    def test_it_says_how_complete_and_how_troubled_the_inbox_is(self, inbox, alice, alice_client):
        troubled(inbox, ("quarantined", "too_large", None), ("retrying", "could_not_store", timezone.now()))
        Folder.objects.update(counts={"no_known_contact": 408}, server_total=412, missed=3)
        with_history(inbox, now=timezone.now())
        page = alice_client.get(url(inbox)).content.decode()
        assert "409 of 412 eligible e-mails accounted for" in page
        assert page.count('name="cause"') == 2
        assert page.count("<rect") >= 90
        assert "12 logged, 25 left private" in page
        assert "style=" not in page

    def test_its_buttons_do_what_they_say(self, inbox, alice_client):
        troubled(inbox, ("quarantined", "too_large", None))
        answer = alice_client.post(url(inbox, "replay/"), {"cause": "too_large"}, follow=True)
        assert "1 message is being tried again." in answer.content.decode()
        assert LedgerEntry.objects.get().state == "retrying"
        answer = alice_client.post(url(inbox, "health/check/"), follow=True)
        assert (answer.redirect_chain, Inbox.objects.get().is_being_checked) == ([(url(inbox), 302)], True)
        assert 'hx-get="' in answer.content.decode()
        polled = alice_client.get(url(inbox, "health/completeness/"))
        assert "HX-Refresh" not in polled.headers
        Inbox.objects.update(reconciled_at=timezone.now() + timedelta(seconds=1))
        assert alice_client.get(url(inbox, "health/completeness/")).headers["HX-Refresh"] == "true"

    @pytest.mark.parametrize("cause", ["\0", "too_large\0", "x" * 100, "’; --"])
    def test_a_cause_that_nothing_can_have_replays_nothing(self, inbox, alice_client, cause):
        troubled(inbox, ("quarantined", "too_large", None))
        answer = alice_client.post(url(inbox, "replay/"), {"cause": cause}, follow=True)
        assert "No message is in trouble any more." in answer.content.decode()
        assert LedgerEntry.objects.get().state == "quarantined"

    def test_a_personal_inbox_is_its_owner_s_alone(self, inbox, bob_client, admin_client, charlie_client):
        for client in (bob_client, admin_client):
            assert client.get(url(inbox)).status_code == 404
            assert client.post(url(inbox, "health/check/")).status_code == 404
            assert client.post(url(inbox, "replay/")).status_code == 404
        assert charlie_client.get(url(inbox)).status_code == 302

    def test_members_of_a_team_see_it_and_those_who_manage_it_act(self, alice, bob, bob_client, admin_client):
        team = connected_inbox(
            alice, "team@ours.example", kind=InboxKind.TEAM, name="Support", backfill_done_at=NOW, reconciled_at=NOW
        )
        troubled(team, ("quarantined", "too_large", None))
        with_history(team, now=timezone.now())
        assert bob_client.get(url(team)).status_code == 404
        InboxMember.objects.create(inbox=team, person=bob)
        seen = bob_client.get(url(team)).content.decode()
        assert "Support" in seen
        assert "37 e-mails recovered" in seen
        assert "left private)" not in seen
        assert url(team, "replay/") not in seen
        assert bob_client.post(url(team, "replay/")).status_code == 403
        assert bob_client.post(url(team, "health/check/")).status_code == 403
        holder = signed_in(UserFactory(account_access=True))
        for client in (holder, admin_client):
            assert url(team, "replay/") in client.get(url(team)).content.decode()
        assert holder.post(url(team, "replay/")).status_code == 302
        assert LedgerEntry.objects.get().state == "retrying"


class TestReconnectPage:
    def test_it_says_since_when_and_why_nothing_is_read_and_what_waits(self, inbox, alice_client):
        Inbox.objects.update(
            status="needs_reconnect", cause="sign_in_refused", live_synced_at=timezone.now() - timedelta(days=2)
        )
        folder = Folder.objects.create(inbox=inbox, remote_id="INBOX", name="INBOX", role="inbox")
        for number in range(3, 31):
            folder.daily_counts.create(day=timezone.now().date() - timedelta(days=number), code="x", messages=10)
        page = alice_client.get(url(inbox, "reconnect/")).content.decode()
        assert "Read your e-mails and folders" in page
        assert "Not used: changing, moving or deleting e-mails" in page
        assert "about 20 e-mails, going by the four weeks before" in page

    def test_nothing_is_guessed_from_too_little(self, inbox, alice_client):
        Inbox.objects.update(status="disabled")
        page = alice_client.get(url(inbox, "reconnect/")).content.decode()
        assert "is not known before the mailbox can be read" in page

    def test_who_holds_account_access_reconnects_a_team_inbox(self, alice, bob, bob_client):
        team = connected_inbox(
            alice, "team@ours.example", kind=InboxKind.TEAM, status="needs_reconnect", cause="sign_in_refused"
        )
        InboxMember.objects.create(inbox=team, person=bob)
        assert bob_client.get(url(team, "reconnect/")).status_code == 404
        holder = signed_in(UserFactory(account_access=True))
        assert holder.get(url(team, "reconnect/")).status_code == 200


def test_the_report_stands_on_the_inbox_s_page_for_three_days(inbox, alice_client):
    now = timezone.now()
    outage = Outage.objects.create(
        inbox=inbox,
        since=now - timedelta(days=2),
        until=now - timedelta(hours=1),
        caught_up_at=now,
        logged=30,
        skipped=7,
    )
    assert "37 e-mails recovered" in alice_client.get(url(inbox, "")).content.decode()
    Outage.objects.filter(pk=outage.pk).update(until=now - timedelta(days=4), since=now - timedelta(days=5))
    assert "37 e-mails recovered" not in alice_client.get(url(inbox, "")).content.decode()


def test_operators_see_outages_and_set_checks_and_replays_going(inbox):
    def run(*arguments):
        out = StringIO()
        call_command("inbox", *arguments, "--json", stdout=out)
        return json.loads(out.getvalue())

    with_history(inbox, now=datetime(2026, 3, 20, 12, tzinfo=UTC))
    found = run("outages", inbox.address)
    assert [(one["cause"], one["recovered"], one["not_available"]) for one in found["outages"]] == [
        ("timed_out", 37, 0), ("sign_in_refused", 38, 0), ("timed_out", 41, 0), ("sign_in_refused", 42, 0),
    ]  # fmt: skip
    assert len(found["episodes"]) == 8
    troubled(inbox, ("quarantined", "too_large", None))
    assert run("replay", inbox.address)["messages"] == 1
    run("check", inbox.address)
    assert Inbox.objects.get().is_being_checked
