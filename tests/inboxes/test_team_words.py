"""What the pages of a team inbox say, where a personal one says something else."""

import pytest
from django.urls import reverse

from inboxes.models import InboxStatus
from logging_rules.models import InboxPolicy
from logging_rules.rules import rules_of
from logging_rules.standing import standings_of
from tests.factories.conversations import team_inbox
from tests.factories.inboxes import connected_inbox

pytestmark = pytest.mark.django_db


def crumb(place, name):
    return f'<a href="{reverse(place)}">{name}</a>'


@pytest.mark.parametrize("page", ["inboxes:switch", "inboxes:convert"])
def test_its_pages_lead_back_to_the_channels(admin, admin_client, page):
    inbox = team_inbox(admin, owner=admin)

    assert crumb("inboxes:channels", "Channels") in admin_client.get(reverse(page, args=[inbox.code])).content.decode()


@pytest.mark.parametrize("page", ["inboxes:switch", "inboxes:convert"])
def test_those_of_a_personal_inbox_lead_back_to_ones_own(alice, alice_client, page):
    inbox = connected_inbox(alice, "alice@ours.example")

    assert crumb("inboxes:inbox-list", "E-mail") in alice_client.get(reverse(page, args=[inbox.code])).content.decode()


def test_a_teams_is_deleted_and_ones_own_removed(admin, admin_client):
    team, own = team_inbox(admin, owner=admin), connected_inbox(admin, "admin@ours.example")

    def said(inbox, place="inboxes:disable"):
        return admin_client.get(reverse(place, args=[inbox.code])).content.decode()

    assert ("you can delete it" in said(team), "you can remove it" in said(team)) == (True, False)
    assert ("you can delete it" in said(own), "you can remove it" in said(own)) == (False, True)

    for inbox in (team, own):
        inbox.status = InboxStatus.DISABLED
        inbox.save()
    assert "or delete it for good" in said(team, "inboxes:inbox")
    assert "or remove it for good" in said(own, "inboxes:inbox")


def test_who_sees_its_mail_and_who_set_that_is_not_said_of_you(admin, admin_client):
    inbox = team_inbox(admin, owner=admin)
    InboxPolicy.objects.filter(inbox=inbox).update(visibility="private")

    standing = standings_of(rules_of(inbox))["visibility"]

    assert standing.value == "Only its members and the participants who are users"
    assert standing.set_by == "the settings of this inbox"
    page = admin_client.get(reverse("inboxes:logging", args=[inbox.code])).content.decode()
    assert "Only its members and the participants" in page
    assert "Only me" not in page
