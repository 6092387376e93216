"""Contacts that mail makes, because the owner of an inbox chose so."""

from collections.abc import Mapping

from django.db import transaction

from contacts.actions.contacts import AddressTaken, ContactDetails, create_contact
from contacts.models import ContactAddress
from inboxes.models import Inbox, InboxKind

LONGEST_NAME = 200


@transaction.atomic
def meet_correspondents(*, people: Mapping[str, str], inbox: Inbox) -> dict[str, int]:
    """The key of each address's contact, made if there is none. `people` maps an address to the name its mail gave, maybe empty.

    Idempotent, whoever else makes the same contact at the same time. The owner of a personal inbox owns the contacts it makes.
    """
    standing = ContactAddress.objects.filter(email__in=people, contact__withdrawn_at=None)
    known = dict(standing.values_list("email", "contact_id"))
    owner = inbox.owner if inbox.kind == InboxKind.PERSONAL else None
    # In one order everywhere, so that two workers who meet the same people do not wait for one another.
    for email in sorted(people.keys() - known.keys()):
        details = ContactDetails(name=_name_of(email, people[email]), emails=[email], owner=owner)
        try:
            known[email] = create_contact(by=None, details=details, made_by=inbox).pk
        except AddressTaken as taken:
            known[email] = taken.contact.pk
    return known


def _name_of(email: str, written: str) -> str:
    """As the header says, without what cannot be shown; the address of somebody who gave no name."""
    shown = "".join(char if char.isprintable() else " " for char in written)
    return " ".join(shown.split())[:LONGEST_NAME] or email[:LONGEST_NAME]
