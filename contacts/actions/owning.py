"""Whose contacts they are."""

from django.db import transaction

from audit.actions import record
from contacts.models import Contact
from users.models import User


@transaction.atomic
def hand_over_contacts(*, of: User, to: User | None, by: User | None) -> int:
    """All contacts that one person owns get another owner, or none; returns how many. One statement, however many."""
    contacts = Contact.objects.filter(owner=of).update(owner=to)
    if contacts:
        details = {"contacts": contacts, "to": to.pk if to else None}
        record(by=by, action="contact.handed_over", target=of, details=details)
    return contacts
