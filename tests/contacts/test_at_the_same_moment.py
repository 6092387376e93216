"""Two people at the same thing: the second is told, and nothing is half done."""

import pytest
from django.urls import reverse

from audit.models import AuditEvent
from contacts import actions
from contacts.actions import CompanyDetails, ContactDetails, ContactGone, DomainTaken
from contacts.models import Company, Contact, Note
from tests.factories.contacts import NOON, make_contact, make_inbox
from tests.fakes.threads import just_before

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_merge_with_a_contact_that_somebody_deletes_says_so(alice, alice_client):
    into, other = make_contact("Sarah"), make_contact("S. Okafor")
    path = reverse("contacts:contact-merge", args=[into.code])

    with just_before("FOR UPDATE", Contact.objects.filter(pk=other.pk).delete):
        page = alice_client.post(path, {"other": other.code}, follow=True)

    assert [str(message) for message in page.context["messages"]] == [
        "Somebody deleted one of these contacts just now. Nothing was merged."
    ]
    assert list(Contact.objects.all()) == [into]


def test_a_merge_into_a_contact_that_goes_with_its_mail_keeps_the_other(alice, bob):
    into, other = make_contact("Sarah", created_automatically_from=make_inbox(bob)), make_contact("S. Okafor")

    def bob_unlogs():
        actions.withdraw_contacts(contact_ids=[into.pk], now=NOON)

    with just_before("FOR UPDATE", bob_unlogs), pytest.raises(ContactGone):
        actions.merge_contacts(by=alice, into=into, other=other)

    assert list(Contact.objects.visible_to(alice)) == [other]


def test_a_merge_needs_both(alice):
    into, other = make_contact("Sarah"), make_contact("S. Okafor")
    Contact.objects.filter(pk=into.pk).delete()

    with pytest.raises(ContactGone):
        actions.merge_contacts(by=alice, into=into, other=other)

    assert list(Contact.objects.all()) == [other]


def make_meridian():
    Company.objects.create(name="Meridian", domain="meridian.example")


INSERT = 'INSERT INTO "contacts_company"'


def test_a_company_whose_domain_somebody_takes_is_refused(alice, alice_client):
    with just_before(INSERT, make_meridian):
        page = alice_client.post(
            reverse("contacts:company-create"), {"name": "Meridian Ltd", "domain": "meridian.example"}
        )

    assert page.status_code == 422
    assert page.context["form"].errors.keys() == {"domain"}
    assert [company.name for company in Company.objects.all()] == ["Meridian"]


def test_a_company_that_is_given_a_domain_somebody_takes_keeps_its_own(alice):
    company = actions.create_company(by=alice, details=CompanyDetails(name="Other", domain="other.example"))

    with just_before('UPDATE "contacts_company"', make_meridian), pytest.raises(DomainTaken):
        actions.edit_company(by=alice, company=company, details=CompanyDetails(name="Other", domain="meridian.example"))

    assert set(Company.objects.values_list("name", "domain")) == {
        ("Meridian", "meridian.example"),
        ("Other", "other.example"),
    }


@pytest.mark.parametrize(("named", "company"), [("", "Meridian"), ("Meridian Ltd", "Meridian Ltd")])
def test_a_contact_gets_a_company_although_somebody_makes_one_of_its_domain(alice, named, company):
    details = ContactDetails(name="Sarah", emails=["sarah@meridian.example"], company=named)

    with just_before(INSERT, make_meridian):
        contact = actions.create_contact(by=alice, details=details)

    assert contact.company.name == company


def contact_form(contact, *emails):
    return {"name": contact.name, "emails": emails}


def test_a_contact_that_two_people_delete_at_once_is_said_to_be_gone(alice, alice_client):
    contact = make_contact("Sarah")

    with just_before("FOR UPDATE", Contact.objects.filter(pk=contact.pk).delete):
        page = alice_client.post(reverse("contacts:contact-delete", args=[contact.code]))

    assert page.status_code == 404


