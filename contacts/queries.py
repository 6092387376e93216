"""Reads of contacts and companies: lists, search, and what surrounds a timeline."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, F, Max, Model, OuterRef, Prefetch, Q, QuerySet

from contacts import search
from contacts.models import Company, Contact, ContactAddress, MergedContact, TimelineEntry
from inboxes.lookups import among_keys
from inboxes.models import Attachment, Message, MessageQuerySet, Sighting, TeamMail, Viewer
from inboxes.models.conditions import in_team_of
from inboxes.models.singly import exists_singly
from users.models import User

Found = TypeVar("Found", bound=Model)

CONTACTS_LISTED = 10_000  # nobody pages further; beyond it a search is the way
COLLEAGUES_SHOWN = 6
CANDIDATES = 10
MAILS_COUNTED_FOR_TALKERS = 200

CONTACT_ORDERS = {
    "name": (F("sort_key").asc(), F("pk").asc()),
    "-name": (F("sort_key").desc(), F("pk").desc()),
    "activity": (F("last_activity_at").asc(nulls_first=True), F("pk").asc()),
    "-activity": (F("last_activity_at").desc(nulls_last=True), F("pk").desc()),
    "company": (F("company__name").asc(nulls_last=True), F("sort_key").asc(), F("pk").asc()),
    "-company": (F("company__name").desc(nulls_last=True), F("sort_key").asc(), F("pk").asc()),
    "owner": (F("owner__name").asc(nulls_last=True), F("sort_key").asc(), F("pk").asc()),
    "-owner": (F("owner__name").desc(nulls_last=True), F("sort_key").asc(), F("pk").asc()),
}
DEFAULT_CONTACT_ORDER = "-activity"


def contact_list(
    user: User, *, text: str = "", sort: str = DEFAULT_CONTACT_ORDER, mine: bool = False, company: Company | None = None
) -> "QuerySet[Contact]":
    """Contacts as the list shows them, at most 10,000; text without a word or number in it finds nothing."""
    contacts: QuerySet[Contact] = Contact.objects.visible_to(user).select_related("company", "owner")
    if mine:
        contacts = contacts.filter(owner=user)
    if company:
        contacts = contacts.filter(company=company)
    if text.strip():
        contacts = matching(contacts, text)
    in_order = contacts.defer("search", "company__search").order_by(
        *CONTACT_ORDERS.get(sort, CONTACT_ORDERS[DEFAULT_CONTACT_ORDER])
    )
    return in_order.prefetch_related(with_addresses())[:CONTACTS_LISTED]


def company_list(user: User, *, text: str = "") -> "QuerySet[Company]":
    """Companies by name with how many contacts each has and when one of them was last active."""
    companies: QuerySet[Company] = Company.objects.visible_to(user)
    if text.strip():
        companies = matching(companies, text)
    return (
        companies.defer("search")
        .annotate(
            contact_count=Count("contacts", filter=Q(contacts__withdrawn_at=None)),
            last_activity_at=Max("contacts__last_activity_at", filter=Q(contacts__withdrawn_at=None)),
        )
        .order_by("name", "pk")[:CONTACTS_LISTED]
    )


def mail_found(user: User, text: str) -> "QuerySet[Message]":
    """E-mails on timelines or in team inboxes of the user's, by words of their subject, sender and recipients, newest first, each
    with its timelines."""
    on_timelines = exists_singly(TimelineEntry.objects.filter(message=OuterRef("pk")))
    viewer = Viewer.of(user)
    known = Message.objects.visible_to(viewer).filter(Q(on_timelines) | Q(in_team_of(viewer))).with_access(viewer)
    return (
        matching(known, text, field="index__search")
        .only("code", "subject", "from_name", "from_email", "sent_at", "snippet")
        .prefetch_related(_with_timelines(user))
        .order_by("-index__sent_at", "-index__message")
    )


def team_mail_matching(text: str) -> "QuerySet[TeamMail]":
    """Mail of team inboxes by the same words, for whoever narrows it to an inbox that the person reads; without any word, none."""
    return matching(TeamMail.objects.all(), text, field="message__index__search")


def mail_in_full(user: User) -> "QuerySet[Message]":
    """Logged e-mails the user may open, with what their page shows: files, timelines, inboxes."""
    files = Prefetch("attachments", Attachment.objects.order_by("position"))
    return (
        _surroundings(Message.objects.readable_by(user), user).defer("defects", "participants").prefetch_related(files)
    )


def mail_in_outline(user: User) -> "QuerySet[Message]":
    """Logged e-mails the user may know of, without what is inside them."""
    inside = ("snippet", "body_text", "quoted_text", "body_html", "defects", "size", "raw_key", "participants")
    return _surroundings(Message.objects.visible_to(user), user).defer(*inside)


def _surroundings(messages: MessageQuerySet, user: User) -> MessageQuerySet:
    return messages.with_access(user).prefetch_related(
        _with_timelines(user),
        Prefetch("sightings", Sighting.objects.known_to(user).select_related("inbox__owner").order_by("pk")),
    )


def _with_timelines(user: User) -> "Prefetch[str, QuerySet[TimelineEntry], str]":
    known = TimelineEntry.objects.visible_to(user)
    return Prefetch("timeline_entries", known.select_related("contact").order_by("pk"))


def matching(found: "QuerySet[Found]", text: str, field: str = "search") -> "QuerySet[Found]":
    """Those whose search text has every term of `text`."""
    query = search.query(text)
    return found.filter(**{f"{field}__matches": query}) if query else found.none()


def with_addresses() -> "Prefetch[str, QuerySet[ContactAddress], str]":
    return Prefetch("addresses", ContactAddress.objects.order_by("position", "pk"))


def contact_record(user: User, code: UUID) -> Contact | None:
    """The contact of this code with all its page names; the one it was merged into if it was."""
    contacts = Contact.objects.visible_to(user).select_related("company", "owner", "created_by")
    contacts = contacts.defer("search", "company__search").prefetch_related(with_addresses())
    try:
        return contacts.get(code=code)
    except Contact.DoesNotExist:
        return contacts.filter(merged__former_code=code).first()


def colleagues_of(contact: Contact, user: User) -> list[Contact]:
    """Other contacts at the same company, last active first."""
    if contact.company_id is None:
        return []
    others = Contact.objects.visible_to(user).filter(company=contact.company_id).exclude(pk=contact.pk)
    return list(others.only("code", "name", "job_title").order_by(*CONTACT_ORDERS["-activity"])[:COLLEAGUES_SHOWN])


@dataclass(frozen=True, slots=True)
class Talker:
    """A person of the workspace, or a team by its name, through whose inbox e-mails with a contact were logged."""

    name: str
    mails: int
    last_at: datetime


def talkers_with(contact: Contact, user: User | Viewer) -> list[Talker]:
    """Who exchanges e-mails with the contact, most e-mails first; counted over the newest 200 so that it stays cheap.

    Of what `TimelineEntry.objects.visible_to` and `SightingQuerySet.known_to` tell the user. Written out, because every contact's
    page shows it: as querysets it took longer to put together than to answer.
    """
    viewer = Viewer.of(user)
    if not viewer.person.is_active:
        return []
    asked: dict[str, int | list[int] | list[str]] = {
        "contact": contact.pk,
        "own": viewer.own,
        "joined": viewer.joined,
        "teams": viewer.teams,
        "let_in": viewer.let_in,
        "addresses": viewer.addresses,
        "read": [*viewer.own, *viewer.joined],
        "counted": MAILS_COUNTED_FOR_TALKERS,
        "shown": COLLEAGUES_SHOWN,
    }
    with connection.cursor() as cursor:
        cursor.execute(TALKERS, asked)
        return [Talker(*row) for row in cursor.fetchall()]


# The sightings are looked up e-mail by e-mail: PostgreSQL would rather read all there are.
TALKERS = """
    SELECT
        CASE inbox.kind WHEN 'team' THEN coalesce(nullif(inbox.name, ''), inbox.address) ELSE owner.name END AS name,
        count(DISTINCT newest.message_id) AS mails,
        max(newest.occurred_at)
    FROM (
        SELECT message_id, occurred_at FROM contacts_timelineentry
        WHERE contact_id = %(contact)s AND message_id IS NOT NULL AND (
            NOT private OR inboxes_known_as_logged(
                message_id, %(own)s::bigint[], %(joined)s::bigint[], %(teams)s::bigint[], %(let_in)s::bigint[], %(addresses)s::varchar[]
            )
        )
        ORDER BY occurred_at DESC, id DESC LIMIT %(counted)s
    ) newest
    CROSS JOIN LATERAL (
        SELECT inbox_id FROM inboxes_sighting sighting
        WHERE sighting.message_id = newest.message_id AND (
            visibility <> 'private' OR inbox_id = ANY (%(read)s::bigint[]) OR id = ANY (%(let_in)s::bigint[]) OR COALESCE((
                SELECT true FROM inboxes_message WHERE id = newest.message_id AND participants && %(addresses)s::varchar[]
            ), false)
        )
        OFFSET 0
    ) known
    JOIN inboxes_inbox inbox ON inbox.id = known.inbox_id
    JOIN users_user owner ON owner.id = inbox.owner_id
    GROUP BY inbox.kind, CASE inbox.kind WHEN 'team' THEN inbox.id ELSE owner.id END, 1
    ORDER BY mails DESC, name LIMIT %(shown)s
