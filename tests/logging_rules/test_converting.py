"""Handing an inbox to the team and taking it back: what is said before, what is refused, and what becomes of it."""

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from inboxes.actions import hand_over
from inboxes.models import (
    Credential,
    CredentialKind,
    DailyCount,
    Folder,
    Inbox,
    InboxKind,
    InboxMember,
    InboxStatus,
    LedgerEntry,
    MailServer,
    Message,
    Sighting,
    SignIn,
    Visibility,
)
from inboxes.queries import inbox_with_address
from logging_rules.actions import convert_to_personal, convert_to_team
from notifications.models import Notification
from tests.factories.contacts import log_mail, make_contact
from tests.factories.inboxes import ALICE, at_mail_server, connected_inbox

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse"


@pytest.fixture
def alice(alice):
    alice.account_access = True
    alice.save()
    return alice


def caught_up(owner, **fields) -> Inbox:
    """All its mail has been read."""
    return connected_inbox(owner, backfill_done_at=timezone.now(), **fields)


def caught_up_team(owner, *members, password: str = PASSWORD) -> Inbox:
    team = caught_up(owner, kind=InboxKind.TEAM, name="Support")
    Credential.objects.create(inbox=team, secret=password)
    for person in members:
        InboxMember.objects.create(inbox=team, person=person)
    return team


@pytest.fixture
def inbox(alice) -> Inbox:
    inbox = caught_up(alice)
    folder = Folder.objects.create(inbox=inbox, remote_id="INBOX", name="INBOX", role="inbox")
    for days, code, messages in (
        (1, "no_known_contact", 7),
        (1, "known_contact_incoming", 2),
        (40, "internal_only", 99),
    ):
        day = (timezone.now() - timedelta(days=days)).date()
        DailyCount.objects.create(folder=folder, day=day, code=code, messages=messages)
    return inbox


def url_of(inbox: Inbox) -> str:
    return reverse("inboxes:convert", args=[inbox.code])


def answers(alice, bob, **more: str) -> dict[str, object]:
    return {"name": "Support", "from_name": "", "members": [alice.code, bob.code], "since": "now", **more}


def test_the_last_page_says_in_numbers_what_becomes_readable(inbox, alice, bob, alice_client):
    page = alice_client.post(url_of(inbox), answers(alice, bob)).content.decode()
    assert "What is private today stays private" in page
    assert "2 members read all new mail" in page
    week_ago = (timezone.now() - timedelta(days=7)).date().isoformat()
    page = alice_client.post(url_of(inbox), answers(alice, bob, since="date", date=week_ago)).content.decode()
    assert "7 e-mails that are private today can be read by members" in page
    assert Inbox.objects.get() == inbox


def test_nothing_happens_without_the_owners_consent(inbox, alice, bob, alice_client):
    response = alice_client.post(url_of(inbox), answers(alice, bob, confirmed="1"))
    assert response.status_code == 422
    assert "without your consent nothing is changed" in response.content.decode()
    assert Inbox.objects.get().kind == InboxKind.PERSONAL


def test_with_consent_the_inbox_is_the_teams_and_still_connected(inbox, alice, bob, alice_client, mailbox):
    at_mail_server(inbox, mailbox.settings)
    response = alice_client.post(url_of(inbox), answers(alice, bob, confirmed="1", agreed="1"))
    team = Inbox.objects.get()
    assert response["Location"] == reverse("inboxes:inbox", args=[team.code])
    assert (team.kind, team.label, team.address, team.status) == (InboxKind.TEAM, "Support", ALICE, InboxStatus.ACTIVE)
    assert (team.credential.secret, team.servers.get().host) == (mailbox.settings.password, "localhost")
    assert set(InboxMember.objects.values_list("person", flat=True)) == {alice.pk, bob.pk}
    former = Inbox.with_removed.get(pk=inbox.pk)
    assert (former.became, former.kind) == (team, InboxKind.PERSONAL)
    assert former.removed_at is not None
    assert inbox_with_address(ALICE) == team


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": " "}, "This field is required"),
        ({"members": []}, "Tick at least one person"),
        ({"since": "date"}, "Choose the date."),
        ({"since": "date", "date": "2999-01-01"}, "This date is in the future."),
        ({"since": "date", "date": "gestern"}, "Enter a valid date."),
    ],
)
def test_wrong_answers_are_named_and_lose_nothing(inbox, alice, bob, alice_client, wrong, words):
    response = alice_client.post(url_of(inbox), answers(alice, bob, **wrong))
    assert response.status_code == 422
    page = response.content.decode()
    assert words in page
    assert bob.name in page


