"""Which inbox a person's mail is sent from, and the further addresses of one."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from inboxes import actions
from inboxes.default_inbox import default_of
from inboxes.models import DefaultInbox, Inbox, ProviderKind
from tests.factories.conversations import team_inbox
from tests.factories.inboxes import connected_inbox
from tests.factories.users import UserFactory

pytestmark = pytest.mark.django_db


class TestDefaultInbox:
    def test_it_is_the_oldest_own_one_until_another_is_chosen(self, alice):
        team_inbox(alice, owner=UserFactory())
        first, second = connected_inbox(alice, "a@ours.example"), connected_inbox(alice, "b@ours.example")
        assert default_of(alice) == first

        actions.choose_default_inbox(inbox=second, by=alice)

        assert default_of(alice) == second

    @pytest.mark.parametrize("fields", [{"status": "disabled"}, {"removed_at": "2026-03-02T12:00:00Z"}])
    def test_it_falls_to_another_one_and_comes_back(self, alice, fields):
        first, second = connected_inbox(alice, "a@ours.example"), connected_inbox(alice, "b@ours.example")
        actions.choose_default_inbox(inbox=second, by=alice)

        Inbox.objects.filter(pk=second.pk).update(**fields)
        assert default_of(alice) == first
        Inbox.with_removed.filter(pk=second.pk).update(status="active", removed_at=None)
        assert default_of(alice) == second

    def test_without_any_there_is_none(self, alice):
        assert default_of(alice) is None

    def test_a_teams_ends_with_the_membership(self, alice):
        team = team_inbox(alice, owner=UserFactory())
        actions.choose_default_inbox(inbox=team, by=alice)
        assert default_of(alice) == team

        actions.leave(inbox=team, by=alice)

        assert default_of(alice) is None

    def test_nobody_chooses_a_colleagues_or_a_teams_that_they_only_manage(self, alice, bob, admin):
        for inbox, person in ((connected_inbox(alice), bob), (team_inbox(alice, owner=admin), admin)):
            with pytest.raises(PermissionDenied):
                actions.choose_default_inbox(inbox=inbox, by=person)

    def test_it_is_chosen_on_the_page_about_e_mail(self, alice, alice_client):
        connected_inbox(alice, "a@ours.example")
        second = connected_inbox(alice, "b@ours.example")

        answer = alice_client.post(reverse("inboxes:default-inbox"), {"inbox": str(second.code)}, follow=True)

        assert DefaultInbox.objects.get(person=alice).inbox == second
        assert "New e-mail is sent from b@ours.example." in answer.content.decode()


class TestAliases:
    def test_they_are_normalised_and_the_own_address_is_none(self, alice):
        inbox = connected_inbox(alice, "a@ours.example")
        actions.set_aliases(inbox=inbox, aliases=["Sales@Ours.example", "a@ours.example", "b@ours.example"], by=alice)

        inbox.refresh_from_db()
        assert inbox.aliases == ["b@ours.example", "sales@ours.example"]

    @pytest.mark.parametrize(
        ("alias", "code"),
        [
            ("no address", "invalid_address"),
            ("taken@ours.example", "already_connected"),
            ("alias@ours.example", "already_connected"),
            ("bob@genkan.example", "address_of_colleague"),
        ],
    )
    def test_what_is_somebody_elses_is_refused(self, alice, bob, alias, code):
        connected_inbox(bob, "taken@ours.example", aliases=["alias@ours.example"])
        inbox = connected_inbox(alice, "a@ours.example", aliases=["kept@ours.example"])

        with pytest.raises(ValidationError) as refusal:
            actions.set_aliases(inbox=inbox, aliases=["fine@ours.example", alias], by=alice)

        inbox.refresh_from_db()
        assert (refusal.value.code, inbox.aliases) == (code, ["kept@ours.example"])

    def test_the_address_that_one_signs_in_with_is_ones_own(self, alice):
        inbox = connected_inbox(alice, "a@ours.example")
        actions.set_aliases(inbox=inbox, aliases=[alice.email], by=alice)

        inbox.refresh_from_db()
        assert inbox.aliases == [alice.email]

    def test_a_provider_says_its_own(self, alice):
        inbox = connected_inbox(alice, provider=ProviderKind.GMAIL)
        with pytest.raises(ValidationError) as refusal:
            actions.set_aliases(inbox=inbox, aliases=["b@ours.example"], by=alice)
        assert refusal.value.code == "said_by_provider"

    def test_a_typed_one_opens_no_mail_to_its_owner(self, alice, bob):
        """Everybody could type any address."""
        from inboxes.models import Message, Visibility
        from tests.factories.contacts import log_mail, make_contact

        contact = make_contact("Sarah", "board@meridian.example", owner=bob)
        mail = log_mail(contact, "Merger", owner=bob, visibility=Visibility.SUBJECT)
        connected_inbox(alice, "a@ours.example", aliases=["board@meridian.example"])

        assert not Message.objects.readable_by(alice).filter(pk=mail.pk).exists()

    def test_a_mistake_on_the_page_loses_nothing_that_was_typed(self, alice, alice_client):
        inbox = connected_inbox(alice, "a@ours.example")
        page = reverse("inboxes:aliases", args=[inbox.code])

        answer = alice_client.post(page, {"aliases": "b@ours.example\nnonsense"})

        assert answer.status_code == 422
        assert "b@ours.example\nnonsense" in answer.content.decode()
        assert "This is not an e-mail address." in answer.content.decode()
        alice_client.post(page, {"aliases": "b@ours.example"})
        assert Inbox.objects.get().aliases == ["b@ours.example"]
