"""Somebody leaves: what goes dark, who takes over, and the record that is kept."""

import io
import json
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.utils import timezone

from contacts.models import Contact
from inboxes.actions import delete_team_inbox, force_disconnect, remove
from inboxes.models import (
    Credential,
    CredentialKind,
    Departure,
    Inbox,
    InboxKind,
    InboxMember,
    Revocation,
    WithdrawnGrant,
)
from inboxes.oauth.grants import Grant
from inboxes.oauth.keeping import give_back_grants
from inboxes.revocation_notices import tell_of_revocation
from logging_rules.actions import leave
from logging_rules.leaving import Handover, access_by_now, leaving_of
from notifications.models import Notification
from tests.factories.contacts import log_mail, make_contact
from tests.factories.inboxes import NOW, connected_inbox
from tests.factories.users import PASSWORD, InvitationFactory, UserFactory
from users.actions import deactivate_person, reactivate_person
from users.models import User

pytestmark = pytest.mark.django_db


def give_access(inbox, kind=CredentialKind.PASSWORD):
    secret = "secret" if kind == CredentialKind.PASSWORD else Grant("token", "refresh", NOW, ("scope",)).to_secret()
    return Credential.objects.create(inbox=inbox, kind=kind, secret=secret, account_id=inbox.address)


@pytest.fixture
def holder():
    return UserFactory(name="Hana Holder", account_access=True)


@pytest.fixture
def own(alice):
    inbox = connected_inbox(alice, provider="gmail")
    give_access(inbox, CredentialKind.GOOGLE)
    return inbox


@pytest.fixture
def granted(alice):
    team = connected_inbox(alice, "sales@ours.example", kind=InboxKind.TEAM, name="Sales", provider="graph")
    give_access(team, CredentialKind.MICROSOFT)
    InboxMember.objects.create(inbox=team, person=alice)
    return team


@pytest.fixture
def by_password(alice, bob):
    team = connected_inbox(alice, "info@ours.example", kind=InboxKind.TEAM, name="Info")
    give_access(team)
    for person in (alice, bob):
        InboxMember.objects.create(inbox=team, person=person)
    return team


@pytest.fixture
def everything(alice, own, granted, by_password):
    contact = make_contact("Sarah", "sarah@meridian.example", owner=alice)
    log_mail(contact, "Revised quote", owner=alice)
    InvitationFactory(invited_by=alice)
    return [own, granted, by_password]


def test_what_goes_dark_is_listed_before_anything_happens(alice, everything):
    found = leaving_of(alice, now=timezone.now())
    assert [inbox.address for inbox in found.personal] == [
        "alice@ours.example",
        f"inbox-of-{alice.pk}@workspace.example",
    ]
    parts = [(part.inbox.label, part.is_owner, part.is_only_member, part.signs_in_again) for part in found.teams]
    assert parts == [("Info", True, False, False), ("Sales", True, True, True)]
    assert (found.contacts, len(found.invitations), found.logged) == (1, 1, 1)


def test_everything_happens_at_once_and_what_was_logged_stays(alice, bob, admin, holder, everything):
    _, granted, by_password = everything
    owners = {granted.pk: holder, by_password.pk: holder}
    departure = leave(person=alice, handover=Handover(contacts=bob, owners=owners, readers={granted.pk: bob}), by=admin)
    states = {
        inbox.address.partition("@")[0]: (inbox.status, inbox.cause, inbox.owner)
        for inbox in Inbox.objects.filter(pk__in=[inbox.pk for inbox in everything])
    }
    assert states == {
        "alice": ("disabled", "", alice),
        "sales": ("needs_reconnect", "owner_left", holder),
        "info": ("active", "", holder),
    }
    assert [credential.inbox for credential in Credential.objects.all()] == [by_password]
    assert list(WithdrawnGrant.objects.values_list("kind", flat=True)) == ["google"]  # Microsoft cannot be asked
    assert set(InboxMember.objects.values_list("inbox", "person")) == {(granted.pk, bob.pk), (by_password.pk, bob.pk)}
    assert (Contact.objects.get().owner, User.objects.get(pk=alice.pk).is_active) == (bob, False)
    assert departure.held["personal"][0] == {
        "address": "alice@ours.example",
        "name": "",
        "provider": "gmail",
        "access": "google",
    }
    assert departure.held["teams"] == [
        {
            "address": "info@ours.example",
            "name": "Info",
            "provider": "imap",
            "to": "Hana Holder",
            "signs_in_again": False,
        },
        {
            "address": "sales@ours.example",
            "name": "Sales",
            "provider": "graph",
            "to": "Hana Holder",
            "signs_in_again": True,
        },
    ]
    numbers = {name: departure.held[name] for name in ("contacts", "contacts_to", "invitations", "logged")}
    assert numbers == {"contacts": 1, "contacts_to": "Bob Tanaka", "invitations": 1, "logged": 1}


