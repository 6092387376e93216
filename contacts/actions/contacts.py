"""Creating, editing and deleting contacts."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from audit.actions import record
from contacts.actions.companies import company_named, company_of_addresses
from contacts.actions.gone import ContactGone
from contacts.actions.indexing import index_contacts
from contacts.models import Contact, ContactAddress
from contacts.queries import messages_only_on
from contacts.signals import contact_addresses_added
from inboxes.addresses import InvalidAddress, is_valid, normalise
from inboxes.erasure import erase_messages
from inboxes.models import Inbox, Message
from users.models import User
from users.signals import send_on_commit


class UnusableAddress(Exception):
    """What was entered is no e-mail address. `text` is for the person who typed it, not for logs."""

    def __init__(self, text: str) -> None:
        super().__init__("not an e-mail address")
        self.text = text


class AddressTaken(Exception):
    """Another contact has this address."""

    def __init__(self, email: str, contact: Contact) -> None:
        super().__init__(f"address of contact {contact.pk}")
        self.email = email
        self.contact = contact


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDetails:
    """What a person may say about a contact. Addresses as typed, the main one first; an empty `company` is found by domain."""

    name: str
    emails: Sequence[str] = ()
    reading: str = ""
    job_title: str = ""
    phone: str = ""
    company: str = ""
    owner: User | None = None


@transaction.atomic
def create_contact(*, by: User | None, details: ContactDetails, made_by: Inbox | None = None) -> Contact:
    """Raises `UnusableAddress` and `AddressTaken`. Sends `contact_addresses_added` on commit. `by` is None for a command.

    `made_by` is the inbox whose logged mail made it, when no person did. A withdrawn contact of one of the addresses is brought back
    with these details.
    """
    emails = usable_addresses(details.emails)
    named = company_named(details.company, emails=emails, by=by)
    contact = _withdrawn_with(emails) or Contact(created_by=by)
    for field in ("name", "reading", "job_title", "phone", "owner"):
        setattr(contact, field, getattr(details, field))
    contact.company = named or company_of_addresses(emails, by=by, made_by=made_by)
    contact.created_automatically_from, contact.withdrawn_at = made_by, None
    contact.save()
    _set_addresses(contact, emails, by=by)
    index_contacts([contact.pk])
    source = {"inbox": made_by.pk} if made_by else {}
    record(by=by, action="contact.created", target=contact, details={"addresses": len(emails), **source})
    return contact


def _withdrawn_with(emails: list[str]) -> Contact | None:
    withdrawn = Contact.objects.filter(addresses__email__in=emails, withdrawn_at__isnull=False)
    return withdrawn.select_for_update(of=("self",)).order_by("pk").first()


@transaction.atomic
def edit_contact(*, by: User, contact: Contact, details: ContactDetails) -> int:
    """Return how many addresses are new. Raises `UnusableAddress`, `AddressTaken` and `ContactGone`; an empty company name means none.

    E-mails already on the timeline stay there when their address is taken away. A contact that mail made is kept from now on:
    taking that mail off the log does not take it along.
    """
    emails = usable_addresses(details.emails)
    _lock(contact)
    for field in ("name", "reading", "job_title", "phone", "owner"):
        setattr(contact, field, getattr(details, field))
    contact.company = company_named(details.company, emails=emails, by=by)
    contact.created_automatically_from = None
    contact.save(
        update_fields=["name", "reading", "job_title", "phone", "owner", "company", "created_automatically_from"]
    )
    added, removed = _set_addresses(contact, emails, by=by)
    index_contacts([contact.pk])
    record(
        by=by,
        action="contact.edited",
        target=contact,
        details={"addresses_added": added, "addresses_removed": removed},
    )
    return added


@transaction.atomic
def delete_contact(*, by: User, contact: Contact) -> None:
    """Delete the contact, its notes and timeline, and the stored e-mails that stood on no other contact's timeline.

    Raises `ContactGone`.
    """
    contact = _lock(contact)
    _hold_mails(contact)
    only_here = list(messages_only_on(contact))
    # Not how many were private: super admins read it.
    known = contact.timeline.known_to_all().filter(message__in=only_here).count()
    record(by=by, action="contact.deleted", target=contact, details={"messages": known, "notes": contact.notes.count()})
    contact.delete()
    erase_messages(message_ids=only_here)


def _lock(contact: Contact) -> Contact:
    """As it is by now; whoever deletes it, merges it or changes its addresses is through, or waits. Raises `ContactGone`."""
    locked = Contact.objects.select_for_update().filter(pk=contact.pk, withdrawn_at=None).first()
    if locked is None:
        raise ContactGone
    return locked


def _hold_mails(contact: Contact) -> None:
    """A sync that is putting one of these e-mails on another timeline is done by now, or finds it gone and stores it anew."""
    mails = Message.objects.filter(timeline_entries__contact=contact).order_by("pk")
    list(mails.select_for_update(of=("self",)).values_list("pk", flat=True))


def usable_addresses(texts: Sequence[str]) -> list[str]:
    """The normalised addresses, empty ones left out, each once. Raises `UnusableAddress`."""
    emails: dict[str, None] = {}
    for text in filter(None, (text.strip() for text in texts)):
        if not is_valid(text):
            raise UnusableAddress(text)
        try:
            emails[normalise(text)] = None
        except InvalidAddress as error:
            raise UnusableAddress(text) from error
    return list(emails)


def _set_addresses(contact: Contact, emails: list[str], *, by: User | None) -> tuple[int, int]:
    """Make `emails` the contact's addresses, in this order; return how many were added and removed."""
    kept = {address.email: address for address in ContactAddress.objects.filter(contact=contact)}
    _refuse_taken(contact, emails)
    ContactAddress.objects.filter(email__in=emails, contact__withdrawn_at__isnull=False).delete()
    removed, _ = contact.addresses.exclude(email__in=emails).delete()
    for position, email in enumerate(emails):
        if email in kept:
            kept[email].position = position
    ContactAddress.objects.bulk_update([kept[email] for email in emails if email in kept], ["position"])
    added = [
        ContactAddress(contact=contact, email=email, position=position)
        for position, email in enumerate(emails)
        if email not in kept
    ]
    try:
        with transaction.atomic():
            ContactAddress.objects.bulk_create(added)
    except IntegrityError:  # somebody gave one of them to another contact at the same moment
        _refuse_taken(contact, emails)
        raise
    _announce(contact, added, by=by)
    return len(added), removed


def _announce(contact: Contact, added: list[ContactAddress], *, by: User | None) -> None:
    if added:
        send_on_commit(
            contact_addresses_added,
            contact_id=contact.pk,
            address_ids=[address.pk for address in added],
            by_id=by.pk if by else None,
        )


def _refuse_taken(contact: Contact, emails: list[str]) -> None:
    found = ContactAddress.objects.filter(email__in=emails, contact__withdrawn_at=None).exclude(contact=contact)
    if taken := found.select_related("contact").first():
        raise AddressTaken(taken.email, taken.contact)
