"""`manage.py inbox why-not` and `log`: what became of mail in a mailbox, and logging it by hand.

Whoever has a shell is not the owner of the mailbox: no subject, name or text of an unlogged mail is printed.
"""

from argparse import Namespace
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from inboxes.causes import cause_of
from inboxes.connections import look_into
from inboxes.models import Inbox
from inboxes.providers.base import ProviderError
from logging_rules.actions import log_by_hand
from logging_rules.explain import bracketed
from logging_rules.why_not import Hit, Quest, search
from users.commands import Answer, day_in

MOST_STEPS = 100


def add_why_not_arguments(parser: CommandParser) -> None:
    parser.add_argument("address")
    parser.add_argument("--from", dest="who", default="", help="part of an address or name, of anybody in the mail")
    parser.add_argument("--subject", default="", help="words in the subject")
    parser.add_argument("--since", metavar="DATE", help="a day, like 2026-03-01")


def add_log_arguments(parser: CommandParser) -> None:
    parser.add_argument("address")
    parser.add_argument("message_id", metavar="MESSAGE-ID")


def why_not(inbox: Inbox, options: Namespace) -> Answer:
    first = day_in(options.since)
    since = datetime.combine(first, datetime.min.time(), UTC).isoformat() if first else ""
    hits = _search(inbox, Quest(inbox.pk, who=options.who, subject=options.subject, since=since))
    return Answer([_told(hit) for hit in hits], "\n".join(map(_line, hits)) or "No such mail in the mailbox.")


def log_mail(inbox: Inbox, options: Namespace) -> Answer:
    """In the name of the owner."""
    quest = Quest(inbox.pk, message_id=bracketed(options.message_id))
    keys = [hit.key for hit in _search(inbox, quest) if hit.can_be_chosen]
    if not keys:
        raise CommandError("Nothing to log: it is not there, is logged already, or a list or mark keeps it out.")
    count = log_by_hand(inbox=inbox, keys=keys[:1], by=inbox.owner, now=timezone.now())
    return Answer({"logged": count}, "The next sync fetches and logs it.")


def _search(inbox: Inbox, quest: Quest | None) -> list[Hit]:
    hits: list[Hit] = []
    try:
        with look_into(inbox) as provider:
            for _ in range(MOST_STEPS):
                if quest is None:
                    break
                answer = search(provider, inbox, quest, reader=inbox.owner)
                hits, quest = hits + answer.hits, answer.quest
    except ProviderError as error:
        cause = cause_of(error.cause)
        raise CommandError(f"{cause.title}. {cause.fix}") from None
    return hits


def _told(hit: Hit) -> dict[str, Any]:
    return {
        "message_id": hit.envelope.message_id,
        "sent_at": hit.envelope.sent_at,
        "folder": hit.folder.name,
        "fate": hit.fate,
        "code": hit.reason.code,
        "rule": hit.reason.rule,
        "level": hit.reason.level,
        "today": hit.would_be.code if hit.would_be else hit.reason.code,
        "cause": str(hit.cause.title) if hit.cause else "",
        "can_be_logged": hit.can_be_chosen,
    }


def _line(hit: Hit) -> str:
    return f"{hit.envelope.sent_at:%Y-%m-%d %H:%M}  {hit.fate}  {hit.reason.code}  {hit.envelope.message_id}"
