"""The console of all connections: what super admins find there, and what they do there."""

import csv
import io
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from inboxes import actions
from inboxes.models import Credential, CredentialKind, Folder, Inbox, InboxKind, LedgerEntry, WithdrawnGrant
from inboxes.oauth.grants import Grant
from logging_rules.console import Wanted, connections, summary, with_numbers
from notifications.models import Notification
from tests.factories.inboxes import NOW, connected_inbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(alice, bob, admin):
    now = timezone.now()
    connected_inbox(alice, "alice@ours.example", live_synced_at=now)
    connected_inbox(alice, "broken@ours.example", status="needs_reconnect", cause="sign_in_refused", provider="gmail")
    connected_inbox(bob, "sales@ours.example", kind=InboxKind.TEAM, name="Sales desk", live_synced_at=now)
    connected_inbox(bob, "slow@ours.example", status="degraded", cause="timed_out", live_synced_at=now)
    connected_inbox(bob, "silent@ours.example", live_synced_at=now - timedelta(days=2))
    connected_inbox(bob, "off@ours.example", status="disabled")


def page(client, query=""):
    response = client.get(f"/admin/inboxes/{query}")
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode()


def found(reader, **wanted):
    return [inbox.address.partition("@")[0] for inbox in connections(reader, Wanted(**wanted), now=timezone.now())]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, ["alice", "broken", "off", "sales", "silent", "slow"]),
        ({"status": "needs_reconnect"}, ["broken"]),
        ({"attention": True}, ["broken", "silent", "slow"]),
        ({"kind": "team"}, ["sales"]),
        ({"provider": "gmail"}, ["broken"]),
        ({"text": "sales DESK"}, ["sales"]),
        ({"text": "mori"}, ["alice", "broken"]),
        ({"owner": "Alice@genkan.example"}, ["alice", "broken"]),
        ({"status": "no such status", "kind": "none"}, ["alice", "broken", "off", "sales", "silent", "slow"]),
        ({"sort": "-address", "owner": "alice@genkan.example"}, ["broken", "alice"]),
        ({"sort": "read", "kind": "personal"}, ["broken", "off", "silent", "alice", "slow"]),
    ],
)
def test_connections_are_found_by_status_kind_provider_owner_and_text(world, admin, wanted, expected):
    assert found(admin, **wanted) == expected


def test_what_no_text_can_hold_is_not_looked_for(world, admin_client):
    shown = page(admin_client, "?q=sal%00es&owner=%00&status=%00")
    assert ("sales@ours.example" in shown, "alice@ours.example" in shown) == (True, False)


def test_the_figures_are_of_the_whole_workspace(world, admin):
    counted = summary(admin, now=timezone.now())
    assert (counted.connected, counted.active, counted.troubled, counted.waiting) == (6, 3, 1, 1)
    assert (counted.disabled, counted.attention) == (1, 3)


def test_the_numbers_are_those_the_sync_has_written_down(alice):
    inbox = connected_inbox(alice)
    counts = {"known_contact_incoming": 40, "reply_to_logged": 2, "no_known_contact": 957}
    folder = Folder.objects.create(inbox=inbox, remote_id="1", name="x", role="inbox", counts=counts)
    Folder.objects.create(
        inbox=inbox, remote_id="2", name="y", role="other", counts={"internal_only": 9}, state="retired"
    )
    LedgerEntry.objects.create(inbox=inbox, folder=folder, remote_id="1", state="quarantined")
    [connection] = with_numbers([inbox])
    assert (connection.logged, connection.open, connection.share) == (42, 1, 0.99)


def test_the_page_shows_status_in_words_and_neither_folders_nor_what_was_skipped(world, admin_client):
    inbox = Inbox.objects.get(address="broken@ours.example")
    counts = {"no_known_contact": 31337, "known_contact_incoming": 3}
    Folder.objects.create(inbox=inbox, remote_id="1", name="Divorce lawyers", role="other", counts=counts)
    for shown in (page(admin_client), admin_client.get(f"/admin/inboxes/{inbox.code}/").content.decode()):
        assert "Needs reconnecting" in shown
        assert "User name or password refused" in shown
        assert not any(secret in shown for secret in ("Divorce lawyers", "31,337", "31337", "31,340"))


def test_the_list_alone_is_what_a_filter_is_answered_with(world, admin_client):
    response = admin_client.get("/admin/inboxes/?q=sales", headers={"HX-Request": "true", "HX-Target": "results"})
    assert response.content.decode().strip().startswith('<div class="stack loose" id="results">')
    assert (b"sales@ours.example" in response.content, b"alice@ours.example" in response.content) == (True, False)


def test_the_table_taken_along_holds_all_that_is_found_and_no_formula(world, admin_client, admin, alice):
    type(alice).objects.filter(pk=alice.pk).update(name="=1+1")
    response = admin_client.get("/admin/inboxes/export.csv?owner=alice@genkan.example")
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert [(row["address"], row["owner"], row["status"], row["cause"]) for row in rows] == [
        ("alice@ours.example", "'=1+1", "active", ""),
        ("broken@ours.example", "'=1+1", "needs_reconnect", "sign_in_refused"),
    ]
    noted = AuditEvent.objects.latest("pk")
    assert (noted.action, noted.actor, noted.details) == ("workspace.connections_exported", admin, {"connections": 2})


