"""Where people land after signing in."""

from django.test import Client
from django.urls import reverse

from contacts.models import Contact
from crm_project.home import first_steps
from inboxes.models import Inbox
from users.models import User


def done(user: User) -> dict[str, bool]:
    return {step.icon: step.is_done for step in first_steps(user)}


def test_a_new_person_finds_the_first_steps_and_the_next_one_stands_out(admin: User, admin_client: Client):
    response = admin_client.get(reverse("home"))
    page = response.content.decode()
    assert reverse("users:invite") in page
    assert response.context["next_step"] == first_steps(admin)[0]
    assert page.count("btn primary") == 1


def test_steps_are_ticked_as_they_are_done(admin: User):
    assert done(admin) | {"mail-plus": False} == {"mail-plus": False, "user-plus": False, "users-round": False}
    Contact.objects.create(name="Sarah Okafor")
    User.objects.create_user("bob@genkan.example", name="Bob")
    assert done(admin) | {"mail-plus": False} == {"mail-plus": False, "user-plus": True, "users-round": True}


def test_members_are_not_asked_to_invite(alice: User):
    assert "users-round" not in done(alice)


def test_somebody_with_an_inbox_goes_straight_to_the_contacts(alice: User, alice_client: Client):
    Inbox.objects.create(owner=alice, connected_by=alice, address=alice.email)
    assert alice_client.get(reverse("home")).url == reverse("contacts:contact-list")


def test_a_colleague_s_inbox_is_not_one_s_own(alice: User, bob: User, bob_client: Client):
    Inbox.objects.create(owner=alice, connected_by=alice, address=alice.email)
    assert bob_client.get(reverse("home")).status_code == 200
