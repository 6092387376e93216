"""Held mail for its owner: how much waits where, and what it is, read live."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count

from inboxes.models import Inbox
from inboxes.providers.base import MailProvider
from logging_rules.models import HeldMail
from logging_rules.why_not import Fate, Hit, Place, explain, read_places
from users.models import User

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many mails of an inbox wait; those put off are not counted."""

    inbox: Inbox
    count: int


def count_waiting(person: User) -> int:
    """As `HeldMail.objects.visible_to` has it. Written out, because every page shows it."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING, {"person": person.pk, "manages": person.has_account_access})
        return int(cursor.fetchone()[0])


WAITING = """
    SELECT count(*) FROM logging_rules_heldmail held
    JOIN inboxes_inbox inbox ON inbox.id = held.inbox_id AND inbox.removed_at IS NULL
    WHERE NOT held.later AND CASE inbox.kind
        WHEN 'personal' THEN inbox.owner_id = %(person)s
        ELSE %(manages)s AND EXISTS (
            SELECT FROM inboxes_inboxmember member WHERE member.inbox_id = inbox.id AND member.person_id = %(person)s
        )
    END
"""


def waiting_by_inbox(person: User) -> list[Waiting]:
    """Two queries."""
    rows = HeldMail.objects.visible_to(person).filter(later=False).values_list("inbox")
    counts = dict(rows.annotate(mails=Count("pk")))
    inboxes = Inbox.objects.decided_by(person).filter(pk__in=counts).order_by("address")
    return [Waiting(inbox, counts[inbox.pk]) for inbox in inboxes]


@dataclass(frozen=True, slots=True)
class Look:
    """The mails that still wait, those put off apart, and the places of those the mailbox no longer holds."""

    now: list[Hit]
    later: list[Hit]
    gone: list[Place]


def look_at_held(provider: MailProvider, inbox: Inbox, held: Sequence[HeldMail], *, reader: User) -> Look:
    """Raises `ProviderError`."""
    places = {(row.folder.remote_id, row.remote_id): row for row in held}
    found, gone = read_places(provider, inbox, places)
    hits = [hit for hit in explain(found, inbox, reader=reader) if hit.fate is Fate.HELD]
    hits.sort(key=lambda hit: hit.envelope.sent_at, reverse=True)
    put_off = {place for place, row in places.items() if row.later}
    return Look(
        now=[hit for hit in hits if hit.key[:2] not in put_off],
        later=[hit for hit in hits if hit.key[:2] in put_off],
        gone=gone,
    )
