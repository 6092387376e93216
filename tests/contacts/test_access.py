"""Every page, as the person who made it, a colleague, a super admin, an outsider, and somebody not signed in."""

import pytest
from django.test import Client
from django.urls import reverse

from contacts import actions
from contacts.actions import ContactDetails
from contacts.models import Company, Contact, Note
from contacts.urls import urlpatterns
from tests.factories.contacts import NOON, log_mail
from tests.factories.files import attach
from users.keyset import Cursor

pytestmark = pytest.mark.django_db
AUTHORS_ONLY = {"note-edit", "note-delete"}
POST_ONLY = {"note-add"}


@pytest.fixture
def pages(alice):
    """An address for each URL of the app, made by Alice."""
    contact = actions.create_contact(
        by=alice, details=ContactDetails(name="Sarah", emails=["sarah@meridian.example"], owner=alice)
    )
    note = actions.add_note(by=alice, contact=contact, body="secret words", now=NOON)
    message = log_mail(contact, "secret subject", owner=alice)
    file = attach(message, b"secret bytes", "secret.pdf")
    place = Cursor(NOON, contact.timeline.get(message=message).pk)
    things = {"contact": contact, "timeline": contact, "note": note, "company": contact.company, "message": message}
    things |= {"attachment": file, "note-add": contact}
    addresses = {}
    for pattern in urlpatterns:
        thing = things.get(pattern.name) or things[pattern.name.split("-")[0]]
        takes_code = "code" in pattern.pattern.converters
        addresses[pattern.name] = reverse(f"contacts:{pattern.name}", args=[thing.code] if takes_code else [])
    addresses["timeline-fold"] += f"?head={place}&last={place}"
    return addresses | {"search": "/search/?q=secret"}


def status_of(client, name, address):
    response = client.post(address) if name in POST_ONLY else client.get(address)
    if response.streaming:
        list(response.streaming_content)  # read to its end, a file is closed
    return response.status_code, response.headers.get("Location", "").partition("?")[0]


def test_everybody_in_the_workspace_sees_every_page(pages, alice_client, bob_client, admin_client):
    for client in (alice_client, bob_client, admin_client):
        for name in pages.keys() - AUTHORS_ONLY - POST_ONLY:
            assert status_of(client, name, pages[name]) == (200, ""), name


def test_a_note_is_changed_by_its_author_alone(pages, alice_client, bob_client, admin_client):
    for name in AUTHORS_ONLY:
        assert status_of(alice_client, name, pages[name]) == (200, "")
        for client in (bob_client, admin_client):
            assert status_of(client, name, pages[name]) == (404, "")


def test_outsiders_and_people_not_signed_in_see_nothing(pages, charlie_client):
    for client in (charlie_client, Client()):
        for name, address in pages.items():
            assert status_of(client, name, address) == (302, "/accounts/login/"), name


def test_outsiders_and_people_not_signed_in_change_nothing(pages, charlie_client):
    for client in (charlie_client, Client()):
        for address in pages.values():
            client.post(address, {"name": "Changed", "body": "changed", "other": "x"})

    assert [contact.name for contact in Contact.objects.all()] == ["Sarah"]
    assert [company.name for company in Company.objects.all()] == ["Meridian"]
    assert [note.body for note in Note.objects.all()] == ["secret words"]


def test_a_deactivated_person_is_shown_nothing_by_any_query(pages, charlie):
    for model in (Contact, Company, Note):
        assert model.objects.exists()
        assert not model.objects.visible_to(charlie).exists()


def test_what_changes_something_is_refused_without_the_forms_token(pages, alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)

    assert client.post(pages["contact-delete"]).status_code == 403
    assert Contact.objects.count() == 1