def test_an_edited_contact_that_somebody_deletes_is_said_to_be_gone(alice, alice_client):
    contact = make_contact("Sarah")

    with just_before("FOR UPDATE", Contact.objects.filter(pk=contact.pk).delete):
        page = alice_client.post(
            reverse("contacts:contact-edit", args=[contact.code]), contact_form(contact, "s@meridian.example")
        )

    assert page.status_code == 404


def test_an_address_that_two_people_add_to_a_contact_at_once_is_there_once(alice, alice_client, bob):
    contact = make_contact("Sarah")
    details = ContactDetails(name="Sarah", emails=["s@gmail.com"])

    def bob_adds_it():
        actions.edit_contact(by=bob, contact=Contact.objects.get(), details=details)

    with just_before("FOR UPDATE", bob_adds_it):
        page = alice_client.post(
            reverse("contacts:contact-edit", args=[contact.code]), contact_form(contact, "s@gmail.com")
        )

    assert page.status_code == 302
    assert [address.email for address in contact.addresses.all()] == ["s@gmail.com"]


def test_a_note_on_a_contact_that_somebody_merges_goes_to_the_other(alice, alice_client, bob):
    into, other = make_contact("Sarah"), make_contact("S. Okafor")

    def bob_merges():
        actions.merge_contacts(by=bob, into=into, other=other)

    with just_before("FOR NO KEY UPDATE", bob_merges):
        alice_client.post(reverse("contacts:note-add", args=[other.code]), {"body": "Met at the fair"})

    assert [note.body for note in into.notes.all()] == ["Met at the fair"]
    assert into.timeline.count() == 1


def test_a_note_on_a_contact_that_somebody_deletes_is_said_to_have_no_place(alice, alice_client):
    contact = make_contact("Sarah")

    with just_before("FOR NO KEY UPDATE", Contact.objects.filter(pk=contact.pk).delete):
        page = alice_client.post(reverse("contacts:note-add", args=[contact.code]), {"body": "Met at the fair"})

    assert page.status_code == 404


def test_an_edited_note_that_is_deleted_meanwhile_is_said_to_be_gone(alice, alice_client):
    note = actions.add_note(by=alice, contact=make_contact("Sarah"), body="Met at the fair", now=NOON)

    with just_before('UPDATE "contacts_note"', Note.objects.filter(pk=note.pk).delete):
        page = alice_client.post(reverse("contacts:note-edit", args=[note.code]), {"body": "Met there"})

    assert page.status_code == 404


def test_an_edited_company_that_somebody_deletes_is_said_to_be_gone(alice, alice_client):
    company = Company.objects.create(name="Meridian")

    with just_before("FOR NO KEY UPDATE", Company.objects.filter(pk=company.pk).delete):
        page = alice_client.post(reverse("contacts:company-edit", args=[company.code]), {"name": "Meridian Ltd"})

    assert page.status_code == 404


@pytest.mark.parametrize("named", ["", "meridian"])
def test_a_contact_whose_company_somebody_deletes_gets_one_made_anew(alice, named):
    make_meridian()
    details = ContactDetails(name="Sarah", emails=["sarah@meridian.example"], company=named)

    with just_before("FOR KEY SHARE", Company.objects.all().delete):
        contact = actions.create_contact(by=alice, details=details)

    assert [company.domain for company in Company.objects.filter(contacts=contact)] == ["meridian.example"]


def test_who_joins_a_company_while_it_is_deleted_stays_without_one(alice):
    make_meridian()
    company = Company.objects.get()

    def somebody_joins():
        make_contact("Sarah", company=company)

    with just_before('"contacts_company"."withdrawn_at" IS NULL) LIMIT 1 FOR UPDATE', somebody_joins):
        actions.delete_company(by=alice, company=company)

    assert [contact.company for contact in Contact.objects.all()] == [None]
    assert AuditEvent.objects.get(action="company.deleted").details == {"contacts": 1}


def test_a_company_that_two_people_delete_at_once_is_said_to_be_gone(alice, alice_client):
    make_meridian()
    company = Company.objects.get()

    with just_before("FOR UPDATE", Company.objects.filter(pk=company.pk).delete):
        page = alice_client.post(reverse("contacts:company-delete", args=[company.code]))

    assert page.status_code == 404
