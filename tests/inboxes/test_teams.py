"""Team inboxes: who may connect one, what it is called, who reads it, and who is told."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from audit.models import AuditEvent
from inboxes import actions
from inboxes.actions import ConnectionDetails, ServerLogin
from inboxes.models import CredentialKind, Inbox, InboxKind, InboxMember, InboxStatus, ProviderKind, Security
from inboxes.oauth.clients import read_scopes
from inboxes.oauth.grants import Account, Grant
from inboxes.oauth_flows import Errand
from notifications.models import Notification
from tests.factories.inboxes import NOW, connected_inbox
from tests.factories.users import UserFactory

pytestmark = pytest.mark.django_db

LOGIN = ServerLogin("mail.ours.example", 993, Security.TLS, "support@ours.example")
DETAILS = ConnectionDetails("support@ours.example", LOGIN, "secret")


@pytest.fixture
def holder():
    return UserFactory(name="Hana Holder", account_access=True)


def connect(by):
    return actions.connect_imap_inbox(details=DETAILS, history_since=None, by=by, inbox_kind=InboxKind.TEAM)


@pytest.fixture
def team(holder):
    inbox = connect(holder)
    actions.start(inbox=inbox, by=holder)
    inbox.refresh_from_db()
    return inbox


def members_of(inbox):
    return set(InboxMember.objects.filter(inbox=inbox).values_list("person__name", flat=True))


def told(person):
    return list(Notification.objects.filter(recipient=person).order_by("pk").values_list("kind", flat=True))


class TestConnecting:
    def test_account_access_connects_one_and_is_its_first_member(self, holder):
        inbox = connect(holder)

        assert (inbox.kind, inbox.owner, inbox.connected_by, inbox.name) == ("team", holder, holder, "Support")
        assert members_of(inbox) == {"Hana Holder"}

    def test_a_member_of_the_workspace_may_not(self, alice):
        with pytest.raises(PermissionDenied):
            connect(alice)
        assert not Inbox.objects.exists()

    def test_an_address_that_is_connected_cannot_become_a_teams(self, alice, holder):
        connected_inbox(alice, "support@ours.example")

        with pytest.raises(ValidationError) as refusal:
            connect(holder)
        assert refusal.value.code == "already_connected"

    def test_members_are_chosen_before_it_starts_and_told_when_it_does(self, holder, alice, bob):
        inbox = connect(holder)
        actions.choose_members(inbox=inbox, people=[alice, bob], by=holder)
        actions.choose_members(inbox=inbox, people=[alice], by=holder)
        assert (members_of(inbox), told(alice), told(bob)) == ({"Alice Mori"}, [], [])

        actions.start(inbox=inbox, by=holder)

        assert (told(alice), told(bob), told(holder)) == (["team_member_added"], [], [])

    def test_nobody_else_chooses_them(self, holder, alice):
        inbox = connect(holder)
        with pytest.raises(PermissionDenied):
            actions.choose_members(inbox=inbox, people=[alice], by=alice)

    def test_afterwards_they_are_added_and_removed_one_by_one(self, team, holder, alice):
        with pytest.raises(ValidationError) as refusal:
            actions.choose_members(inbox=team, people=[alice], by=holder)
        assert refusal.value.code == "started"


class TestMembers:
    def test_who_is_added_reads_the_inbox_and_is_told_once(self, team, holder, alice):
        for _ in range(2):
            actions.add_members(inbox=team, people=[alice], by=holder)

        assert list(Inbox.objects.read_by(alice)) == [team]
        assert told(alice) == ["team_member_added"]

    def test_who_is_removed_reads_it_no_more_and_is_told(self, team, holder, alice):
        actions.add_members(inbox=team, people=[alice], by=holder)
        actions.remove_member(inbox=team, person=alice, by=holder)

        assert list(Inbox.objects.read_by(alice)) == []
        assert told(alice) == ["team_member_added", "team_member_removed"]

    def test_who_comes_back_is_told_again(self, team, holder, alice):
        actions.add_members(inbox=team, people=[alice], by=holder)
        actions.remove_member(inbox=team, person=alice, by=holder)
        actions.add_members(inbox=team, people=[alice], by=holder)

        assert told(alice) == ["team_member_added", "team_member_removed", "team_member_added"]

    def test_a_member_leaves_without_any_permission_and_needs_not_be_told(self, team, holder, alice):
        actions.add_members(inbox=team, people=[alice], by=holder)
        actions.leave(inbox=team, by=alice)

        assert (members_of(team), told(alice)) == ({"Hana Holder"}, ["team_member_added"])

    def test_a_member_neither_adds_nor_removes_others(self, team, holder, alice, bob):
        actions.add_members(inbox=team, people=[alice], by=holder)
        with pytest.raises(PermissionDenied):
            actions.add_members(inbox=team, people=[bob], by=alice)
        with pytest.raises(PermissionDenied):
            actions.remove_member(inbox=team, person=holder, by=alice)
        assert members_of(team) == {"Hana Holder", "Alice Mori"}

    def test_account_access_makes_itself_a_member_on_record(self, team, admin):
        assert list(Inbox.objects.read_by(admin)) == []
        actions.add_members(inbox=team, people=[admin], by=admin)

        assert list(Inbox.objects.read_by(admin)) == [team]
        event = AuditEvent.objects.get(actor=admin, action="inbox.member_added")
        assert event.details == {"person": admin.pk}

    def test_the_last_one_may_go(self, team, holder):
        actions.leave(inbox=team, by=holder)

        assert members_of(team) == set()
        assert list(Inbox.objects.decided_by(holder)) == [team]

    def test_who_is_none_cannot_be_removed(self, team, holder, alice):
        with pytest.raises(ValidationError) as refusal:
            actions.remove_member(inbox=team, person=alice, by=holder)
        assert refusal.value.code == "no_member"

    def test_who_has_left_the_workspace_is_not_added(self, team, holder, charlie):
        assert actions.add_members(inbox=team, people=[charlie], by=holder) == []

    def test_a_personal_inbox_has_none(self, alice):
        inbox = connected_inbox(alice)
        for act in (
            lambda: actions.add_members(inbox=inbox, people=[alice], by=alice),
            lambda: actions.leave(inbox=inbox, by=alice),
        ):
            with pytest.raises(PermissionDenied):
                act()

    def test_what_is_told_names_the_inbox_and_who_did_it(self, team, holder, alice):
        actions.add_members(inbox=team, people=[alice], by=holder)
        notice = Notification.objects.get(recipient=alice).notice

        assert notice.title == "You are a member of the team inbox Support now"
        assert notice.text.startswith("Hana Holder added you. You can read all e-mail of support@ours.example,")


class TestNames:
    def test_account_access_names_it(self, team, admin):
        actions.name_team_inbox(inbox=team, name="  Help  desk ", from_name="Minato Support", by=admin)

        team.refresh_from_db()
        assert (team.name, team.from_name, team.label) == ("Help desk", "Minato Support", "Help desk")

    def test_a_member_does_not(self, team, holder, alice):
        actions.add_members(inbox=team, people=[alice], by=holder)
        with pytest.raises(PermissionDenied):
            actions.name_team_inbox(inbox=team, name="Mine", from_name="", by=alice)

    def test_it_needs_a_name(self, team, holder):
        with pytest.raises(ValidationError) as refusal:
            actions.name_team_inbox(inbox=team, name="  ", from_name="", by=holder)
        assert refusal.value.code == "name_missing"


def test_a_team_inbox_that_is_not_started_can_be_discarded(holder):
    inbox = connect(holder)
    actions.discard(inbox=inbox, by=holder)

    assert (Inbox.objects.count(), InboxMember.objects.count()) == (0, 0)
    assert inbox.status == InboxStatus.CONNECTING


def test_who_reconnects_a_team_inbox_has_its_connection_from_then_on(team, holder, admin):
    Inbox.objects.update(status=InboxStatus.NEEDS_RECONNECT)
    actions.reconnect(inbox=team, details=DETAILS, by=admin)

    team.refresh_from_db()
    assert (team.owner, team.connected_by, team.status) == (admin, holder, InboxStatus.DEGRADED)
    assert not Inbox.objects.read_by(admin).exists()


@pytest.mark.parametrize(("kind", "refused"), [(InboxKind.TEAM, False), (InboxKind.PERSONAL, True)])
def test_a_teams_shared_mailbox_is_taken_over_by_another_account(holder, kind, refused):
    """Its credential went with the person who had connected it."""
    inbox = connected_inbox(holder, "info@ours.example", kind=kind, provider="graph", status="needs_reconnect")
    scopes = read_scopes(ProviderKind.GRAPH, CredentialKind.MICROSOFT, shared=True)
    grant = Grant(access_token="a", refresh_token="r", expires_at=NOW, scopes=scopes)
    account = Account(id="1", address="hana@ours.example")

    assert Errand.to_reconnect(inbox).shared is not refused
    if refused:
        with pytest.raises(ValidationError) as refusal:
            actions.reconnect_api_inbox(inbox=inbox, account=account, grant=grant, by=holder)
        assert refusal.value.code == "other_account"
    else:
        actions.reconnect_api_inbox(inbox=inbox, account=account, grant=grant, by=holder)
        inbox.refresh_from_db()
        assert inbox.credential.signed_in_as == "hana@ours.example"