def test_leaving_twice_is_leaving_once(alice, admin, own):
    assert [leave(person=alice, handover=Handover(), by=admin).pk for _ in range(2)] == [Departure.objects.get().pk] * 2


def test_who_was_deactivated_otherwise_is_purged_and_gets_a_record(alice, admin, own):
    User.objects.filter(pk=alice.pk).update(is_active=False)
    leave(person=User.objects.get(pk=alice.pk), handover=Handover(), by=admin)
    own.refresh_from_db()
    assert (own.status, Credential.objects.exists(), Departure.objects.count()) == ("disabled", False, 1)


def test_nothing_happens_when_nobody_takes_over_a_team_inbox(alice, admin, everything):
    with pytest.raises(ValidationError) as refused:
        leave(person=alice, handover=Handover(), by=admin)
    assert refused.value.code == "nobody_chosen"
    assert (User.objects.get(pk=alice.pk).is_active, Credential.objects.count()) == (True, 3)


def test_nobody_without_account_access_takes_one_over(alice, bob, admin, granted):
    with pytest.raises(ValidationError) as refused, transaction.atomic():
        leave(person=alice, handover=Handover(owners={granted.pk: bob}), by=admin)
    assert refused.value.code == "account_access_needed"
    assert (User.objects.get(pk=alice.pk).is_active, Departure.objects.exists()) == (True, False)


def test_a_removed_team_inbox_that_is_not_cleared_yet_keeps_nobody_from_leaving(alice, bob, admin, by_password):
    delete_team_inbox(inbox=by_password, erase=False, by=admin)
    assert not InboxMember.objects.exists()
    InboxMember.objects.create(inbox=by_password, person=alice)

    leave(person=alice, handover=Handover(), by=admin)

    assert not User.objects.get(pk=alice.pk).is_active


@pytest.mark.parametrize("part", ["contacts", "owners", "readers"])
@pytest.mark.parametrize("who", ["alice", "charlie"])
def test_nobody_takes_over_who_leaves_or_has_left(alice, charlie, admin, holder, everything, part, who):
    User.objects.filter(pk=alice.pk).update(account_access=True)
    gone = User.objects.get(name__istartswith=who)
    gone.is_active = True  # as it was read before
    _, granted, by_password = everything
    owners = dict.fromkeys((granted.pk, by_password.pk), gone if part == "owners" else holder)
    more = {"contacts": gone} if part == "contacts" else {"readers": {granted.pk: gone}} if part == "readers" else {}

    with pytest.raises(ValidationError) as refused, transaction.atomic():
        leave(person=alice, handover=Handover(owners=owners, **more), by=admin)

    assert (refused.value.code, User.objects.get(pk=alice.pk).is_active) == ("successor_left", True)


def test_neither_oneself_nor_the_last_super_admin_nor_by_a_member(alice, bob, admin):
    with pytest.raises(ValidationError):
        leave(person=admin, handover=Handover(), by=admin)
    with pytest.raises(PermissionDenied):
        leave(person=alice, handover=Handover(), by=bob)


