"""One of everything, Alice's where a thing has an owner, and the address of each page about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import repeat

from django.utils import timezone

from contacts.actions import ContactDetails, add_note, create_contact
from contacts.models import Contact
from conversations.actions import restore
from inboxes.actions import remove
from inboxes.models import AccessRequest, DailyCount, Departure, Folder, Inbox, LedgerEntry, Visibility
from logging_rules.actions import add_never_log_entry, unlog
from logging_rules.models import Unlogging
from logging_rules.unlogging import Selection
from notifications.models import Notification
from tests.factories.contacts import NOON, log_mail
from tests.factories.conversations import arrive, team_inbox
from tests.factories.files import attach
from tests.factories.inboxes import connected_inbox
from tests.factories.users import InvitationFactory, UserFactory
from users.keyset import Cursor
from users.models import User, WorkspaceDomain

SECRETS = (
    "Divorce lawyers",
    "31,337",
    "72,345",
    "53,711",
    "hidden-clinic.example",
    "Merger talks",
    "The cellar is empty.",
    "payroll.pdf",
    "Undelivered parcels",
)
"""What only the owner of the inbox may learn: the name of a folder, how many mails were skipped, for one reason, in all and in a
month, whose mail is never logged, the subject of a private mail, the text of one that shows its subject only, and its file; what
lies in a team inbox that the owner alone is a member of."""

HIDDEN = "Biopsy results"
"""What nobody may read any more, not even the owner: the subject of an e-mail that was un-logged and can still come back."""

_PLACE = re.compile(r"<(\w+:)?\w+>|\(\?P<\w+>[^)]*\)")
# The wizard's pages are about an inbox that is not started yet.
_WIZARD = ("logging/", "preview/", "start/", "discard/")


@dataclass(frozen=True, slots=True)
class World:
    """`codes`: the value that stands in the routes which begin so, or all values in order; the first that fits counts. `queries`:
    what a page must be asked."""

    codes: tuple[tuple[str, object], ...]
    queries: Mapping[str, str]

    def address(self, route: str) -> str:
        found = next((code for start, code in self.codes if route.startswith(start)), "word")
        codes = iter(found) if isinstance(found, tuple) else repeat(found)
        path = _PLACE.sub(lambda _: str(next(codes)), route)
        return "/" + path.replace("^", "").replace("$", "") + self.queries.get(route, "")


def make_world(owner: User, colleague: User) -> World:
    details = ContactDetails(name="Sarah", emails=["sarah@meridian.example"], owner=owner)
    contact = create_contact(by=owner, details=details)
    note = add_note(by=owner, contact=contact, body="Likes tea.", now=NOON)
    message = log_mail(contact, "Revised quote", owner=owner)
    file = attach(message, filename="quote.pdf")
    place = Cursor(NOON, contact.timeline.get(message=message).pk)
    log_mail(contact, "Merger talks about the quote", owner=owner, visibility=Visibility.PRIVATE)
    limited = log_mail(
        contact, "Limited quote", owner=owner, visibility=Visibility.SUBJECT, body_text="The cellar is empty."
    )
    attach(limited, filename="payroll.pdf")
    asked = AccessRequest.objects.create(sighting=limited.sightings.get(), person=colleague, asked_at=NOON)
    entry = add_never_log_entry(text="hidden-clinic.example", by=owner, owner=owner)
    inbox, new = _inbox(owner), connected_inbox(owner, "new@ours.example", status="connecting")
    return World(
        (
            ("contacts/", contact.code),
            ("notes/", note.code),
            ("companies/", contact.company.code),
            ("mail/files/", file.code),
            ("mail/", message.code),
            ("logging/why/", message.code),
            ("logging/who/", limited.code),
            ("logging/access/", asked.code),
            ("logging/never-log/", entry.code),
            ("logging/unlog/", message.code),
            ("logging/unlogged/", _unlogging(owner, contact).code),
            ("inboxes/oauth/", "microsoft"),
            *((f"inboxes/<uuid:code>/{page}", new.code) for page in _WIZARD),
            ("inboxes/removed/", _removed(owner).code),
            ("inboxes/<uuid:code>/remove/", connected_inbox(owner, "off@ours.example", status="disabled").code),
            *_team(owner),
            ("inboxes/", inbox.code),
            ("admin/inboxes/", inbox.code),
            ("admin/people/", colleague.code),
            ("admin/departures/", _departure(owner).code),
            ("notifications/", _notification(owner, inbox).code),
            ("people/invitations/", InvitationFactory().code),
            ("people/", colleague.code),
            ("workspace/domains/", WorkspaceDomain.objects.create(domain="ours.example").pk),
        ),
        {"contacts/<uuid:code>/fold/": f"?head={place}&last={place}", "search/": "?q=quote"},
    )


def _team(owner: User) -> list[tuple[str, object]]:
    """A team inbox that the owner reads and somebody else connected, with a thread in its list and one that was taken back."""
    inbox = team_inbox(owner, owner=UserFactory())
    thread = arrive(inbox, "Undelivered parcels").team_thread
    spam = arrive(inbox, "Undelivered parcels too", filtered="spam").team_thread
    restoral = restore(inbox=inbox, threads=[spam], by=owner, now=timezone.now())
    return [
        ("inboxes/<uuid:code>/team/remove/", (inbox.code, owner.code)),
        *((f"inboxes/<uuid:code>/{page}", (inbox.code,)) for page in ("team/", "confirm/")),
        ("team/<uuid:code>/restored/", (inbox.code, restoral.code)),
        ("team/<uuid:code>/restore/", (inbox.code,)),
        ("team/<uuid:code>/<", (inbox.code, thread.code)),
        ("team/<", (inbox.code,)),
    ]


def _departure(by: User) -> Departure:
    held = {"personal": [], "teams": [], "readers": [], "contacts": 0, "logged": 0, "notes": 0}
    left: User = UserFactory.create(deactivated=True)
    return Departure.objects.create(person=left, by=by, left_at=NOON, held=held)


def _unlogging(owner: User, contact: Contact) -> Unlogging:
    message = log_mail(contact, HIDDEN, owner=owner)
    selection = Selection(inbox=message.sightings.get().inbox, message_ids=[message.pk])
    return unlog(selection=selection, by=owner, now=timezone.now())


def _inbox(owner: User) -> Inbox:
    inbox = connected_inbox(owner, cause="mailbox_not_connected")
    counts = {"no_known_contact": 31337, "internal_only": 41008}
    folder = Folder.objects.create(inbox=inbox, remote_id="x", name="Divorce lawyers", role="other", counts=counts)
    DailyCount.objects.create(folder=folder, day=timezone.now().date(), code="internal_only", messages=53_711)
    LedgerEntry.objects.create(
        inbox=inbox, folder=folder, remote_id="1", state="quarantined", cause="mailbox_not_connected"
    )
    return inbox


def _removed(owner: User) -> Inbox:
    inbox = connected_inbox(owner, "removed@ours.example", status="disabled")
    remove(inbox=inbox, erase=False, by=owner)
    return inbox


def _notification(owner: User, inbox: Inbox) -> Notification:
    return Notification.objects.create(
        recipient=owner,
        kind="inbox_needs_reconnect",
        episode="1",
        url="/contacts/",
        context={"inbox": inbox.address, "cause": "mailbox_not_connected", "since": NOON.isoformat()},
    )
