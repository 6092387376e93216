"""Whose mail has to be looked at, where a provider finds mail by address more cheaply than it shows the headers of all.

By no rule is a mail logged that names nobody from outside who is a contact or takes part in a logged conversation, unless its owner
sent it, marked it, or picks it by hand.
"""

from collections.abc import Set

from django.db import connection

from contacts.models import ContactAddress
from inboxes.models import Inbox, Message, ProviderKind, Sighting
from inboxes.threading import outsiders
from logging_rules.facts import Preset
from logging_rules.queries import everybody_inside
from logging_rules.rules import rules_of

MOST = 10_000
"""With more addresses than this, looking at everything is hardly dearer than looking for them."""

CORRESPONDENTS = f"""
    SELECT DISTINCT unnest(message.participants) FROM {Message._meta.db_table} message
    WHERE EXISTS (SELECT FROM {Sighting._meta.db_table} sighting WHERE sighting.message_id = message.id)
    LIMIT %s
"""  # noqa: S608 - the names of our own tables


def interest_of(inbox: Inbox) -> Set[str] | None:
    """None: everything has to be looked at. A constant number of queries."""
    if _shows_all(inbox):
        return None
    return _interest(in_conversations=rules_of(inbox).policy.preset.value is not Preset.MANUAL)


def interest_under_any_preset(inbox: Inbox) -> Set[str] | None:
    """As `interest_of`, for trying out other settings than the inbox has."""
    return None if _shows_all(inbox) else _interest(in_conversations=True)


def _shows_all(inbox: Inbox) -> bool:
    """IMAP shows all headers for less than a search costs."""
    return inbox.provider == ProviderKind.IMAP


def _interest(*, in_conversations: bool) -> Set[str] | None:
    known = ContactAddress.objects.filter(contact__withdrawn_at=None).values_list("email", flat=True)
    addresses = set(known[: MOST + 1])
    if in_conversations:
        addresses |= _correspondents()
    return outsiders(addresses, everybody_inside()) if len(addresses) <= MOST else None


def _correspondents() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(CORRESPONDENTS, [MOST + 1])
        return {email for (email,) in cursor.fetchall()}