def test_only_the_owner_can_hand_a_personal_inbox_over_and_needs_account_access(
    inbox, alice, bob, admin, bob_client, admin_client, alice_client
):
    assert (bob_client.get(url_of(inbox)).status_code, admin_client.get(url_of(inbox)).status_code) == (404, 404)
    with pytest.raises(PermissionDenied):
        convert_to_team(inbox=inbox, name="Support", members=[bob], since=None, by=admin)
    alice.account_access = False
    alice.save()
    page = alice_client.get(url_of(inbox))
    assert page.status_code == 403
    assert admin.name in page.content.decode()
    with pytest.raises(PermissionDenied):
        convert_to_team(inbox=inbox, name="Support", members=[bob], since=None, by=alice)


def test_an_inbox_that_does_not_work_is_not_handed_over(inbox, alice, bob):
    Inbox.objects.filter(pk=inbox.pk).update(status=InboxStatus.NEEDS_RECONNECT)
    with pytest.raises(ValidationError) as refusal:
        convert_to_team(inbox=inbox, name="Support", members=[bob], since=None, by=alice)
    assert refusal.value.code == "not_syncing"


def test_what_the_owner_kept_to_themselves_on_timelines_is_not_opened_by_the_team(inbox, alice, bob):
    contact = make_contact("Sarah Okafor", "sarah@meridian.example", owner=alice)
    mail = log_mail(contact, "Salary", owner=alice)
    Sighting.objects.filter(message=mail).update(inbox=inbox, visibility=Visibility.PRIVATE)
    convert_to_team(inbox=inbox, name="Support", members=[alice, bob], since=None, by=alice)
    assert Message.objects.visible_to(bob).count() == 0
    assert Message.objects.visible_to(alice).count() == 1


def test_a_team_inbox_becomes_personal_for_who_signed_in_and_everybody_concerned_is_told(alice, bob, admin):
    team = caught_up(alice, kind=InboxKind.TEAM, name="Support")
    Credential.objects.create(inbox=team, kind=CredentialKind.GOOGLE, secret="{}")
    for person in (alice, bob):
        InboxMember.objects.create(inbox=team, person=person)
    with pytest.raises(ValidationError) as refusal:
        convert_to_personal(inbox=team, by=admin)
    assert refusal.value.code == "not_your_connection"
    own = convert_to_personal(inbox=team, by=alice)
    assert (own.kind, own.owner, InboxMember.objects.filter(inbox=own).count()) == (InboxKind.PERSONAL, alice, 0)
    told = Notification.objects.filter(kind="inbox_became_personal").values_list("recipient", flat=True)
    assert sorted(told) == sorted([bob.pk, admin.pk])


def test_what_was_a_persons_own_inbox_becomes_nobody_elses(inbox, alice, admin):
    """Its password is kept: whoever took it over would read all of her past."""
    Credential.objects.create(inbox=inbox, secret=PASSWORD)
    team = convert_to_team(inbox=inbox, name="Support", members=[alice, admin], since=None, by=alice)
    for owner in (alice, admin):
        Inbox.objects.filter(pk=team.pk).update(owner=owner, backfill_done_at=timezone.now())
        team.refresh_from_db()
        with pytest.raises(ValidationError) as refusal:
            convert_to_personal(inbox=team, password=PASSWORD, by=admin)
        assert refusal.value.code == "not_your_connection"
        assert alice.name in refusal.value.messages[0]
    own = convert_to_personal(inbox=team, password=PASSWORD, by=alice)
    assert (own.kind, own.owner) == (InboxKind.PERSONAL, alice)


def test_the_page_of_a_team_inbox_says_what_members_lose_and_asks_once(alice, bob, alice_client, bob_client, mailbox):
    team = at_mail_server(connected_inbox(alice, kind=InboxKind.TEAM, name="Support"), mailbox.settings)
    InboxMember.objects.create(inbox=team, person=bob)
    page = alice_client.get(url_of(team)).content.decode()
    assert "1 member cannot read it any more" in page
    assert bob.name in page
    assert bob_client.get(url_of(team)).status_code == 404
    assert alice_client.post(url_of(team)).status_code == 422
    assert Inbox.objects.get().kind == InboxKind.TEAM
    alice_client.post(url_of(team), {"agreed": "1", "password": mailbox.settings.password})
    assert Inbox.objects.get().kind == InboxKind.PERSONAL


