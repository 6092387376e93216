"""`contact add`, `contact list`, `contact timeline` and `contact index`."""

from argparse import Namespace
from typing import Any

from django.core.management.base import CommandError
from django.db.models import Prefetch, prefetch_related_objects

from contacts import actions
from contacts.actions import AddressTaken, ContactDetails, UnusableAddress
from contacts.models import Contact, EntryKind, TimelineEntry
from contacts.queries import with_addresses
from inboxes.addresses import InvalidAddress, normalise
from inboxes.models import Message, Sighting, Viewer
from users.commands import Answer, JsonCommand, person_in

LONGEST = {"name": 200, "reading": 200, "company": 200, "job_title": 200, "phone": 50}


class Command(JsonCommand):
    help = "Adds contacts, lists them, and tells what stands on their timelines."

    def add_actions(self) -> None:
        add = self.add_action("add", self.add, help="Add a contact.")
        add.add_argument("emails", nargs="+", metavar="EMAIL", help="its addresses, the main one first")
        add.add_argument("--name", help="default: the main address")
        add.add_argument("--reading", default="", help="how the name is read (ふりがな)")
        add.add_argument("--company", default="", help="default: found by the domain of the address")
        add.add_argument("--job-title", default="")
        add.add_argument("--phone", default="")
        add.add_argument("--owner", metavar="EMAIL", help="the person who looks after the contact")
        self.add_action("list", self.list, help="All contacts, by name.")
        timeline = self.add_action(
            "timeline", self.timeline, help="All that stands on a contact's timeline, newest first."
        )
        timeline.add_argument("email", help="any address of the contact")
        timeline.add_argument(
            "--person", metavar="EMAIL", help="as this person sees it; without, what everybody in the workspace sees"
        )
        self.add_action("index", self.index, help="Write the search text of contacts, companies and e-mails anew.")

    def add(self, options: Namespace) -> Answer:
        refuse_too_long(options)
        owner = person_in(options.owner) if options.owner else None
        details = ContactDetails(
            name=options.name or options.emails[0][: LONGEST["name"]],
            emails=options.emails,
            reading=options.reading,
            company=options.company,
            job_title=options.job_title,
            phone=options.phone,
            owner=owner,
        )
        try:
            contact = actions.create_contact(by=owner, details=details)
        except UnusableAddress as refusal:
            raise CommandError(f"“{refusal.text}” is not an e-mail address.") from refusal
        except AddressTaken as refusal:
            raise CommandError(f"{refusal.email} belongs to {refusal.contact.name}.") from refusal
        prefetch_related_objects([contact], with_addresses())
        return Answer(contact_as_json(contact), f"{contact.name} was added.")

    def list(self, options: Namespace) -> Answer:
        contacts = (
            Contact.objects.filter(withdrawn_at=None)
            .select_related("company", "owner")
            .prefetch_related(with_addresses())
        )
        rows = [contact_as_json(contact) for contact in contacts.order_by("sort_key", "pk")]
        return Answer(rows, "\n".join(f"{', '.join(row['emails'])}\t{row['name']}" for row in rows))

    def timeline(self, options: Namespace) -> Answer:
        contact = contact_of(options.email)
        seen, sightings = contact.timeline.known_to_all(), Sighting.objects.all()
        if options.person:
            viewer = Viewer.of(person_in(options.person))
            seen, sightings = contact.timeline.visible_to(viewer), sightings.known_to(viewer)
        entries = seen.select_related("message", "note__author").order_by("-occurred_at", "-pk")
        entries = entries.defer("message__body_text", "message__body_html", "message__quoted_text")
        in_order = sightings.select_related("inbox").order_by("pk")
        entries = entries.prefetch_related(Prefetch("message__sightings", in_order))
        rows = [entry_as_json(entry) for entry in entries]
        return Answer({"contact": contact_as_json(contact), "entries": rows}, "\n".join(as_line(row) for row in rows))

    def index(self, options: Namespace) -> Answer:
        written = actions.rebuild_search()
        return Answer(written, ", ".join(f"{count} {noun}" for noun, count in written.items()))


def refuse_too_long(options: Namespace) -> None:
    for name, longest in LONGEST.items():
        if len(getattr(options, name) or "") > longest:
            raise CommandError(f"--{name.replace('_', '-')} is longer than {longest} characters.")


def contact_of(email: str) -> Contact:
    try:
        contacts = Contact.objects.prefetch_related(with_addresses())
        return contacts.get(addresses__email=normalise(email), withdrawn_at=None)
    except (InvalidAddress, Contact.DoesNotExist) as error:
        raise CommandError(f"No contact has the address {email}.") from error


def contact_as_json(contact: Contact) -> dict[str, Any]:
    """Of a contact whose addresses are in order (`with_addresses`)."""
    return {
        "code": contact.code,
        "name": contact.name,
        "reading": contact.reading,
        "emails": [address.email for address in contact.addresses.all()],
        "company": contact.company.name if contact.company else None,
        "job_title": contact.job_title,
        "phone": contact.phone,
        "owner": contact.owner.email if contact.owner else None,
        "last_activity_at": contact.last_activity_at,
    }


def entry_as_json(entry: TimelineEntry) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": entry.kind, "at": entry.occurred_at}
    if entry.message:
        told |= mail_as_json(entry.message)
    if entry.note:
        told |= {"text": entry.note.body, "author": entry.note.author.email}
    return told


def mail_as_json(message: Message) -> dict[str, Any]:
    """`direction` as the first inbox that logged the e-mail sees it; `logged` has each inbox with its reason."""
    logged = [
        {
            "inbox": sighting.inbox.address,
            "direction": "outgoing" if sighting.outgoing else "incoming",
            "reason": sighting.reason,
        }
        for sighting in message.sightings.all()
    ]
    return {
        "code": message.code,
        "message_id": message.message_id,
        "subject": message.subject,
        "from": message.from_email,
        "date": message.sent_at,
        "state": message.state,
        **(logged[0] if logged else {"inbox": None, "direction": None, "reason": None}),
        "logged": logged,
    }


def as_line(row: dict[str, Any]) -> str:
    if row["kind"] == EntryKind.NOTE:
        return f"{row['at']:%Y-%m-%d %H:%M}\tnote\t{row['author']}\t{row['text']}"
    return f"{row['at']:%Y-%m-%d %H:%M}\t{row['direction']}\t{row['inbox']}\t{row['reason']}\t{row['subject']}"
