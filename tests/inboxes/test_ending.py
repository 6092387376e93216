"""Disabling, enabling, removing and deleting inboxes, and giving back what opened them."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.utils import timezone

from audit.models import AuditEvent
from inboxes import actions
from inboxes.models import (
    Credential,
    CredentialKind,
    Inbox,
    InboxKind,
    MailServer,
    PushSubscription,
    Removal,
    Revocation,
    SignIn,
    WithdrawnGrant,
)
from inboxes.oauth.grants import Account
from inboxes.oauth.keeping import give_back_grants, keep_grant
from inboxes.oauth.scopes import GMAIL_READ
from inboxes.revoking import steps_of
from notifications.models import Notification
from tests.factories.grants import grant_of, granted_inbox
from tests.factories.inboxes import NOW, connected_inbox
from tests.factories.users import UserFactory
from tests.fakes.google import answers
from users import actions as users

pytestmark = pytest.mark.django_db(transaction=True)

YUKI = "yuki@minato.example"


def with_password(inbox):
    Credential.objects.create(inbox=inbox, secret="secret")
    return inbox


def disabled(person, address="alice@ours.example", **fields):
    return with_password(connected_inbox(person, address, status="disabled", **fields))


def again(inbox):
    return Inbox.with_removed.get(pk=inbox.pk)


def code_of(act, **options):
    with pytest.raises(ValidationError) as refusal:
        act(**options)
    return refusal.value.code


def test_what_was_disabled_is_enabled_as_it_was(alice):
    inbox = with_password(connected_inbox(alice, failures=3, retry_at=NOW, lease_owner="one"))
    actions.disable(inbox=inbox, by=alice, now=NOW)
    stopped = again(inbox)
    assert (stopped.status, stopped.cause, stopped.lease_owner) == ("disabled", "", "")

    actions.enable(inbox=inbox, by=alice, now=NOW)

    going = again(inbox)
    assert (going.status, going.failures, going.retry_at, going.next_due_at) == ("active", 0, None, NOW)
    assert list(AuditEvent.objects.about(inbox).order_by("pk").values_list("action", flat=True)) == [
        "inbox.disabled",
        "inbox.enabled",
    ]


def test_what_nothing_opens_any_more_is_not_enabled(alice):
    inbox = connected_inbox(alice, status="disabled")
    assert code_of(actions.enable, inbox=inbox, by=alice) == "no_credential"
    assert again(inbox).status == "disabled"


def test_a_super_admin_stops_an_inbox_of_somebody_but_neither_starts_nor_removes_it(alice, admin, bob):
    inbox = with_password(connected_inbox(alice))
    actions.disable(inbox=inbox, by=admin)
    for person in (admin, bob):
        with pytest.raises(PermissionDenied):
            actions.enable(inbox=inbox, by=person)
        with pytest.raises(PermissionDenied):
            actions.remove(inbox=inbox, erase=False, by=person)
    assert (again(inbox).status, again(inbox).removed_at, Credential.objects.count()) == ("disabled", None, 1)


def test_the_address_of_somebody_who_left_is_set_free_by_a_super_admin_who_erases_nothing(alice, admin, bob):
    inbox = disabled(alice)
    users.deactivate_person(person=alice, by=admin)
    for person, erase in ((admin, True), (bob, False), (bob, True)):
        with pytest.raises(PermissionDenied):
            actions.remove(inbox=again(inbox), erase=erase, by=person)
    actions.remove(inbox=again(inbox), erase=False, by=admin)
    assert (again(inbox).removed_at is None, again(inbox).removal.by) == (False, admin)


@pytest.mark.parametrize("status", ["active", "degraded", "needs_reconnect", "paused", "connecting"])
def test_only_what_is_disabled_is_removed(alice, status):
    inbox = with_password(connected_inbox(alice, status=status, cause="timed_out"))
    assert code_of(actions.remove, inbox=inbox, erase=False, by=alice) == "not_possible_now"
    assert (again(inbox).removed_at, Credential.objects.count()) == (None, 1)


def test_what_was_never_started_is_discarded_and_not_disabled(alice):
    inbox = with_password(connected_inbox(alice, status="connecting"))
    assert code_of(actions.disable, inbox=inbox, by=alice) == "not_possible_now"
    actions.discard(inbox=inbox, by=alice)
    assert not Inbox.with_removed.exists()


def test_somebody_who_leaves_leaves_no_inbox_behind_that_was_never_started(alice, admin):
    with_password(connected_inbox(alice, "new@ours.example", status="connecting"))
    started = with_password(connected_inbox(alice))
    users.deactivate_person(person=alice, by=admin)
    assert list(Inbox.with_removed.values_list("pk", "status")) == [(started.pk, "disabled")]
    assert Credential.objects.count() == 0


def test_removing_leaves_nothing_that_opens_the_mailbox_or_writes_for_it(alice):
    inbox = disabled(alice, aliases=["a@ours.example"], lease_owner="one", lease_expires_at=NOW)
    MailServer.objects.create(inbox=inbox, protocol="imap", host="mail.example", port=993, username="alice")
    PushSubscription.objects.create(
        inbox=inbox, resource="mailbox", secret_hash=b"", renew_at=NOW, expires_at=NOW + timedelta(days=1)
    )
    SignIn.objects.create(
        person=alice, session="", state="x", kind="google", provider="gmail", inbox=inbox, begun_at=NOW
    )

    removal = actions.remove(inbox=inbox, erase=False, by=alice, now=NOW)

    gone = again(inbox)
    assert (gone.removed_at, gone.status, gone.aliases) == (NOW, "disabled", [])
    assert (gone.lease_owner, gone.lease_expires_at, gone.generation) == ("", None, inbox.generation + 1)
    for model in (Credential, MailServer, PushSubscription, SignIn):
        assert not model.objects.exists()
    assert (removal.by, removal.erases, list(Inbox.objects.all())) == (alice, False, [])
    event = AuditEvent.objects.about(inbox).filter(action="inbox.removed").get()
    assert (event.actor, event.details) == (alice, {"erase": False})
    with pytest.raises(Inbox.DoesNotExist):
        actions.remove(inbox=inbox, erase=True, by=alice)


def test_its_address_can_be_connected_again_by_anybody(alice, bob):
    inbox = disabled(alice)
    actions.remove(inbox=inbox, erase=False, by=alice)
    assert connected_inbox(bob, inbox.address).address == inbox.address


def test_a_team_inbox_is_deleted_in_one(alice, bob):
    holder = UserFactory(account_access=True)
    inbox = with_password(connected_inbox(alice, kind=InboxKind.TEAM, name="Support"))
    for person in (alice, bob):
        with pytest.raises(PermissionDenied):
            actions.delete_team_inbox(inbox=inbox, erase=False, by=person)
    actions.delete_team_inbox(inbox=inbox, erase=False, by=holder)
    assert (again(inbox).status, again(inbox).removed_at is None, Credential.objects.count()) == ("disabled", False, 0)
    stopped = with_password(connected_inbox(alice, kind=InboxKind.TEAM, status="disabled"))
    actions.delete_team_inbox(inbox=stopped, erase=True, by=holder)
    assert again(stopped).removal.erases


def test_a_team_inbox_that_cannot_be_removed_is_not_stopped_either(alice):
    holder = UserFactory(account_access=True)
    inbox = with_password(connected_inbox(alice, kind=InboxKind.TEAM, name="Support"))
    Removal.objects.create(inbox=inbox, by=holder, erases=False, held=0, begun_at=NOW)  # there can be but one

    with pytest.raises(IntegrityError):
        actions.delete_team_inbox(inbox=inbox, erase=False, by=holder)

    assert (again(inbox).status, again(inbox).generation, Credential.objects.count()) == ("active", 1, 1)
    assert (AuditEvent.objects.about(inbox).exists(), Notification.objects.exists()) == (False, False)


def test_a_personal_inbox_takes_two_steps(alice):
    inbox = with_password(connected_inbox(alice))
    assert code_of(actions.delete_team_inbox, inbox=inbox, erase=False, by=alice) == "not_a_team_inbox"
    assert again(inbox).status == "active"


# What becomes of the access


@pytest.fixture
def at_google(alice, google):
    google.mailbox(YUKI)
    grant = grant_of(google.grant(YUKI), now=google.clock.now())
    return granted_inbox(alice, CredentialKind.GOOGLE, grant, status="disabled")


def is_alive(google):
    return any(not token.is_dead for token in google.grants.refresh_tokens.values())


def told():
    return list(Notification.objects.order_by("pk").values_list("recipient__email", "kind"))


def test_google_confirms_that_the_access_is_gone(alice, at_google, google):
    actions.remove(inbox=at_google, erase=False, by=alice)
    give_back_grants(now=timezone.now())
    revocation = Revocation.objects.get()
    assert (revocation.place, revocation.account, revocation.state) == ("google", YUKI, "verified")
    assert (is_alive(google), WithdrawnGrant.objects.count(), steps_of(revocation)) == (False, 0, None)
    assert told() == []  # the page of the removal says it


def test_a_failed_revocation_is_said_and_tried_again_and_blocks_nothing(alice, at_google, google):
    google.faults.next("revoke", answers.html_error(503))
    actions.remove(inbox=at_google, erase=False, by=alice)
    now = timezone.now()
    give_back_grants(now=now)
    revocation = Revocation.objects.get()
    assert (revocation.state, revocation.tries, is_alive(google)) == ("trying", 1, True)
    assert steps_of(revocation).url == "https://myaccount.google.com/connections"
    assert again(at_google).removed_at is not None

    give_back_grants(now=now + timedelta(minutes=59))
    assert Revocation.objects.get().tries == 1
    give_back_grants(now=now + timedelta(minutes=61))
    assert (Revocation.objects.get().state, is_alive(google)) == ("verified", False)
    assert told() == [(alice.email, "access_given_back")]


def test_after_a_week_it_is_left_to_the_owner(alice, at_google, google):
    actions.remove(inbox=at_google, erase=False, by=alice)
    give_back_grants(now=timezone.now() + timedelta(days=8))
    revocation = Revocation.objects.get()
    assert (revocation.state, WithdrawnGrant.objects.count()) == ("given_up", 0)
    assert steps_of(revocation).is_needed
    assert told() == [(alice.email, "access_not_given_back")]


def test_access_that_another_inbox_lives_by_stays(alice, bob, at_google, google):
    other = connected_inbox(bob, "team@minato.example", provider="gmail")
    Credential.objects.create(inbox=other, kind="google", secret="{}", account_id=YUKI)
    actions.remove(inbox=at_google, erase=False, by=alice)
    give_back_grants(now=timezone.now())
    assert (Revocation.objects.get().state, is_alive(google), told()) == ("in_use", True, [])


def test_who_connects_the_account_again_keeps_its_access(alice, at_google, google):
    actions.remove(inbox=at_google, erase=False, by=alice)
    anew = connected_inbox(alice, YUKI, provider="gmail")
    grant = grant_of(google.grant(YUKI), now=google.clock.now(), scopes=GMAIL_READ)
    keep_grant(inbox=anew, kind=CredentialKind.GOOGLE, account=Account(YUKI, YUKI), grant=grant, shared=False)
    give_back_grants(now=timezone.now())
    assert (Revocation.objects.get().state, WithdrawnGrant.objects.count()) == ("in_use", 0)


@pytest.mark.parametrize(
    ("kind", "account_id", "place"),
    [
        ("password", "", "server"),
        ("microsoft", "tenant.person", "microsoft"),
        ("microsoft", "9188040d-6c67-4c5b-b112-36a304b66dad.person", "outlook"),
    ],
)
def test_elsewhere_the_owner_is_shown_the_way(alice, kind, account_id, place):
    inbox = connected_inbox(alice, YUKI, status="disabled")
    Credential.objects.create(inbox=inbox, kind=kind, secret="secret", account_id=account_id)
    actions.remove(inbox=inbox, erase=False, by=alice)
    revocation = Revocation.objects.get()
    way = steps_of(revocation)
    assert (revocation.place, revocation.state, way.is_needed) == (place, "not_offered", True)
    assert (len(way.steps) >= 3, bool(way.url), YUKI in way.letter) == (True, place != "server", place == "server")
    assert (WithdrawnGrant.objects.count(), Credential.objects.count()) == (0, 0)
