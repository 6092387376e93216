"""Merging two contacts that are one person."""

from typing import Any

from django.db import transaction

from audit.actions import record
from contacts.actions.gone import ContactGone
from contacts.actions.indexing import index_contacts
from contacts.models import Company, Contact, MergedContact
from contacts.signals import contact_merging
from users.models import User
from users.rows import keep_from_deletion

FILLED_FIELDS = ("reading", "job_title", "phone", "company", "owner")


class SameContact(Exception):
    """A contact cannot be merged into itself."""


@transaction.atomic
def merge_contacts(*, by: User, into: Contact, other: Contact) -> Contact:
    """Move everything of `other` to `into` and delete `other`; its links lead to `into` from now on. Raises `SameContact`, and
    `ContactGone` when one of them was deleted meanwhile.

    Addresses are appended, an e-mail on both timelines stays once, empty fields are filled; what `into` says wins.
    """
    if into.pk == other.pk:
        raise SameContact
    both = Contact.objects.filter(pk__in=[into.pk, other.pk], withdrawn_at=None)
    locked = {contact.pk: contact for contact in both.order_by("pk").select_for_update()}
    if len(locked) < 2:
        raise ContactGone
    into, other = locked[into.pk], locked[other.pk]
    contact_merging.send(sender=None, into=into, other=other)
    _move_addresses(into, other)
    _move_timeline(into, other)
    _fill_blanks(into, other)
    other.merged.update(contact=into)
    MergedContact.objects.create(former_id=other.pk, former_code=other.code, contact=into)
    record(by=by, action="contact.merged", target=into, details={"former": other.pk})
    other.delete()
    index_contacts([into.pk])
    return into


def _move_addresses(into: Contact, other: Contact) -> None:
    start = into.addresses.count()
    moved = list(other.addresses.order_by("position", "pk"))
    for position, address in enumerate(moved, start):
        address.contact, address.position = into, position
    other.addresses.bulk_update(moved, ["contact", "position"])


def _move_timeline(into: Contact, other: Contact) -> None:
    here = into.timeline.filter(message__isnull=False).values("message_id")
    other.timeline.filter(message__in=here).delete()
    other.timeline.update(contact=into)
    other.notes.update(contact=into)


def _fill_blanks(into: Contact, other: Contact) -> None:
    for field, value in filled_by(into, other).items():
        if field != "company" or keep_from_deletion(Company, [value.pk]):
            setattr(into, field, value)
    activity = [contact.last_activity_at for contact in (into, other) if contact.last_activity_at]
    into.last_activity_at = max(activity, default=None)
    into.created_automatically_from = None
    into.save(update_fields=[*FILLED_FIELDS, "last_activity_at", "created_automatically_from"])


def filled_by(into: Contact, other: Contact) -> dict[str, Any]:
    """The fields that are empty on `into` and would get the value of `other`."""
    return {field: value for field in FILLED_FIELDS if not getattr(into, field) and (value := getattr(other, field))}