"""


def merge_candidates(contact: Contact, user: User, *, text: str = "") -> list[Contact]:
    """Contacts that may be the same person: those found by `text`, or without it those that have all words of the name."""
    return [other for other in contact_list(user, text=text or contact.name)[: CANDIDATES + 1] if other != contact]


def messages_only_on(contact: Contact) -> "QuerySet[TimelineEntry, int]":
    """Keys of the e-mails that stand on no other contact's timeline: they are erased with the contact."""
    elsewhere = TimelineEntry.objects.filter(message=OuterRef("message")).exclude(contact=contact)
    mails = contact.timeline.filter(message__isnull=False)
    return mails.filter(~Exists(elsewhere)).values_list("message_id", flat=True)


def survivors_of(contact_ids: Collection[int]) -> dict[int, int]:
    """Each of the contacts that is still there, withdrawn or not, or the one that it was merged into, by the key asked for."""
    wanted = set(contact_ids)
    alive = set(Contact.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    merged = MergedContact.objects.filter(former_id__in=wanted - alive).values_list("former_id", "contact_id")
    return {pk: pk for pk in alive} | dict(merged)


def left_alone(contact_ids: Collection[int], *, without: Collection[int] = ()) -> "QuerySet[Contact]":
    """Those of the contacts that were created automatically and have nothing on them but, perhaps, the e-mails `without`."""
    entries = TimelineEntry.objects.filter(contact=OuterRef("pk")).exclude(message__in=among_keys(without))
    made = Contact.objects.filter(pk__in=contact_ids, created_automatically_from__isnull=False, withdrawn_at=None)
    return made.filter(~Exists(entries), merged=None)


@dataclass(frozen=True, slots=True)
class Belongings:
    """What hangs on a contact: how many addresses, e-mails on its timeline, of these on no other, and notes."""

    addresses: int
    mails: int
    mails_only_here: int
    notes: int

    @property
    def mails_kept(self) -> int:
        """E-mails that outlive the contact, on the timelines of others."""
        return self.mails - self.mails_only_here


def belongings_of(contact: Contact, user: User) -> Belongings:
    """As far as the user may know of it."""
    mails = contact.timeline.visible_to(user).filter(message__isnull=False)
    return Belongings(
        addresses=contact.addresses.count(),
        mails=mails.count(),
        mails_only_here=mails.filter(message__in=messages_only_on(contact)).count(),
        notes=contact.notes.count(),
    )
