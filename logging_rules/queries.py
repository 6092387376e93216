"""Reads for the logging decision: what the database knows about the addresses and ids of a page."""

from collections import defaultdict
from collections.abc import Collection

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from contacts.models import Contact, ContactAddress, EntryKind, TimelineEntry
from inboxes.addresses import as_in_headers
from inboxes.envelope import Envelope
from inboxes.lookups import among
from inboxes.models import Inbox, InboxKind, Message, Sighting, TeamMail, ThreadReference
from logging_rules.facts import (
    Colleagues,
    Conversation,
    NeverLog,
    NeverLogKind,
    NeverLogScope,
)
from logging_rules.models import InboxPolicy, LookBack, NeverLogEntry
from users.models import User, WorkspaceDomain


def mails_shared(inbox: Inbox, contact: Contact) -> int:
    """How many mails that the inbox logged stand on the contact's timeline."""
    return Sighting.objects.filter(inbox=inbox, message__timeline_entries__contact=contact).count()


def contacts_by_address(emails: Collection[str]) -> dict[str, int]:
    rows = ContactAddress.objects.filter(email__in=among(emails), contact__withdrawn_at=None)
    return dict(rows.values_list("email", "contact_id"))


def everybody_inside() -> Colleagues:
    """All of the workspace: its people, those who left included, its inboxes with their aliases, and its domains.

    The address of a removed inbox is a stranger's again, unless somebody signs in with it or its domain is the workspace's: who takes a
    private address off wants no colleagues there.
    """
    addresses = set(map(as_in_headers, User.objects.values_list("email", flat=True)))
    for address, aliases in Inbox.objects.values_list("address", "aliases"):
        addresses.update((address, *aliases))
    return Colleagues(addresses, set(WorkspaceDomain.objects.values_list("domain", flat=True)))


def addresses_of(owner: User) -> set[str]:
    """The addresses and aliases of a person's own inboxes."""
    inboxes = Inbox.objects.filter(owner=owner, kind=InboxKind.PERSONAL)
    return {email for inbox in inboxes for email in (inbox.address, *inbox.aliases)}


def never_log_lists(inbox: Inbox) -> tuple[NeverLog, NeverLog]:
    """The workspace's entries and the owner's that an inbox obeys. A team inbox obeys those of the workspace that cover it."""
    is_team = inbox.kind == InboxKind.TEAM
    obeyed = Q(owner=None, covers_team=True) if is_team else Q(owner=None) | Q(owner_id=inbox.owner_id)
    entries = NeverLogEntry.objects.filter(obeyed)
    levels: dict[bool, list[tuple[NeverLogKind, str, NeverLogScope]]] = {True: [], False: []}
    for owner, kind, value, scope in entries.values_list("owner_id", "kind", "value", "scope"):
        levels[owner is None].append((NeverLogKind(kind), value, NeverLogScope(scope)))
    return NeverLog(levels[True]), NeverLog(levels[False])


def messages_only_of(inbox: Inbox, fingerprints: Collection[bytes]) -> list[int]:
    """The stored e-mails with one of the fingerprints that no other inbox holds."""
    elsewhere = Sighting.objects.filter(message=OuterRef("pk")).exclude(inbox=inbox)
    return list(Message.objects.filter(~Exists(elsewhere), fingerprint__in=fingerprints).values_list("pk", flat=True))


def restored_among(inbox: Inbox, envelopes: Collection[Envelope]) -> frozenset[bytes]:
    """The fingerprints of those mails that a member of the team has taken back. Hashes nothing when nothing ever was."""
    restored = TeamMail.objects.filter(inbox=inbox, restored_by__isnull=False)
    if not restored.exists():
        return frozenset()
    found = restored.filter(message__fingerprint__in=[envelope.fingerprint for envelope in envelopes])
    return frozenset(map(bytes, found.values_list("message__fingerprint", flat=True)))


def conversations_about(
    message_ids: Collection[str], *, inbox: Inbox, without: Collection[int] = ()
) -> dict[str, list[Conversation]]:
    """The logged conversations that mention one of the ids, by id, as the inbox sees them. One id may be claimed by several.

    Mails `without` do not count.
    """
    references = ThreadReference.objects.filter(message_id__in=among(message_ids)).order_by("thread_id")
    threads_by_id: dict[str, list[int]] = defaultdict(list)
    for message_id, thread_id in references.values_list("message_id", "thread_id"):
        threads_by_id[message_id].append(thread_id)
    mentioned = {thread_id for threads in threads_by_id.values() for thread_id in threads}
    logged = Message.objects.filter(thread_id__in=mentioned, sightings__isnull=False)
    conversations = conversations_of(logged.exclude(pk__in=without).distinct(), inbox=inbox, without=without)
    return {
        message_id: found
        for message_id, threads in threads_by_id.items()
        if (found := [conversations[thread_id] for thread_id in threads if thread_id in conversations])
    }


def conversations_of(
    messages: QuerySet[Message], *, inbox: Inbox, without: Collection[int] = ()
) -> dict[int, Conversation]:
    """Of logged e-mails, by thread, with every contact on whose timeline the thread stands, and what the inbox sent of them.

    Mails `without` put it on no timeline.
    """
    sent_here = Exists(Sighting.objects.filter(message=OuterRef("pk"), inbox=inbox, outgoing=True))
    conversations: dict[int, Conversation] = {}
    for thread_id, message_id, from_email, recipients, sent_at, was_sent in messages.values_list(
        "thread_id", "message_id", "from_email", "recipients", "sent_at", sent_here
    ):
        conversation = conversations.setdefault(thread_id, Conversation(set(), set(), set(), sent_at))
        conversation.participants.update((from_email, *(email for _, email, _ in recipients)))
        if message_id:
            conversation.message_ids.add(message_id)
        if message_id and was_sent:
            conversation.sent_ids.add(message_id)
        conversation.logged_since = min(conversation.logged_since, sent_at)
    entries = TimelineEntry.objects.filter(thread_id__in=list(conversations), kind=EntryKind.MAIL)
    entries = entries.exclude(message__in=without)
    for thread_id, contact_id in entries.values_list("thread_id", "contact_id").distinct():
        conversations[thread_id].contact_ids.add(contact_id)
    return conversations


# Asked after almost every slice: the ORM would take longer to put it together than the database to answer.
WAITS_FOR_THE_END = f"""
    SELECT EXISTS (SELECT FROM {InboxPolicy._meta.db_table} WHERE inbox_id = %(inbox)s AND conversations_open)
        OR EXISTS (SELECT FROM {LookBack._meta.db_table} WHERE inbox_id = %(inbox)s)
"""  # noqa: S608 - the names of our own tables


def waits_for_the_end(inbox_id: int) -> bool:
    """Whether something is to be done once the whole window has been read: open conversations, contacts looked back for."""
    with connection.cursor() as cursor:
        cursor.execute(WAITS_FOR_THE_END, {"inbox": inbox_id})
        (waits,) = cursor.fetchone()
    return bool(waits)
