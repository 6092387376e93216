"""`inbox view-as`: what a colleague sees of the mail that an inbox has logged."""

from argparse import Namespace
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from contacts.models import Contact
from inboxes.addresses import as_in_headers
from inboxes.models import Inbox
from logging_rules.view_as import SeenMail, all_seen, logged_by_inbox, totals_of
from users.commands import Answer
from users.models import User


def add_view_as_arguments(parser: CommandParser) -> None:
    parser.add_argument("address")
    parser.add_argument("--person", required=True, metavar="EMAIL", help="the colleague, a super admin perhaps")
    parser.add_argument("--contact", metavar="EMAIL", help="only mail on the timeline of the contact with this address")


def view_as(options: Namespace, inbox: Inbox, person: User) -> Answer:
    contact = _contact(options.contact) if options.contact else None
    totals = totals_of(logged_by_inbox(inbox, contact), person)
    mails = [_mail_as_json(seen) for seen in all_seen(inbox, person, contact=contact)]
    data = {
        "inbox": inbox.address,
        "person": person.email,
        "at": timezone.now(),
        "totals": {
            "logged": totals.logged,
            "readable": totals.readable,
            "subject_only": totals.subject_only,
            "unknown": totals.unknown,
        },
        "mails": mails,
    }
    summary = f"{person} can open {totals.readable} of {totals.logged} logged e-mails, sees the subject of {totals.subject_only} more."
    lines = [f"{mail['date']:%Y-%m-%d %H:%M}\t{mail['because']}\t{mail['subject']}" for mail in mails]
    return Answer(data, "\n".join([*lines, summary]))


def _contact(email: str) -> Contact:
    try:
        return Contact.objects.get(addresses__email=as_in_headers(email.strip()), withdrawn_at=None)
    except Contact.DoesNotExist as error:
        raise CommandError(f"No contact has the address {email}.") from error


def _mail_as_json(seen: SeenMail) -> dict[str, Any]:
    return {
        "code": seen.message.code,
        "subject": seen.message.subject,
        "from": seen.message.from_email,
        "date": seen.message.sent_at,
        "visibility": seen.message.visibility,
        "because": seen.because,
        "until": seen.until,
    }