class TestWhoseMailboxItIs:
    """Account access is not enough: it lets people manage a team inbox, and not read it."""

    @pytest.fixture(autouse=True)
    def no_limits_used_up(self) -> None:
        cache.clear()

    @pytest.mark.parametrize("password", ["", "wrong", PASSWORD.upper(), f"{PASSWORD} "])
    def test_nobody_gets_it_without_its_password(self, alice, admin, password):
        team = caught_up_team(alice)
        for person in (alice, admin):
            with pytest.raises(ValidationError) as refusal:
                convert_to_personal(inbox=team, password=password, by=person)
            assert refusal.value.code == "wrong_password"
        assert Inbox.objects.get() == team

    def test_who_knows_it_gets_it_whoever_connected_it(self, alice, admin):
        own = convert_to_personal(inbox=caught_up_team(alice), password=PASSWORD, by=admin)
        assert (own.owner, own.kind, own.credential.secret) == (admin, InboxKind.PERSONAL, PASSWORD)

    def test_who_took_it_over_from_a_leaver_does_not_get_it_by_that(self, alice, admin):
        team = caught_up_team(alice)
        hand_over(inbox=team, to=admin, by=admin)
        with pytest.raises(ValidationError) as refusal:
            convert_to_personal(inbox=team, by=admin)
        assert refusal.value.code == "wrong_password"

    def test_a_forged_request_without_it_changes_nothing(self, alice, admin_client):
        team = caught_up_team(alice)
        response = admin_client.post(url_of(team), {"agreed": "1"})
        assert (response.status_code, list(response.context["form"].errors)) == (422, ["password"])
        assert Inbox.objects.get() == team

    def test_a_wrong_one_is_named_beside_its_field_and_may_not_be_guessed(self, alice, admin_client, mailbox):
        team = at_mail_server(connected_inbox(alice, kind=InboxKind.TEAM, name="Support"), mailbox.settings)
        answers = [admin_client.post(url_of(team), {"agreed": "1", "password": "guess"}) for _ in range(6)]
        errors = [answer.context["form"].errors for answer in answers]
        assert [list(error) for error in errors] == [["password"]] * 5 + [["__all__"]]
        assert errors[0]["password"] == ["This is not the password of the mailbox."]
        assert "guess" not in answers[0].content.decode()
        assert Inbox.objects.get() == team

    def test_one_whose_key_is_lost_lets_nobody_in_and_the_page_says_what_to_do(self, alice, alice_client, settings):
        team = caught_up_team(alice)
        settings.FIELD_KEYS = [Fernet.generate_key().decode()]
        answer = alice_client.post(url_of(team), {"agreed": "1", "password": PASSWORD})
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["__all__"])
        assert "it cannot be decrypted any more. Reconnect the inbox with its password." in answer.content.decode()
        assert (Inbox.objects.get(), Credential.objects.count()) == (team, 1)

    def test_a_grant_needs_none_but_is_its_owners_alone(self, alice, admin, admin_client):
        team = caught_up(alice, kind=InboxKind.TEAM, name="Support")
        Credential.objects.create(inbox=team, kind=CredentialKind.GOOGLE, secret="{}")
        assert 'name="password"' not in admin_client.get(url_of(team)).content.decode()
        with pytest.raises(ValidationError) as refusal:
            convert_to_personal(inbox=team, password="{}", by=admin)
        assert refusal.value.code == "not_your_connection"


class TestNothingIsPassedOver:
    """Mail that has arrived is decided by the rules that held when it came, before the inbox changes hands."""

    @pytest.mark.parametrize(
        "state",
        [
            {"backfill_done_at": None},
            {"status": InboxStatus.DEGRADED},
            {"in_outage": True},
            {"lease_owner": "worker", "lease_expires_at": timezone.now() + timedelta(days=1)},
        ],
    )
    def test_an_inbox_that_has_not_caught_up_stays(self, inbox, alice, bob, state):
        Inbox.objects.filter(pk=inbox.pk).update(**state)
        with pytest.raises(ValidationError) as refusal:
            convert_to_team(inbox=inbox, name="Support", members=[bob], since=None, by=alice)
        assert refusal.value.code == "not_caught_up"
        assert Inbox.objects.get() == inbox

    def test_a_server_that_does_not_answer_is_waited_for(self, inbox, alice, bob, alice_client):
        Credential.objects.create(inbox=inbox, secret=PASSWORD)
        MailServer.objects.create(inbox=inbox, protocol="imap", host="127.0.0.1", port=9, username=ALICE)
        answer = alice_client.post(url_of(inbox), answers(alice, bob, confirmed="1", agreed="1"), follow=True)
        assert "Try again in a minute." in answer.content.decode()
        assert Inbox.objects.get().kind == InboxKind.PERSONAL

    def test_what_could_not_be_read_yet_is_counted_before(self, inbox, alice, bob, alice_client):
        folder = Folder.objects.get()
        for key, state in (("1", "retrying"), ("2", "retrying"), ("3", "quarantined")):
            LedgerEntry.objects.create(inbox=inbox, folder=folder, remote_id=key, state=state)
        words = "2 e-mails that could not be read yet will not be decided any more"
        assert words in alice_client.post(url_of(inbox), answers(alice, bob)).content.decode()
        Inbox.objects.update(kind=InboxKind.TEAM, name="Support")
        assert words in alice_client.get(url_of(inbox)).content.decode()


def test_a_sign_in_that_was_begun_for_it_is_forgotten(inbox, alice, bob):
    begun = {"kind": "google", "provider": "gmail", "begun_at": timezone.now()}
    SignIn.objects.create(person=alice, session="s", state="t", inbox=inbox, **begun)
    convert_to_team(inbox=inbox, name="Support", members=[bob], since=None, by=alice)
    assert not SignIn.objects.exists()
