"""Every page of one inbox, where it is a team's: as a member, with account access, with both, as a super admin, a colleague, and as
the person whose connection it is."""

import re

import pytest
from django.db import transaction
from django.urls import reverse

from inboxes.models import InboxMember, InboxStatus
from tests.factories.conversations import arrive, team_inbox
from tests.factories.users import UserFactory
from tests.people import signed_in
from tests.test_repository import every_url

pytestmark = pytest.mark.django_db

SECRET = "Undelivered parcels"
FOR_MEMBERS = {"team/", "team/leave/", "next-step/", "health/", "health/completeness/"}
"""Pages that a member opens without account access."""
READ_LIVE = {"waiting/", "why-not/", "why-not/log/", "preview/", "suggestions/", "view-as/"}
"""Pages that show mail: for those who manage the inbox and are members."""


@pytest.fixture
def people():
    """Who each is to the inbox. The owner has lost account access since connecting it."""
    return {
        "owner": UserFactory(),
        "member": UserFactory(),
        "holder": UserFactory(account_access=True),
        "holder and member": UserFactory(account_access=True),
        "super admin": UserFactory(super_admin=True),
        "colleague": UserFactory(),
        "deactivated": UserFactory(deactivated=True),
    }


@pytest.fixture
def inbox(people):
    inbox = team_inbox(people["member"], people["holder and member"], people["deactivated"], owner=people["owner"])
    arrive(inbox, SECRET)
    return inbox


def pages_of_an_inbox() -> dict[str, str]:
    """Routes by what follows the inbox in them."""
    start = "inboxes/<uuid:code>/"
    return {route.removeprefix(start): route for route, _ in every_url() if route.startswith(start)}


def asked(client, path):
    """The answer to GET, or to POST where there is no other; everything is as before afterwards."""
    before = transaction.savepoint()
    answer = client.get(path)
    if answer.status_code == 405:
        answer = client.post(path)
    transaction.savepoint_rollback(before)
    return answer


def test_each_page_opens_for_those_whose_it_is_and_shows_no_mail(inbox, people):
    """Mail is read in the shared list, which has tests of its own."""
    pages = pages_of_an_inbox()
    managed = pages.keys() - {"team/leave/"}
    expected = {
        "owner": {"next-step/"},
        "member": FOR_MEMBERS,
        "holder": managed - READ_LIVE,
        "holder and member": managed | {"team/leave/"},
        "super admin": managed - READ_LIVE,
        "colleague": set(),
    }
    found, told = {}, set()
    for who in expected:
        client, found[who] = signed_in(people[who]), set()
        for page, route in pages.items():
            codes = iter((inbox.code, people["member"].code))
            answer = asked(client, "/" + re.sub(r"<\w+:\w+>", lambda _, codes=codes: str(next(codes)), route))
            found[who] |= {page} if answer.status_code not in (403, 404) else set()
            told |= {(who, page)} if SECRET in answer.content.decode() else set()

    assert {who: unlike for who in expected if (unlike := found[who] ^ expected[who])} == {}
    assert told == set()


def test_who_manages_it_is_told_how_to_read_it(inbox, people):
    answer = signed_in(people["super admin"]).get(reverse("inboxes:why-not", args=[inbox.code]))

    assert answer.status_code == 404
    assert "This page is for members" in answer.content.decode()
    assert reverse("inboxes:team", args=[inbox.code]) in answer.content.decode()


def test_a_list_of_team_inboxes_shows_each_what_is_theirs(inbox, people):
    shown = {}
    for who, person in people.items():
        if not person.is_active:
            continue
        pages = [
            signed_in(person).get(reverse(f"inboxes:{name}")).content.decode() for name in ("inbox-list", "channels")
        ]
        shown[who] = tuple(inbox.address in page for page in pages)

    assert shown == {
        "owner": (False, False),
        "member": (True, False),
        "holder": (False, True),
        "holder and member": (True, True),
        "super admin": (False, True),
        "colleague": (False, False),
    }


def test_members_are_managed_on_its_page_and_one_may_leave(inbox, people):
    colleague, member, holder = people["colleague"], people["member"], people["holder"]
    add = reverse("inboxes:add-members", args=[inbox.code])
    remove = reverse("inboxes:remove-member", args=[inbox.code, colleague.code])
    assert signed_in(member).post(add, {"members": [colleague.code]}).status_code == 404
    assert signed_in(holder).post(add, {"members": [colleague.code, people["deactivated"].code]}).status_code == 422

    signed_in(holder).post(add, {"members": [colleague.code]})
    assert InboxMember.objects.filter(inbox=inbox, person=colleague).exists()
    signed_in(holder).post(remove)
    assert not InboxMember.objects.filter(inbox=inbox, person=colleague).exists()
    assert signed_in(holder).get(remove).status_code == 404

    signed_in(member).post(reverse("inboxes:leave", args=[inbox.code]))
    assert not InboxMember.objects.filter(inbox=inbox, person=member).exists()


def test_removing_the_last_member_is_asked_with_a_warning(inbox, people):
    remove = reverse("inboxes:remove-member", args=[inbox.code, people["member"].code])
    warning = "Then nobody can read this inbox"
    client = signed_in(people["holder"])
    assert warning not in client.get(remove).content.decode()

    client.post(reverse("inboxes:remove-member", args=[inbox.code, people["holder and member"].code]))

    assert warning in client.get(remove).content.decode()  # who was deactivated reads nothing
    client.post(remove)
    assert "Nobody can read this inbox" not in client.get(reverse("inboxes:team", args=[inbox.code])).content.decode()


def test_while_it_is_connected_its_managers_alone_see_the_steps(people):
    new = team_inbox(owner=people["owner"], address="info@ours.example", status=InboxStatus.CONNECTING)
    for page in ("logging", "confirm-team"):
        path = reverse(f"inboxes:{page}", args=[new.code])
        statuses = {who: signed_in(person).get(path).status_code for who, person in people.items() if person.is_active}
        managers = {"holder", "holder and member", "super admin"}
        assert statuses == {who: 200 if who in managers else 404 for who in statuses}