def test_a_record_can_neither_be_changed_nor_deleted(alice, admin):
    departure = leave(person=alice, handover=Handover(), by=admin)
    for change in (lambda: Departure.objects.update(held={}), departure.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_who_returns_finds_a_disabled_inbox_to_reconnect(alice, admin, own, alice_client):
    leave(person=alice, handover=Handover(), by=admin)
    reactivate_person(person=User.objects.get(pk=alice.pk), by=admin)
    alice_client.force_login(User.objects.get(pk=alice.pk))
    assert f"/inboxes/{own.code}/reconnect/" in alice_client.get("/inboxes/").content.decode()


def test_the_pages_lead_from_what_goes_dark_to_the_record(alice, bob, admin_client, holder, everything):
    admin_client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    start = f"/admin/people/{alice.code}/leaving/"
    assert admin_client.get(f"/people/{alice.code}/deactivate/").headers["Location"] == start
    assert "alice@ours.example" in admin_client.get(start).content.decode()
    form = admin_client.get(f"{start}handover/").context["form"]
    to_bob = {"contacts", f"reader_{everything[1].pk}"}
    chosen = {name: (bob if name in to_bob else holder).code for name in form.fields}
    asked = admin_client.get(f"{start}confirm/", chosen).content.decode()
    assert ("Hana Holder takes over Info." in asked, "Bob Tanaka becomes a member of Sales." in asked) == (True, True)
    record = admin_client.post(f"{start}confirm/", chosen, follow=True)
    assert record.redirect_chain[0][0] == f"/admin/departures/{Departure.objects.get().code}/"
    shown = record.content.decode()
    assert "The access to Google, to be given back there" in shown
    assert "1 contact, to Bob Tanaka" in shown
    assert "Deletion records" in admin_client.get(start).content.decode()


def test_a_choice_that_is_missing_is_asked_for_again(alice, admin_client, granted):
    answer = admin_client.get(f"/admin/people/{alice.code}/leaving/confirm/")
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [f"owner_{granted.pk}"])


def test_the_command_does_the_same_and_prints_the_record(alice, admin, bob, holder, everything):
    out = io.StringIO()
    names = ("--by", admin.email, "--contacts-to", bob.email, "--inboxes-to", holder.email, "--reader", bob.email)
    call_command("user", "leave", alice.email, *names, "--json", stdout=out)
    record = json.loads(out.getvalue())
    assert (record["person"], record["by"], record["contacts"]) == (alice.email, admin.email, 1)
    assert [inbox["to"] for inbox in record["readers"]] == ["Bob Tanaka"]
    assert not User.objects.get(pk=alice.pk).is_active


def test_the_record_says_beside_itself_what_became_of_the_access(alice, admin, admin_client, holder, own, granted):
    departure = leave(person=alice, handover=Handover(owners={granted.pk: holder}), by=admin)
    url = f"/admin/departures/{departure.code}/"

    def said(state, tries=0):
        Revocation.objects.filter(inbox=own).update(state=state, tries=tries)
        return [text for text in SAID if text in admin_client.get(url).content.decode()]

    assert said("trying") == [SAID[0], SAID[3]]
    assert said("trying", tries=3) == [SAID[1], SAID[3]]
    assert said("verified") == [SAID[2], SAID[3]]  # the other one is at Microsoft, which cannot be asked
    assert said("given_up") == [SAID[3]]
    assert [each.inbox for each in access_by_now(departure)] == [own, granted]


SAID = (
    "Being given back",
    "Not given back yet; asked again every hour for a week",
    "Given back, and confirmed",
    "Not given back: it has to be ended at the provider",
)


def test_super_admins_are_told_when_the_access_of_who_left_is_not_given_back(alice, bob, admin, admin_client, own):
    leave(person=alice, handover=Handover(), by=admin)
    give_back_grants(now=timezone.now() + timedelta(days=8))
    told = Notification.objects.filter(kind__startswith="access_").select_related("recipient")
    assert [(each.recipient, each.kind) for each in told] == [(admin, "access_of_leaver_not_given_back")]
    assert "Alice" in told[0].notice.text
    page = admin_client.get(told[0].url)
    assert (page.status_code, SAID[3] in page.content.decode()) == (200, True)


@pytest.mark.parametrize("removed", [False, True])
def test_without_a_record_they_are_led_to_the_connection_or_the_person(alice, admin, admin_client, own, removed):
    force_disconnect(inbox=own, by=admin)
    deactivate_person(person=alice, by=admin)
    if removed:
        remove(inbox=own, erase=False, by=admin)
    inbox = Inbox.with_removed.get(pk=own.pk)
    tell_of_revocation(Revocation.objects.create(inbox=inbox, place="google", account=own.address, state="given_up"))
    [told] = Notification.objects.filter(kind="access_of_leaver_not_given_back")
    assert (told.recipient, admin_client.get(told.url).status_code) == (admin, 200)
    assert (SAID[3] in admin_client.get(told.url).content.decode()) is not removed
    assert told.url == (f"/people/{alice.code}/" if removed else f"/admin/inboxes/{own.code}/")
