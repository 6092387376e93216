"""Team inboxes, and mail that lies in them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from contacts.actions import MailEntry, index_messages, record_mail_entries
from contacts.models import Contact
from inboxes.models import Inbox, InboxKind, InboxMember, Message, Sighting, TeamMail, TeamThread
from inboxes.sync.team import count_threads
from tests.factories.contacts import make_message
from tests.factories.inboxes import connected_inbox
from users.models import User

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
JOINED = NOON - timedelta(days=30)


def team_inbox(*members: User, owner: User, address: str = "support@ours.example", **fields: Any) -> Inbox:
    """Its members joined a month before `NOON`; all its past mail has been fetched."""
    values = {"kind": InboxKind.TEAM, "name": "Support", "backfill_done_at": NOON}
    inbox = connected_inbox(owner, address, **values | fields)
    for person in members:
        join(inbox, person)
    return inbox


def join(inbox: Inbox, person: User, at: datetime = JOINED) -> InboxMember:
    member = InboxMember.objects.create(inbox=inbox, person=person)
    InboxMember.objects.filter(pk=member.pk).update(added_at=at)
    return member


def arrive(
    inbox: Inbox,
    subject: str = "Where is my order?",
    *,
    into: TeamThread | None = None,
    at: datetime = NOON,
    outgoing: bool = False,
    filtered: str = "",
    code: str = "no_known_contact",
    logged_for: Contact | None = None,
    **fields: Any,
) -> TeamMail:
    """One more e-mail in the team inbox, in a thread of its own or `into` one; with `logged_for` also on that contact's timeline."""
    if outgoing:
        fields = {
            "from_email": inbox.address,
            "from_name": inbox.name,
            "recipients": [["to", "x@y.example", ""]],
        } | fields
    fields = {"recipients": [["to", inbox.address, ""]]} | fields
    message = make_message(subject, sent_at=at, thread=into.thread if into else None, **fields)
    thread = into or TeamThread.objects.create(inbox=inbox, thread=message.thread, newest_at=at)
    mail = TeamMail.objects.create(
        inbox=inbox,
        message=message,
        team_thread=thread,
        outgoing=outgoing,
        filtered=filtered,
        code="known_contact_incoming" if logged_for else code,
        received_at=at,
    )
    count_threads([thread.pk])
    index_messages([message.pk])
    if logged_for:
        _log(mail, logged_for)
    thread.refresh_from_db()
    return mail


def _log(mail: TeamMail, contact: Contact) -> None:
    message: Message = mail.message
    Sighting.objects.create(
        message=message, inbox=mail.inbox, reason="known_contact_incoming", decided_at=mail.received_at
    )
    record_mail_entries([MailEntry(contact.pk, message.pk, message.thread_id, message.sent_at)])
