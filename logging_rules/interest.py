"""Whose mail has to be looked at, where a provider finds mail by address more cheaply than it shows the headers of all.

By no rule is a mail logged that names nobody from outside who is a contact or takes part in a logged conversation, unless its owner
sent it, marked it, or picks it by hand.
"""

from django.db import connection

from contacts.models import ContactAddress
from inboxes.models import Inbox, Message, ProviderKind, Sighting
from inboxes.providers.base import Interest
from inboxes.threading import outsiders
from logging_rules.facts import Preset
from logging_rules.marks import mark_settings_of
from logging_rules.queries import everybody_inside
from logging_rules.rules import rules_of

MOST = 10_000
"""With more addresses than this, looking at everything is hardly dearer than looking for them."""

CORRESPONDENTS = f"""
    SELECT DISTINCT unnest(message.participants) FROM {Message._meta.db_table} message
    WHERE EXISTS (SELECT FROM {Sighting._meta.db_table} sighting WHERE sighting.message_id = message.id)
    LIMIT %s
"""  # noqa: S608 - the names of our own tables


def interest_of(inbox: Inbox) -> Interest | None:
    """None: everything has to be looked at. A constant number of queries."""
    if _shows_all(inbox):
        return None
    return _interest(inbox, in_conversations=rules_of(inbox).policy.preset.value is not Preset.MANUAL)


def interest_under_any_preset(inbox: Inbox) -> Interest | None:
    """As `interest_of`, for trying out other settings than the inbox has."""
    return None if _shows_all(inbox) else _interest(inbox, in_conversations=True)


def _shows_all(inbox: Inbox) -> bool:
    """IMAP shows all headers for less than a search costs."""
    return inbox.provider == ProviderKind.IMAP


def _interest(inbox: Inbox, *, in_conversations: bool) -> Interest | None:
    known = ContactAddress.objects.filter(contact__withdrawn_at=None).values_list("email", flat=True)
    addresses = set(known[: MOST + 1])
    if in_conversations:
        addresses |= _correspondents()
    if len(addresses) > MOST:
        return None
    return Interest(outsiders(addresses, everybody_inside()), mark_settings_of(inbox).names)


def _correspondents() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(CORRESPONDENTS, [MOST + 1])
        return {email for (email,) in cursor.fetchall()}
