"""Contacts, and logged e-mails on their timelines."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from contacts.actions import MailEntry, record_mail_entries
from contacts.models import Contact, ContactAddress
from inboxes.models import Inbox, InboxStatus, Message, Sighting, Thread, Visibility
from users.models import User

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def make_contact(name: str = "Sarah Okafor", *emails: str, **fields: Any) -> Contact:
    """A contact as the database holds it, not yet searchable: searchable ones come from `contacts.actions`."""
    contact = Contact.objects.create(name=name, **fields)
    ContactAddress.objects.bulk_create(
        ContactAddress(contact=contact, email=email, position=position) for position, email in enumerate(emails)
    )
    return contact


def make_inbox(owner: User, address: str | None = None) -> Inbox:
    address = address or f"inbox-of-{owner.pk}@workspace.example"
    return Inbox.objects.get_or_create(
        address=address, defaults={"owner": owner, "connected_by": owner, "status": InboxStatus.ACTIVE}
    )[0]


def make_message(subject: str = "Revised quote", *, thread: Thread | None = None, **fields: Any) -> Message:
    """A stored e-mail that no inbox holds yet."""
    number = Message.objects.count()
    values: dict[str, Any] = {
        "from_email": "sarah@meridian.example",
        "from_name": "Sarah Okafor",
        "recipients": [["to", "alice@workspace.example", "Alice"]],
        "sent_at": NOON,
        "snippet": "The price works for us.",
        "body_text": "The price works for us.",
        "raw_key": "",
        "message_id": f"<{number}@meridian.example>",
    }
    values |= fields
    return Message.objects.create(
        fingerprint=hashlib.sha256(f"{subject} {number}".encode()).digest(),
        thread=thread or Thread.objects.create(),
        subject=subject,
        participants=[values["from_email"], *(email for _, email, _ in values["recipients"])],
        **values,
    )


def log_mail(
    contacts: Contact | Sequence[Contact],
    subject: str = "Revised quote",
    *,
    owner: User,
    outgoing: bool = False,
    visibility: Visibility = Visibility.EVERYONE,
    **fields: Any,
) -> Message:
    """A logged e-mail: stored, seen by an inbox of `owner`, and on the timelines of `contacts`."""
    message = make_message(subject, **fields)
    Sighting.objects.create(
        message=message,
        inbox=make_inbox(owner),
        outgoing=outgoing,
        reason="known_contact_outgoing" if outgoing else "known_contact_incoming",
        decided_at=NOON,
        visibility=visibility,
    )
    record_mail_entries(
        MailEntry(contact.pk, message.pk, message.thread_id, message.sent_at)
        for contact in ([contacts] if isinstance(contacts, Contact) else contacts)
    )
    return message
