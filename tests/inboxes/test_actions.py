"""Who may connect, stop and mend inboxes, and what it does."""

from contextlib import nullcontext
from datetime import timedelta

import pytest
from celery import Task
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from kombu.exceptions import OperationalError

from audit.models import AuditEvent
from inboxes import actions
from inboxes.actions import ConnectionDetails, ServerLogin
from inboxes.models import Credential, Inbox, InboxKind, LedgerEntry, MailServer, Security
from inboxes.signals import sync_wanted
from tests.factories.inboxes import NOW, connected_inbox
from users.models import User

pytestmark = pytest.mark.django_db


def details(address="alice@ours.example", password="secret", **imap):
    values = {"host": "IMAP.ours.example ", "port": 993, "security": Security.TLS, "username": "alice"}
    return ConnectionDetails(
        address=address,
        imap=ServerLogin(**values | imap),
        password=password,
        smtp=ServerLogin("smtp.ours.example", 465, Security.TLS, "alice"),
    )


def connect(by, **options):
    return actions.connect_imap_inbox(details=details(**options), history_since=None, by=by)


def test_connecting_stores_servers_and_an_encrypted_password_and_does_not_sync_yet(alice):
    inbox = connect(alice)
    assert (inbox.owner, inbox.kind, inbox.status) == (alice, InboxKind.PERSONAL, "connecting")
    assert list(MailServer.objects.order_by("protocol").values_list("protocol", "host")) == [
        ("imap", "imap.ours.example"),
        ("smtp", "smtp.ours.example"),
    ]
    assert Credential.objects.get().secret == "secret"
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM inboxes_credential")
        assert "secret" not in cursor.fetchone()[0]


@pytest.mark.parametrize("address", ["alice@ours.example", " ALICE@Ours.Example ", "sales@ours.example"])
def test_an_address_or_alias_is_connected_once_only(alice, bob, address):
    connected_inbox(bob, "alice@ours.example", aliases=["sales@ours.example"])
    with pytest.raises(ValidationError) as error:
        connect(alice, address=address)
    assert error.value.code == "already_connected"
    assert Inbox.objects.count() == 1


def test_what_is_no_address_is_refused(alice):
    with pytest.raises(ValidationError) as error:
        connect(alice, address="alice")
    assert error.value.code == "invalid_address"


def test_a_deactivated_person_connects_nothing(charlie):
    with pytest.raises(PermissionDenied):
        connect(charlie)


OWNER_ACTS = ("start", "reconnect", "replay")
MANAGING_ACTS = ("pause", "disable", "sync_now")


def act(name, inbox, by):
    options = {"details": details()} if name == "reconnect" else {}
    if name == "start":
        Inbox.objects.update(status="connecting")
    return getattr(actions, name)(inbox=inbox, by=by, now=NOW, **options)


@pytest.mark.parametrize("name", OWNER_ACTS + MANAGING_ACTS)
def test_colleagues_and_outsiders_may_do_nothing_to_a_personal_inbox(alice, bob, charlie, name):
    inbox = connected_inbox(alice)
    for person in (bob, charlie):
        with pytest.raises(PermissionDenied):
            act(name, inbox, person)


@pytest.mark.parametrize("name", OWNER_ACTS)
def test_a_super_admin_may_not_touch_what_is_the_owner_s_alone(alice, admin, name):
    with pytest.raises(PermissionDenied):
        act(name, connected_inbox(alice), admin)


@pytest.mark.parametrize("name", MANAGING_ACTS)
@pytest.mark.parametrize("who", ["alice", "admin"])
def test_owner_and_super_admin_may_stop_an_inbox(request, alice, name, who):
    person = request.getfixturevalue(who)
    act(name, connected_inbox(alice), person)
    assert AuditEvent.objects.latest("pk").actor == person


def test_every_act_is_audited_and_names_no_secret(alice):
    inbox = connect(alice)
    for name in ("start", "pause", "resume", "disable", "reconnect", "sync_now", "replay"):
        getattr(actions, name)(
            inbox=inbox, by=alice, now=NOW, **({"details": details()} if name == "reconnect" else {})
        )
    assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True)) == [
        "inbox.connected", "inbox.started", "inbox.paused", "inbox.resumed", "inbox.disabled", "inbox.reconnected",
        "inbox.sync_requested", "inbox.quarantine_replayed",
    ]  # fmt: skip
    assert not [event for event in AuditEvent.objects.all() if "secret" in str(event.details)]


def test_pausing_shuts_the_worker_out_and_resuming_makes_the_inbox_due(alice):
    inbox = connected_inbox(alice, lease_owner="worker", lease_expires_at=NOW + timedelta(hours=1))
    actions.pause(inbox=inbox, by=alice, now=NOW)
    paused = Inbox.objects.get()
    assert (paused.status, paused.generation, paused.lease_expires_at) == ("paused", 2, None)
    actions.resume(inbox=inbox, by=alice, now=NOW)
    assert (Inbox.objects.get().status, Inbox.objects.get().next_due_at) == ("active", NOW)


