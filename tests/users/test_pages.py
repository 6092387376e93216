"""Pages about people: what each shows, to whom, and what it changes."""

import re

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import AuditEvent
from tests.factories.users import PASSWORD, InvitationFactory, UserFactory
from users import actions
from users.models import Invitation, Role, User, Workspace, WorkspaceDomain


def messages_of(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_profile_saves_language_zone_and_theme_and_says_so_in_the_new_language(alice: User, alice_client: Client):
    new = {"name": "Alice M.", "language": "ja", "time_zone": "Asia/Tokyo", "theme": "dark"}
    response = alice_client.post(reverse("users:profile"), new, follow=True)
    alice.refresh_from_db()
    assert {field: getattr(alice, field) for field in new} == new
    assert '<html lang="ja" data-theme="dark">' in response.content.decode()
    assert AuditEvent.objects.get(action="person.profile_edited").actor == alice


def test_profile_refuses_what_is_not_on_the_lists_and_keeps_what_was(alice: User, alice_client: Client):
    wrong = {"name": "", "language": "tlh", "time_zone": "Mars/Base", "theme": "neon"}
    response = alice_client.post(reverse("users:profile"), wrong)
    assert (response.status_code, sorted(response.context["form"].errors)) == (
        422,
        ["language", "name", "theme", "time_zone"],
    )
    assert "Alice Mori" in text_of(response)
    alice.refresh_from_db()
    assert (alice.name, alice.language) == ("Alice Mori", "en")


def test_time_zones_have_places_in_the_readers_language(alice_client: Client, alice: User):
    User.objects.filter(pk=alice.pk).update(language="ja")
    page = alice_client.get(reverse("users:profile")).content.decode()
    assert "Asia/Tokyo (日本" in page


def test_members_see_the_people_without_any_control(alice_client: Client, bob: User, charlie: User, admin: User):
    InvitationFactory(email="guest@genkan.example", invited_by=admin)
    page = alice_client.get(reverse("users:people"))
    for person in (bob, charlie, admin):
        assert person.email in page.content.decode()
    assert "guest@genkan.example" not in page.content.decode()
    assert reverse("users:invite") not in page.content.decode()
    assert reverse("users:person", args=[bob.code]) not in page.content.decode()


def test_super_admins_see_invitations_and_controls(admin_client: Client, bob: User, admin: User):
    invitation = InvitationFactory(email="guest@genkan.example", invited_by=admin)
    page = admin_client.get(reverse("users:people")).content.decode()
    assert "guest@genkan.example" in page
    for url in (
        reverse("users:invite"),
        reverse("users:person", args=[bob.code]),
        reverse("users:invitation-resend", args=[invitation.code]),
        reverse("users:invitation-withdraw", args=[invitation.code]),
    ):
        assert url in page


def test_the_list_of_people_costs_the_same_for_one_and_for_fifty(admin: User, admin_client: Client):
    InvitationFactory(invited_by=admin)
    admin_client.get(reverse("users:people"))
    with CaptureQueriesContext(connection) as for_one:
        admin_client.get(reverse("users:people"))
    UserFactory.create_batch(49)
    InvitationFactory.create_batch(49, invited_by=admin)
    with CaptureQueriesContext(connection) as for_fifty:
        admin_client.get(reverse("users:people"))
    assert len(for_fifty) == len(for_one)


@pytest.fixture
def confirmed_client(admin_client: Client) -> Client:
    """A super admin who has just typed the password again."""
    admin_client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return admin_client


def test_a_super_admin_changes_a_role(confirmed_client: Client, bob: User):
    response = confirmed_client.post(
        reverse("users:person", args=[bob.code]), {"role": "super_admin", "account_access": "on"}
    )
    bob.refresh_from_db()
    assert (bob.role, bob.account_access, response.url) == (Role.SUPER_ADMIN, True, reverse("users:people"))
    assert messages_of(response) == ["The role of Bob Tanaka is saved."]


def test_the_last_super_admin_is_told_why_they_stay_one(admin: User, confirmed_client: Client):
    response = confirmed_client.post(reverse("users:person", args=[admin.code]), {"role": "member"})
    assert response.status_code == 422
    assert "This is the only super admin." in text_of(response)
    admin.refresh_from_db()
    assert admin.is_super_admin


def test_a_change_of_role_asks_for_the_password_first_and_then_goes_on(admin_client: Client, bob: User):
    question = admin_client.post(reverse("users:person", args=[bob.code]), {"role": "super_admin"})
    bob.refresh_from_db()
    assert (question.url.partition("?")[0], bob.role) == (reverse("account_reauthenticate"), Role.MEMBER)
    admin_client.post(question.url, {"password": PASSWORD}, follow=True)
    bob.refresh_from_db()
    assert bob.role == Role.SUPER_ADMIN


def test_a_deactivated_person_is_out_at_once_and_can_come_back(confirmed_client: Client, bob: User, bob_client: Client):
    confirmed_client.post(reverse("connections:leaving-confirm", args=[bob.code]))
    sent_away = bob_client.get(reverse("users:profile"))
    assert sent_away.url.startswith(reverse("account_login"))
    confirmed_client.post(reverse("users:person-reactivate", args=[bob.code]))
    bob_client.post(reverse("account_login"), {"login": bob.email, "password": PASSWORD})
    assert bob_client.get(reverse("users:profile")).status_code == 200


def test_whoever_is_let_in_again_is_signed_in_nowhere(admin: User, bob: User, bob_client: Client, alice_client: Client):
    actions.deactivate_person(person=bob, by=admin)
    actions.reactivate_person(person=bob, by=admin)
    assert bob_client.get(reverse("users:profile")).status_code == 302
    assert alice_client.get(reverse("users:profile")).status_code == 200


def test_deactivating_is_confirmed_first(confirmed_client: Client, bob: User):
    page = text_of(confirmed_client.get(reverse("connections:leaving-confirm", args=[bob.code])))
    bob.refresh_from_db()
    assert ("Deactivate Bob Tanaka now?" in page, bob.is_active) == (True, True)


def test_nobody_deactivates_themselves_in_the_browser(admin: User, confirmed_client: Client):
    UserFactory(super_admin=True)
    response = confirmed_client.post(reverse("connections:leaving-confirm", args=[admin.code]))
    assert messages_of(response) == ["You cannot deactivate yourself. Ask another super admin."]
    admin.refresh_from_db()
    assert admin.is_active


def test_the_workspace_is_renamed(admin_client: Client):
    admin_client.post(reverse("users:workspace"), {"name": "Kita Trading"})
    assert Workspace.objects.current().name == "Kita Trading"


def test_domains_are_added_and_removed(admin_client: Client):
    added = admin_client.post(reverse("users:domain-add"), {"domain": "Kita.example"}, follow=True)
    domain = WorkspaceDomain.objects.get()
    assert domain.domain == "kita.example"
    assert reverse("users:domain-remove", args=[domain.pk]) in added.content.decode()
    admin_client.post(reverse("users:domain-remove", args=[domain.pk]))
    assert not WorkspaceDomain.objects.exists()


def test_a_wrong_domain_is_refused_in_place_and_what_was_typed_stays(admin_client: Client):
    response = admin_client.post(reverse("users:domain-add"), {"domain": "not a domain"})
    assert response.status_code == 422
    assert "“not a domain” is not a domain." in text_of(response)
    assert 'value="not a domain"' in response.content.decode()


SUPER_ADMINS_ONLY = [
    ("users:invite", "GET"),
    ("users:invite", "POST"),
    ("users:person", "GET"),
    ("users:person", "POST"),
    ("users:person-deactivate", "GET"),
    ("users:person-reactivate", "POST"),
    ("users:invitation-resend", "POST"),
    ("users:invitation-withdraw", "POST"),
    ("users:workspace", "GET"),
    ("users:workspace", "POST"),
    ("users:domain-add", "POST"),
    ("users:domain-remove", "POST"),
]


@pytest.mark.parametrize(("name", "method"), SUPER_ADMINS_ONLY)
def test_only_super_admins_manage_people(
    name: str, method: str, alice_client: Client, charlie_client: Client, client: Client, bob: User
):
    invitation = InvitationFactory()
    domain = WorkspaceDomain.objects.create(domain="kita.example")
    arguments = {"person": [bob.code], "invitation": [invitation.code], "domain-remove": [domain.pk]}
    key = name.removeprefix("users:")
    url = reverse(name, args=arguments.get(key) or arguments.get(key.split("-")[0]) or [])
    data = {
        "email": "x@kita.example",
        "role": "super_admin",
        "language": "en",
        "name": "Mine",
        "domain": "evil.example",
    }
    before = state()
    member = getattr(alice_client, method.lower())(url, data)
    outsider = getattr(charlie_client, method.lower())(url, data)
    signed_out = getattr(client, method.lower())(url, data)
    assert member.status_code == 403
    assert [answer.url.partition("?")[0] for answer in (outsider, signed_out)] == [reverse("account_login")] * 2
    assert state() == before


def state() -> list[object]:
    """Everything a page about people could change."""
    return [
        list(User.objects.order_by("pk").values("email", "name", "role", "account_access", "is_active")),
        list(Invitation.objects.order_by("pk").values("email", "withdrawn_at", "expires_at")),
        list(WorkspaceDomain.objects.values("domain")),
        Workspace.objects.current().name,
    ]


@pytest.mark.parametrize("name", ["users:profile", "users:people", "home"])
def test_outsiders_are_sent_to_the_sign_in(name: str, client: Client, charlie_client: Client):
    answers = [visitor.get(reverse(name)) for visitor in (client, charlie_client)]
    assert [answer.url.partition("?")[0] for answer in answers] == [reverse("account_login")] * 2
