"""Two people at the same thing: the second is told, and nothing is half done."""

import threading
from contextlib import contextmanager

import pytest
from django.db import connection
from django.urls import reverse

from contacts import actions
from contacts.actions import CompanyDetails, ContactDetails, ContactGone, DomainTaken
from contacts.models import Company, Contact
from tests.factories.contacts import make_contact

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def just_before(statement, act):
    """Somebody else does something, in a transaction of their own, before the first query that holds these words."""
    waiting = [act]

    def somebody_else():
        try:
            waiting.pop()()
        finally:
            connection.close()

    def watch(execute, sql, params, many, context):
        if statement in sql and waiting:
            other = threading.Thread(target=somebody_else)
            other.start()
            other.join(10)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield
    assert waiting == []


def test_a_merge_with_a_contact_that_somebody_deletes_says_so(alice, alice_client):
    into, other = make_contact("Sarah"), make_contact("S. Okafor")
    path = reverse("contacts:contact-merge", args=[into.code])

    with just_before(
        'FROM "contacts_contact" WHERE "contacts_contact"."id" IN', Contact.objects.filter(pk=other.pk).delete
    ):
        page = alice_client.post(path, {"other": other.code}, follow=True)

    assert [str(message) for message in page.context["messages"]] == [
        "Somebody deleted one of these contacts just now. Nothing was merged."
    ]
    assert list(Contact.objects.all()) == [into]


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