@pytest.mark.parametrize(("kind", "who_paused", "resumed"), [
    ("personal", "alice", False), ("personal", "admin", True), ("team", "alice", True)
])  # fmt: skip
def test_what_the_owner_of_a_personal_inbox_paused_no_super_admin_resumes(
    request, alice, admin, kind, who_paused, resumed
):
    inbox = connected_inbox(alice, kind=kind)
    User.objects.filter(pk=alice.pk).update(account_access=True)
    actions.pause(inbox=inbox, by=User.objects.get(pk=request.getfixturevalue(who_paused).pk))
    with nullcontext() if resumed else pytest.raises(PermissionDenied):
        actions.resume(inbox=inbox, by=admin)
    assert Inbox.objects.get().status == ("active" if resumed else "paused")


def test_what_a_super_admin_paused_its_owner_resumes(alice, admin):
    inbox = connected_inbox(alice)
    actions.pause(inbox=inbox, by=admin)
    assert Inbox.objects.get().cause == "paused_by_admin"
    actions.resume(inbox=inbox, by=alice)
    assert (Inbox.objects.get().status, Inbox.objects.get().cause) == ("active", "")


def test_what_is_not_possible_now_says_so(alice):
    inbox = connected_inbox(alice)
    with pytest.raises(ValidationError) as error:
        actions.resume(inbox=inbox, by=alice)
    assert "Active" in error.value.messages[0]
    Inbox.objects.update(status="paused")
    with pytest.raises(ValidationError) as error:
        actions.sync_now(inbox=inbox, by=alice)
    assert error.value.code == "not_syncing"


def test_reconnecting_keeps_the_outage_s_beginning_and_the_cursors(alice):
    inbox = connect(alice)
    since = NOW - timedelta(days=2)
    Inbox.objects.update(status="needs_reconnect", cause="sign_in_refused", status_since=since, failures=7)
    actions.reconnect(inbox=inbox, details=details(password="new", host="imap2.ours.example"), by=alice, now=NOW)
    changed = Inbox.objects.get()
    assert (changed.status, changed.cause, changed.status_since) == ("degraded", "reconnecting", since)
    assert (changed.failures, changed.generation, changed.next_due_at) == (0, 2, NOW)
    assert Credential.objects.get().secret == "new"
    assert MailServer.objects.get(protocol="imap").host == "imap2.ours.example"


def test_another_address_cannot_be_put_into_an_inbox(alice):
    inbox = connect(alice)
    Inbox.objects.update(status="needs_reconnect")
    with pytest.raises(ValidationError) as error:
        actions.reconnect(inbox=inbox, details=details(address="other@ours.example"), by=alice)
    assert error.value.code == "other_address"
    assert Credential.objects.get().secret == "secret"


@pytest.mark.parametrize("cause", ["sign_in_refused", "rate_limited"])
def test_an_impatient_person_does_not_get_the_account_locked(alice, cause):
    later = NOW + timedelta(minutes=10)
    inbox = connected_inbox(alice, status="degraded", cause=cause, retry_at=later)
    assert actions.sync_now(inbox=inbox, by=alice, now=NOW) == later


@pytest.mark.django_db(transaction=True)
def test_asking_for_a_sync_is_heard_with_the_id_only(alice):
    heard = []

    def note(**news):
        heard.append({key: value for key, value in news.items() if key not in {"signal", "sender"}})

    inbox = connected_inbox(alice)
    sync_wanted.connect(note)
    try:
        actions.sync_now(inbox=inbox, by=alice, now=NOW)
    finally:
        sync_wanted.disconnect(note)
    assert heard == [{"inbox_id": inbox.pk}]


def test_replaying_counts_what_was_quarantined(alice):
    inbox = connected_inbox(alice)
    folder = inbox.folders.create(remote_id="INBOX", name="INBOX", role="inbox")
    for number, state in enumerate(("quarantined", "quarantined", "logged")):
        LedgerEntry.objects.create(inbox=inbox, folder=folder, remote_id=str(number), state=state, attempts=6)
    assert actions.replay(inbox=inbox, by=alice, now=NOW) == 2
    assert set(LedgerEntry.objects.values_list("state", "attempts", "retry_at")) == {
        ("retrying", 0, NOW),
        ("logged", 6, None),
    }


def test_a_broker_that_is_away_keeps_nobody_from_asking_for_a_sync(
    alice, monkeypatch, django_capture_on_commit_callbacks
):
    """The inbox is due in the database; the message would only have been faster."""

    def away(*_, **__):
        raise OperationalError("nobody answers")

    inbox = connected_inbox(alice)
    monkeypatch.setattr(Task, "apply_async", away)
    with django_capture_on_commit_callbacks(execute=True):
        assert actions.sync_now(inbox=inbox, by=alice, now=NOW) == NOW
    assert Inbox.objects.get().next_due_at == NOW
