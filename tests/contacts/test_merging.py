"""Merging two contacts that are one person."""

from datetime import timedelta

import pytest
from django.urls import reverse

from audit.models import AuditEvent
from contacts import actions
from contacts.actions import ContactDetails
from contacts.actions.merging import SameContact
from contacts.models import Contact, MergedContact
from tests.factories.contacts import NOON, log_mail

pytestmark = pytest.mark.django_db


def create(by, name, *emails, **details):
    return actions.create_contact(by=by, details=ContactDetails(name=name, emails=emails, **details))


def test_addresses_timeline_and_notes_move_and_the_other_is_gone(alice):
    into = create(alice, "Sarah Okafor", "sarah@meridian.example")
    other = create(alice, "S. Okafor", "okafor@gmail.com")
    mail = log_mail(other, owner=alice)
    note = actions.add_note(by=alice, contact=other, body="Met at the fair", now=NOON)

    actions.merge_contacts(by=alice, into=into, other=other)

    assert list(Contact.objects.all()) == [into]
    assert [a.email for a in into.addresses.order_by("position")] == ["sarah@meridian.example", "okafor@gmail.com"]
    assert {(entry.message, entry.note) for entry in into.timeline.all()} == {(mail, None), (None, note)}
    assert [n.pk for n in into.notes.all()] == [note.pk]


def test_an_e_mail_on_both_timelines_stays_once(alice):
    into, other = create(alice, "Sarah"), create(alice, "S. Okafor")
    log_mail([into, other], owner=alice)

    actions.merge_contacts(by=alice, into=into, other=other)

    assert into.timeline.count() == 1


def test_empty_fields_are_filled_and_filled_ones_are_kept(alice, bob):
    into = create(alice, "高橋", job_title="Director", owner=alice)
    other = create(bob, "高橋美咲", "misaki@meridian.example", reading="たかはし", job_title="Sales", owner=bob)
    log_mail(other, owner=bob, sent_at=NOON + timedelta(days=1))

    actions.merge_contacts(by=alice, into=into, other=other)

    into.refresh_from_db()
    assert (into.name, into.reading, into.job_title, into.owner) == ("高橋", "たかはし", "Director", alice)
    assert (into.company.domain, into.last_activity_at) == ("meridian.example", NOON + timedelta(days=1))


def test_the_merged_contact_is_found_by_the_address_it_got(alice):
    into, other = create(alice, "Sarah"), create(alice, "S. Okafor", "unusual@gmail.com")

    actions.merge_contacts(by=alice, into=into, other=other)

    assert list(Contact.objects.filter(search__matches="'unusual'")) == [into]


def test_links_of_contacts_merged_one_after_the_other_lead_to_the_last(alice):
    first, second, third = create(alice, "1"), create(alice, "2"), create(alice, "3")
    codes = {first.code, second.code}

    actions.merge_contacts(by=alice, into=second, other=first)
    actions.merge_contacts(by=alice, into=third, other=second)

    assert {merged.former_code for merged in MergedContact.objects.filter(contact=third)} == codes


def test_a_contact_cannot_be_merged_into_itself(alice):
    contact = create(alice, "Sarah")

    with pytest.raises(SameContact):
        actions.merge_contacts(by=alice, into=contact, other=contact)

    assert list(Contact.objects.all()) == [contact]


def test_merging_is_audited(alice):
    into, other = create(alice, "Sarah"), create(alice, "S. Okafor")
    former = other.pk

    actions.merge_contacts(by=alice, into=into, other=other)

    event = AuditEvent.objects.get(action="contact.merged")
    assert (event.actor, event.target_id, event.details) == (alice, str(into.pk), {"former": former})


@pytest.fixture
def merged(alice):
    """A contact, and the code of one that was merged into it while somebody had its page open."""
    into, other = create(alice, "Sarah", "sarah@meridian.example"), create(alice, "S. Okafor", "okafor@gmail.com")
    code = other.code
    actions.merge_contacts(by=alice, into=into, other=other)
    return into, code


NOTHING_CHANGED = "The contact you had open was merged into this one. Nothing was changed."


def test_what_was_typed_for_a_contact_merged_meanwhile_does_not_replace_the_other(alice_client, merged):
    into, code = merged
    form = {"name": "S. Okafor", "emails": ["okafor@gmail.com"]}

    page = alice_client.post(reverse("contacts:contact-edit", args=[code]), form, follow=True)

    into.refresh_from_db()
    assert (into.name, into.addresses.count()) == ("Sarah", 2)
    assert page.redirect_chain == [(into.get_absolute_url(), 302)]
    assert [str(message) for message in page.context["messages"]] == [NOTHING_CHANGED]


def test_deleting_a_contact_merged_meanwhile_does_not_delete_the_other(alice_client, merged):
    into, code = merged

    page = alice_client.post(reverse("contacts:contact-delete", args=[code]), follow=True)

    assert list(Contact.objects.all()) == [into]
    assert page.redirect_chain == [(into.get_absolute_url(), 302)]
    assert [str(message) for message in page.context["messages"]] == [NOTHING_CHANGED]


@pytest.mark.parametrize("page", ["contact-edit", "contact-delete", "contact-merge"])
def test_old_links_to_forms_lead_to_those_of_the_contact_that_is_left(alice_client, merged, page):
    into, code = merged

    response = alice_client.get(reverse(f"contacts:{page}", args=[code]), follow=True)

    assert (response.status_code, response.context["contact"]) == (200, into)