def test_several_are_disabled_at_once_after_a_question_and_their_owners_are_told(world, admin_client, admin, alice):
    chosen = list(Inbox.objects.filter(address__in=["alice@ours.example", "sales@ours.example"]))
    query = "&".join(f"inbox={inbox.code}" for inbox in chosen)
    asked = admin_client.get(f"/admin/inboxes/disable/?{query}").content.decode()
    assert all(inbox.address in asked for inbox in chosen)
    assert set(Inbox.objects.filter(pk__in=[inbox.pk for inbox in chosen]).values_list("status", flat=True)) == {
        "active"
    }

    admin_client.post("/admin/inboxes/disable/", {"inbox": [inbox.code for inbox in chosen]})

    assert set(Inbox.objects.filter(pk__in=[inbox.pk for inbox in chosen]).values_list("status", flat=True)) == {
        "disabled"
    }
    told = Notification.objects.order_by("kind").values_list("recipient__name", "kind")
    assert list(told) == [("Alice Mori", "inbox_disabled"), ("Bob Tanaka", "team_inbox_disabled")]
    by = AuditEvent.objects.filter(action="inbox.disabled").values_list("target_id", "actor")
    assert set(by) == {(str(inbox.pk), admin.pk) for inbox in chosen}


def test_what_is_chosen_badly_changes_nothing(world, admin_client):
    off = Inbox.objects.get(address="off@ours.example")
    for chosen in ("", "not a code", str(off.code)):
        for answer in (
            admin_client.get(f"/admin/inboxes/disable/?inbox={chosen}"),
            admin_client.post("/admin/inboxes/disable/", {"inbox": [chosen]}),
        ):
            assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/inboxes/")
    assert Inbox.objects.filter(status="disabled").count() == 1


def test_a_forced_disconnection_purges_the_access_and_keeps_what_was_logged(alice, admin):
    inbox = connected_inbox(alice, provider="gmail")
    grant = Grant("token", "refresh", NOW, ("scope",))
    Credential.objects.create(
        inbox=inbox, kind=CredentialKind.GOOGLE, secret=grant.to_secret(), account_id=inbox.address
    )
    for _ in range(2):
        actions.force_disconnect(inbox=inbox, by=admin)
    inbox.refresh_from_db()
    assert (inbox.status, Credential.objects.exists(), WithdrawnGrant.objects.count()) == ("disabled", False, 1)
    assert AuditEvent.objects.filter(action="inbox.access_purged").count() == 1
    assert list(Notification.objects.values_list("recipient", "kind")) == [(alice.pk, "inbox_access_deleted")]


def test_a_team_inbox_is_not_taken_by_force(bob, admin):
    team = connected_inbox(bob, kind=InboxKind.TEAM)
    with pytest.raises(ValidationError):
        actions.force_disconnect(inbox=team, by=admin)


def test_only_super_admins_stop_what_is_not_theirs(alice, bob):
    inbox = connected_inbox(alice)
    for act in (
        lambda: actions.take_off(inboxes=[inbox], by=bob),
        lambda: actions.force_disconnect(inbox=inbox, by=bob),
        lambda: actions.note_export(connections=1, by=bob),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert connections(bob, Wanted(), now=NOW).count() == 0


def test_an_inbox_is_paused_and_resumed_from_its_connection(alice, admin_client):
    inbox = connected_inbox(alice)
    statuses = []
    for what in ("pause", "resume", "resume"):
        answer = admin_client.post(f"/admin/inboxes/{inbox.code}/{what}/", follow=True)
        inbox.refresh_from_db()
        statuses.append((inbox.status, str(*answer.context["messages"])[:8]))
    assert statuses == [("paused", "Paused. "), ("active", "Resumed."), ("active", "This is ")]


def test_what_its_owner_paused_only_they_resume(alice, admin_client):
    inbox = connected_inbox(alice)
    actions.pause(inbox=inbox, by=alice)
    shown = admin_client.get(f"/admin/inboxes/{inbox.code}/").content.decode()
    assert ("Paused by its owner" in shown, f"{inbox.code}/resume/" in shown) == (True, False)
    assert admin_client.post(f"/admin/inboxes/{inbox.code}/resume/").status_code == 403
    inbox.refresh_from_db()
    assert inbox.status == "paused"


def test_an_empty_workspace_says_what_comes_here(admin_client):
    assert "No inbox is connected yet" in page(admin_client)


def test_the_rest_of_the_page_is_in_the_readers_language(admin):
    type(admin).objects.filter(pk=admin.pk).update(language="ja")
    client = Client()
    client.force_login(admin)
    assert "接続された受信トレイはまだありません" in page(client)
