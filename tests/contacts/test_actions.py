"""Creating, editing, deleting contacts and companies, and notes."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.urls import reverse

from audit.models import AuditEvent
from contacts import actions
from contacts.actions import AddressTaken, CompanyDetails, ContactDetails, DomainTaken, UnusableAddress
from contacts.models import Company, Contact, ContactAddress, MailIndex, Note, TimelineEntry
from contacts.signals import contact_addresses_added
from inboxes.models import Message, Sighting, Thread, Visibility
from tests.factories.contacts import NOON, log_mail, make_contact
from users.models import WorkspaceDomain

pytestmark = pytest.mark.django_db


def create(by, name="Sarah Okafor", *emails, **details):
    return actions.create_contact(by=by, details=ContactDetails(name=name, emails=emails, **details))


def addresses(contact):
    return list(contact.addresses.order_by("position").values_list("email", flat=True))


@pytest.fixture
def announced():
    """What `contact_addresses_added` said."""
    heard = []

    def hear(sender, signal, **arguments):
        heard.append(arguments)

    contact_addresses_added.connect(hear)
    yield heard
    contact_addresses_added.disconnect(hear)


def test_addresses_are_stored_normalised_and_in_order(alice):
    contact = create(alice, "Sarah", " Sarah@Meridian.Example ", "", "info@例え.jp", "sarah@meridian.example")

    assert addresses(contact) == ["sarah@meridian.example", "info@xn--r8jz45g.jp"]


@pytest.mark.parametrize("text", ["sarah", "sarah@", "@meridian.example", "a b@meridian.example", "sarah@meridian"])
def test_what_is_no_address_is_refused_and_nothing_is_stored(alice, text):
    with pytest.raises(UnusableAddress) as refusal:
        create(alice, "Sarah", text)

    assert refusal.value.text == text
    assert Contact.objects.count() == 0


def test_an_address_belongs_to_one_contact(alice):
    holder = create(alice, "Sarah", "sarah@meridian.example")

    with pytest.raises(AddressTaken) as refusal:
        create(alice, "Someone else", "SARAH@meridian.example")

    assert (refusal.value.contact, refusal.value.email) == (holder, "sarah@meridian.example")
    assert list(Contact.objects.all()) == [holder]


def test_an_address_of_an_international_domain_is_taken_in_both_spellings(alice):
    create(alice, "例", "info@例え.jp")

    with pytest.raises(AddressTaken):
        create(alice, "Example", "info@xn--r8jz45g.jp")


def test_the_company_is_found_by_the_organisation_behind_the_address(alice):
    first = create(alice, "Sarah", "sarah@uk.meridian-logistics.co.uk")
    second = create(alice, "James", "james@meridian-logistics.co.uk")

    assert (first.company.name, first.company.domain) == ("Meridian Logistics", "meridian-logistics.co.uk")
    assert second.company == first.company


@pytest.mark.parametrize(
    ("domain", "name"), [("xn--r8jz45g.jp", "例え"), ("xn--a.com", "xn--a"), ("xn--999999999.com", "xn--999999999")]
)
def test_a_company_is_named_by_its_international_domain_if_that_can_be_read(alice, domain, name):
    assert create(alice, "Sarah", f"sarah@{domain}").company.name == name


def test_an_address_in_letters_that_fold_to_capitals_is_stored(alice):
    capitals, small = "ᎠᎡ@x.example", "ꭰꭱ@x.example"

    assert addresses(create(alice, "Sequoyah", capitals, small)) == [small]


@pytest.mark.parametrize("email", ["sarah@gmail.com", "misaki@docomo.ne.jp"])
def test_free_mail_names_no_company(alice, email):
    assert create(alice, "Sarah", email).company is None


def test_a_colleagues_domain_names_no_company(alice):
    WorkspaceDomain.objects.create(domain="workspace.example")

    assert create(alice, "Sarah", "sarah@workspace.example").company is None


def test_a_named_company_wins_over_the_domain_whatever_its_case(alice):
    known = actions.create_company(by=alice, details=CompanyDetails(name="Meridian"))

    contact = create(alice, "Sarah", "sarah@other.example", company=" meridian ")

    assert contact.company == known
    assert Company.objects.count() == 1


def test_colleagues_of_the_first_contact_join_the_company_that_was_named_for_it(alice):
    first = create(alice, "Sarah", "sarah@meridian.com", company="Meridian Logistics")
    second = create(alice, "Omar", "omar@meridian.com")
    third = create(alice, "Ann", "ann@meridian.com", company="Meridian Trucks")

    assert (first.company.domain, second.company) == ("meridian.com", first.company)
    assert (third.company.name, third.company.domain) == ("Meridian Trucks", None)


def test_creating_is_audited_without_the_address(alice):
    contact = create(alice, "Sarah", "sarah@gmail.com")

    event = AuditEvent.objects.get(action="contact.created")
    assert (event.actor, event.target_id, event.details) == (alice, str(contact.pk), {"addresses": 1})


def test_new_addresses_are_announced_on_commit_with_ids_only(alice, announced, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        contact = create(alice, "Sarah", "sarah@meridian.example")
        assert announced == []

    address = ContactAddress.objects.get()
    assert announced == [{"contact_id": contact.pk, "address_ids": [address.pk], "by_id": alice.pk}]


def test_editing_replaces_addresses_and_announces_only_the_new(alice, announced, django_capture_on_commit_callbacks):
    contact = create(alice, "Sarah", "old@meridian.example", "kept@meridian.example")
    details = ContactDetails(name="Sarah O.", emails=["new@meridian.example", "kept@meridian.example"], owner=alice)

    with django_capture_on_commit_callbacks(execute=True):
        added = actions.edit_contact(by=alice, contact=contact, details=details)

    contact.refresh_from_db()
    assert (added, contact.name, contact.owner, contact.company) == (1, "Sarah O.", alice, None)
    assert addresses(contact) == ["new@meridian.example", "kept@meridian.example"]
    new = ContactAddress.objects.get(email="new@meridian.example")
    assert announced == [{"contact_id": contact.pk, "address_ids": [new.pk], "by_id": alice.pk}]


def test_editing_to_a_taken_address_changes_nothing(alice):
    create(alice, "James", "james@meridian.example")
    contact = create(alice, "Sarah", "sarah@meridian.example")

    with pytest.raises(AddressTaken), transaction.atomic():
        actions.edit_contact(
            by=alice, contact=contact, details=ContactDetails(name="Changed", emails=["james@meridian.example"])
        )

    contact.refresh_from_db()
    assert (contact.name, addresses(contact)) == ("Sarah", ["sarah@meridian.example"])


def test_taking_an_address_away_keeps_the_mail_on_the_timeline(alice):
    contact = create(alice, "Sarah", "sarah@meridian.example")
    message = log_mail(contact, owner=alice)

    actions.edit_contact(by=alice, contact=contact, details=ContactDetails(name="Sarah"))

    assert [entry.message for entry in contact.timeline.all()] == [message]


def test_deleting_erases_the_mail_that_stood_on_no_other_timeline(alice):
    gone, stays = create(alice, "Gone", "gone@meridian.example"), create(alice, "Stays", "stays@meridian.example")
    log_mail(gone, "only on the deleted one", owner=alice)
    shared = log_mail([gone, stays], "on both", owner=alice)
    actions.add_note(by=alice, contact=gone, body="private words", now=NOON)

    actions.delete_contact(by=alice, contact=gone)

    assert list(Message.objects.all()) == [shared]
    assert list(Thread.objects.all()) == [shared.thread]
    assert [sighting.message for sighting in Sighting.objects.all()] == [shared]
    assert [index.message for index in MailIndex.objects.all()] == [shared]
    assert [entry.contact for entry in TimelineEntry.objects.all()] == [stays]
    assert (Note.objects.count(), list(Contact.objects.all())) == (0, [stays])
    assert AuditEvent.objects.get(action="contact.deleted").details == {"messages": 1, "notes": 1}


def test_the_audit_log_counts_no_erased_mail_that_not_everybody_might_know_of(alice, bob):
    contact = create(alice)
    log_mail(contact, owner=alice)
    log_mail(contact, owner=bob, visibility=Visibility.PRIVATE)

    actions.delete_contact(by=alice, contact=contact)

    assert AuditEvent.objects.get(action="contact.deleted").details == {"messages": 1, "notes": 0}
    assert not Message.objects.exists()


def test_a_company_domain_belongs_to_one_company(alice):
    holder = actions.create_company(by=alice, details=CompanyDetails(name="Meridian", domain="meridian.example"))

    with pytest.raises(DomainTaken) as refusal:
        actions.create_company(by=alice, details=CompanyDetails(name="Other", domain="meridian.example"))

    assert refusal.value.company == holder


def test_deleting_a_company_keeps_its_people(alice):
    contact = create(alice, "Sarah", "sarah@meridian.example")

    actions.delete_company(by=alice, company=contact.company)

    contact.refresh_from_db()
    assert contact.company is None


def test_withdrawn_people_are_not_told_of_with_their_company(alice, alice_client):
    company = create(alice, "Sarah", "sarah@meridian.example").company
    make_contact("Gone", company=company, withdrawn_at=NOON)

    page = alice_client.get(reverse("contacts:company-delete", args=[company.code]))
    actions.delete_company(by=alice, company=company)

    assert page.context["contact_count"] == 1
    assert AuditEvent.objects.get(action="company.deleted").details == {"contacts": 1}


def test_contacts_are_found_by_the_new_name_of_their_company(alice):
    contact = create(alice, "Sarah", "sarah@meridian.example")

    actions.edit_company(by=alice, company=contact.company, details=CompanyDetails(name="株式会社メリディアン"))

    assert list(Contact.objects.filter(search__matches="'めり' <1> 'りで'")) == [contact]


def test_a_note_stands_on_the_timeline_and_counts_as_activity(alice):
    contact = create(alice)

    note = actions.add_note(by=alice, contact=contact, body="Contract ends in March", now=NOON)

    entry = contact.timeline.get()
    contact.refresh_from_db()
    assert (entry.kind, entry.note, entry.occurred_at, contact.last_activity_at) == ("note", note, NOON, NOON)


def test_editing_a_note_keeps_its_place(alice):
    contact = create(alice)
    note = actions.add_note(by=alice, contact=contact, body="first", now=NOON)

    actions.edit_note(by=alice, note=note, body="second", now=NOON + timedelta(hours=1))

    note.refresh_from_db()
    assert (note.body, note.edited_at, contact.timeline.get().occurred_at) == (
        "second",
        NOON + timedelta(hours=1),
        NOON,
    )


def test_deleting_a_note_takes_it_off_the_timeline(alice):
    contact = create(alice)
    note = actions.add_note(by=alice, contact=contact, body="first", now=NOON)

    actions.delete_note(by=alice, note=note)

    assert (contact.timeline.count(), Note.objects.count()) == (0, 0)


def test_deleting_a_note_makes_the_activity_before_it_the_newest(alice):
    contact = create(alice)
    mail = log_mail(contact, owner=alice)
    note = actions.add_note(by=alice, contact=contact, body="first", now=NOON + timedelta(hours=1))

    actions.delete_note(by=alice, note=note)

    contact.refresh_from_db()
    assert contact.last_activity_at == mail.sent_at


def test_rebuilding_search_restores_what_was_lost(alice):
    lonely, employed = create(alice, "高橋 美咲"), create(alice, "Sarah", "sarah@meridian.example")
    message = log_mail(employed, "Revised quote", owner=alice)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE contacts_contact SET search = NULL")
        cursor.execute("UPDATE contacts_company SET search = NULL")
        cursor.execute("DELETE FROM contacts_mailindex")

    assert actions.rebuild_search() == {"companies": 1, "contacts": 2, "messages": 1}

    assert list(Contact.objects.filter(search__matches="'高橋'")) == [lonely]
    assert list(Contact.objects.filter(search__matches="'meridian'")) == [employed]
    assert list(Company.objects.filter(search__matches="'meridian'")) == [employed.company]
    assert [index.message for index in MailIndex.objects.filter(search__matches="'quote'")] == [message]
