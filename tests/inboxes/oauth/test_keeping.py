"""Grants of inboxes: kept for the right account, and given back when no inbox uses them any more."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.utils import timezone

from audit.models import AuditEvent
from inboxes import actions, key_rotation, tasks
from inboxes.models import (
    Credential,
    CredentialKind,
    Inbox,
    InboxKind,
    InboxStatus,
    MailServer,
    ProviderKind,
    Security,
    WithdrawnGrant,
)
from inboxes.oauth.grants import Account, Grant
from inboxes.oauth.keeping import give_back_grants, use_idle_grants
from inboxes.oauth.scopes import GMAIL_IMAP, GMAIL_READ, GRAPH_READ, GRAPH_READ_SHARED, OUTLOOK_IMAP
from tests.factories.grants import grant_of, granted_inbox
from tests.factories.inboxes import connected_inbox
from tests.fakes.google import answers
from users import actions as users

pytestmark = pytest.mark.django_db(transaction=True)

YUKI = "yuki@minato.example"
ACCOUNT = Account("tenant.person", YUKI, ("sales@minato.example",))
EXPIRES_AT = timezone.now() + timedelta(hours=1)


def some_grant(scopes=GRAPH_READ, *, refresh_token="the-refresh-token"):
    return Grant("the-access-token", refresh_token, EXPIRES_AT, tuple(scopes))


def connect(by, *, kind=ProviderKind.GRAPH, account=ACCOUNT, grant=None, **options):
    return actions.connect_api_inbox(
        kind=kind, account=account, grant=grant or some_grant(), history_since=None, by=by, **options
    )


def code_of(act, *arguments, **options):
    with pytest.raises(ValidationError) as error:
        act(*arguments, **options)
    return error.value.code


def kept():
    return Grant.from_secret(Credential.objects.get().secret)


def test_connecting_keeps_the_grant_encrypted_and_does_not_sync_yet(alice):
    inbox = connect(alice)
    credential = Credential.objects.get()
    assert (inbox.owner, inbox.kind, inbox.provider, inbox.status) == (alice, InboxKind.PERSONAL, "graph", "connecting")
    assert (inbox.address, inbox.aliases) == (YUKI, ["sales@minato.example"])
    assert (credential.kind, credential.account_id, credential.scopes) == (
        "microsoft",
        "tenant.person",
        list(GRAPH_READ),
    )
    assert kept() == replace(some_grant(), account_id="tenant.person", address=YUKI)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM inboxes_credential")
        assert "the-" not in cursor.fetchone()[0]


def test_no_secret_reaches_the_audit_log(alice):
    inbox = connect(alice)
    actions.reconnect_api_inbox(inbox=started(inbox, alice), account=ACCOUNT, grant=some_grant(), by=alice)
    written = "\n".join(f"{event.action} {event.details}" for event in AuditEvent.objects.all())
    assert "inbox.connected" in written
    assert "inbox.reconnected" in written
    assert not any(secret in written for secret in ("the-", YUKI, "tenant.person"))


def started(inbox, by):
    actions.start(inbox=inbox, by=by)
    inbox.refresh_from_db()
    return inbox


def test_a_mailbox_that_may_not_be_read_is_not_connected(alice):
    cases = [
        (ProviderKind.GRAPH, ["User.Read"], {}),
        (ProviderKind.GRAPH, GRAPH_READ, {"shared_mailbox": "office@minato.example"}),
        (ProviderKind.GMAIL, GMAIL_IMAP, {}),
        (ProviderKind.IMAP, GMAIL_READ, {"signed_in_at": CredentialKind.GOOGLE}),
        (ProviderKind.IMAP, GRAPH_READ, {"signed_in_at": CredentialKind.MICROSOFT}),
    ]
    found = [code_of(connect, alice, kind=kind, grant=some_grant(scopes), **more) for kind, scopes, more in cases]
    assert (found, Inbox.objects.count()) == (["scope_missing"] * len(cases), 0)


def test_an_address_or_alias_is_connected_once_only(alice, bob):
    connected_inbox(bob, "sales@minato.example")
    assert connect(alice).aliases == []
    assert code_of(connect, bob) == "already_connected"


def test_nobody_who_has_left_connects_anything(charlie):
    with pytest.raises(PermissionDenied):
        connect(charlie)


@pytest.mark.parametrize(
    ("issuer", "scopes", "host"),
    [
        (CredentialKind.GOOGLE, GMAIL_IMAP, "imap.gmail.com"),
        (CredentialKind.MICROSOFT, OUTLOOK_IMAP, "outlook.office365.com"),
    ],
)
def test_imap_without_a_password_knows_its_server(alice, issuer, scopes, host):
    inbox = connect(alice, kind=ProviderKind.IMAP, grant=some_grant(scopes), signed_in_at=issuer)
    server = MailServer.objects.get()
    assert (server.host, server.port, server.security, server.username) == (host, 993, "tls", YUKI)
    assert Credential.objects.get().kind == issuer
    actions.reconnect_api_inbox(inbox=started(inbox, alice), account=ACCOUNT, grant=some_grant(scopes), by=alice)


def test_a_shared_mailbox_is_an_inbox_of_its_own_address(alice, bob):
    connect(alice)
    inbox = connect(bob, account=ACCOUNT, grant=some_grant(GRAPH_READ_SHARED), shared_mailbox="Office@minato.example")
    assert (inbox.address, inbox.aliases, inbox.credential.signed_in_as) == ("office@minato.example", [], YUKI)
    colleague = Account("tenant.colleague", "ken@minato.example")
    actions.reconnect_api_inbox(
        inbox=started(inbox, bob), account=colleague, grant=some_grant(GRAPH_READ_SHARED), by=bob
    )
    inbox.credential.refresh_from_db()
    assert (inbox.credential.account_id, inbox.credential.signed_in_as) == ("tenant.colleague", "ken@minato.example")


def test_reconnecting_shuts_workers_out_and_begins_again(alice):
    inbox = started(connect(alice), alice)
    Inbox.objects.update(status=InboxStatus.NEEDS_RECONNECT, cause="access_revoked", failures=7, lease_owner="worker")
    actions.reconnect_api_inbox(inbox=inbox, account=ACCOUNT, grant=some_grant(refresh_token="another"), by=alice)
    before, inbox = inbox, Inbox.objects.get()
    assert (inbox.status, inbox.cause, inbox.failures, inbox.lease_owner) == ("degraded", "reconnecting", 0, "")
    assert (inbox.generation, kept().refresh_token) == (before.generation + 1, "another")


def test_another_account_is_refused_and_changes_nothing(alice):
    inbox = started(connect(alice), alice)
    for account in (Account("tenant.other", "ken@minato.example"), Account("tenant.other", YUKI)):
        act = actions.reconnect_api_inbox
        assert (
            code_of(act, inbox=inbox, account=account, grant=some_grant(refresh_token="x"), by=alice) == "other_account"
        )
    assert (kept().refresh_token, Inbox.objects.get().generation) == ("the-refresh-token", inbox.generation)


def test_an_account_that_was_renamed_is_the_same_account(alice):
    inbox = started(connect(alice), alice)
    renamed = Account("tenant.person", "yuki.sato@minato.example", (YUKI,))
    actions.reconnect_api_inbox(inbox=inbox, account=renamed, grant=some_grant(), by=alice)
    inbox.refresh_from_db()
    assert (inbox.address, inbox.aliases) == (YUKI, ["yuki.sato@minato.example"])


def test_without_a_stored_account_the_address_decides(alice):
    inbox = started(connect(alice), alice)
    Credential.objects.all().delete()
    other = Account("tenant.other", "ken@minato.example")
    assert (
        code_of(actions.reconnect_api_inbox, inbox=inbox, account=other, grant=some_grant(), by=alice)
        == "other_account"
    )
    actions.reconnect_api_inbox(inbox=inbox, account=ACCOUNT, grant=some_grant(), by=alice)
    assert kept().account_id == "tenant.person"


def test_a_refresh_token_is_never_replaced_by_none(alice):
    inbox = started(connect(alice), alice)
    actions.reconnect_api_inbox(inbox=inbox, account=ACCOUNT, grant=some_grant(refresh_token=""), by=alice)
    assert kept().refresh_token == "the-refresh-token"


def test_an_inbox_with_a_password_and_a_colleagues_are_not_reconnected(alice, bob):
    inbox = connected_inbox(alice, "imap@minato.example")
    Credential.objects.create(inbox=inbox, secret="a password")
    options = {"account": ACCOUNT, "grant": some_grant()}
    assert code_of(actions.reconnect_api_inbox, inbox=inbox, by=alice, **options) == "other_provider"
    for person in (bob,):
        with pytest.raises(PermissionDenied):
            actions.reconnect_api_inbox(inbox=inbox, by=person, **options)


# Giving back


@pytest.fixture
def at_google(alice, google):
    """An inbox whose grant lives."""
    google.mailbox(YUKI)
    grant = grant_of(google.grant(YUKI), now=google.clock.now())
    return granted_inbox(alice, CredentialKind.GOOGLE, grant, status=InboxStatus.ACTIVE)


def is_alive(google):
    return any(not token.is_dead for token in google.grants.refresh_tokens.values())


def test_what_a_person_who_leaves_had_allowed_is_given_back(alice, admin, at_google, google):
    users.deactivate_person(person=alice, by=admin)
    assert (Credential.objects.count(), WithdrawnGrant.objects.count(), is_alive(google)) == (0, 1, True)
    tasks.give_back_grants()
    assert (WithdrawnGrant.objects.count(), is_alive(google)) == (0, False)


def test_an_inbox_that_was_never_started_gives_back_what_it_was_given(alice, at_google, google):
    Inbox.objects.update(status=InboxStatus.CONNECTING)
    actions.discard(inbox=at_google, by=alice)
    assert (Inbox.objects.count(), WithdrawnGrant.objects.count()) == (0, 1)
    tasks.give_back_grants()
    assert (WithdrawnGrant.objects.count(), is_alive(google)) == (0, False)


def test_disabling_gives_nothing_back(alice, at_google, google):
    actions.disable(inbox=at_google, by=alice)
    assert (Credential.objects.count(), WithdrawnGrant.objects.count()) == (1, 0)


def test_a_provider_that_is_down_holds_nobody_up_and_is_asked_again(alice, admin, at_google, google):
    google.faults.next("revoke", answers.html_error(503))
    users.deactivate_person(person=alice, by=admin)
    assert (give_back_grants(now=timezone.now() + timedelta(minutes=1)), is_alive(google)) == (0, True)
    assert give_back_grants(now=timezone.now() + timedelta(minutes=2)) == 0
    assert [request.path for request in google.requests].count("/revoke") == 1
    assert (give_back_grants(now=timezone.now() + timedelta(minutes=62)), is_alive(google)) == (1, False)


def test_after_a_week_it_is_left_to_the_owner(alice, admin, at_google, google):
    google.faults.always("revoke", answers.html_error(503))
    users.deactivate_person(person=alice, by=admin)
    give_back_grants(now=timezone.now() + timedelta(days=6))
    assert WithdrawnGrant.objects.count() == 1
    give_back_grants(now=timezone.now() + timedelta(days=7, hours=1))
    assert WithdrawnGrant.objects.count() == 0


def test_who_connects_the_account_again_keeps_the_access(alice, at_google, google):
    """For Google it is one and the same: giving back the old grant would end the new one."""
    Inbox.objects.update(status=InboxStatus.CONNECTING)
    actions.discard(inbox=at_google, by=alice)
    again = grant_of(google.grant(YUKI), now=google.clock.now())
    connect(alice, kind=ProviderKind.GMAIL, account=Account(YUKI, YUKI), grant=again)
    assert WithdrawnGrant.objects.count() == 0
    WithdrawnGrant.objects.create(kind="google", account_id=YUKI, secret=again.to_secret())
    tasks.give_back_grants()
    assert (WithdrawnGrant.objects.count(), is_alive(google)) == (0, True)


def test_a_secret_nobody_can_read_holds_nobody_up(alice, admin, at_google, google, settings):
    WithdrawnGrant.objects.create(kind="google", account_id="x", secret="of an older key")
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    users.deactivate_person(person=alice, by=admin)
    assert (Credential.objects.count(), WithdrawnGrant.objects.count()) == (0, 1)
    tasks.give_back_grants()
    assert (WithdrawnGrant.objects.count(), is_alive(google)) == (0, True)


def test_a_withdrawn_grant_moves_to_a_new_key_and_shows_nothing(settings):
    secret = some_grant().to_secret()
    withdrawn = WithdrawnGrant.objects.create(kind="google", account_id=YUKI, secret=secret)
    new = Fernet.generate_key().decode()
    settings.FIELD_KEYS = [new, *settings.FIELD_KEYS]
    assert key_rotation.rotate() == 1
    settings.FIELD_KEYS = [new]
    assert WithdrawnGrant.objects.get().secret == secret
    assert (str(withdrawn), repr(withdrawn)) == (
        f"withdrawn grant {withdrawn.pk}",
        f"<WithdrawnGrant: withdrawn grant {withdrawn.pk}>",
    )


def test_reconnecting_mends_a_secret_whose_key_is_lost(alice, settings):
    by_password = connected_inbox(alice, "imap@minato.example")
    Credential.objects.create(inbox=by_password, secret="a password")
    granted = started(connect(alice), alice)
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    actions.reconnect_api_inbox(inbox=granted, account=ACCOUNT, grant=some_grant(refresh_token="new"), by=alice)
    login = actions.ServerLogin("imap.minato.example", 993, Security.TLS, "alice")
    details = actions.ConnectionDetails(by_password.address, login, "another password")
    actions.reconnect(inbox=by_password, details=details, by=alice)
    secrets = dict(Credential.objects.values_list("inbox", "secret"))
    assert secrets[by_password.pk] == "another password"
    assert Grant.from_secret(secrets[granted.pk]).refresh_token == "new"


def test_the_access_of_a_paused_inbox_is_used_once_a_month(alice, bob, at_google, google):
    connected_inbox(bob, "bob@minato.example", status=InboxStatus.PAUSED, provider=ProviderKind.GMAIL)
    month = timezone.now() + timedelta(days=31)
    assert use_idle_grants(now=month) == 0  # it is syncing
    actions.pause(inbox=at_google, by=alice)
    before = kept().access_token
    assert use_idle_grants(now=timezone.now() + timedelta(days=29)) == 0
    assert (use_idle_grants(now=month), kept().access_token == before) == (1, False)
    google.grants.withdraw(YUKI)
    assert use_idle_grants(now=month + timedelta(days=31)) == 0
    assert Inbox.objects.get(pk=at_google.pk).status == InboxStatus.PAUSED
