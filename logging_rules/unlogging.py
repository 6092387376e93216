"""Un-logging: which of the logged e-mails are meant, and what would disappear with them. Reads only.

Whoever calls has checked with `decided_by` that the person may say what is logged of the inbox.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, Sum
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from contacts.models import Contact, MailIndex, TimelineEntry
from contacts.queries import left_alone
from inboxes.lookups import among_keys
from inboxes.models import Attachment, Inbox, InboxKind, Message, MessageQuerySet, Sighting, TeamMail, Visibility
from logging_rules.models import UnloggedSighting
from users.models import User

SAMPLES = 5
CONTACTS_NAMED = 10

NAMING = f"""
    SELECT message.id FROM {Message._meta.db_table} message
    JOIN {Sighting._meta.db_table} sighting ON sighting.message_id = message.id AND sighting.inbox_id = %s
    WHERE EXISTS (SELECT FROM unnest(message.participants) AS email WHERE email LIKE ANY(%s))
"""  # noqa: S608 - the names of our own tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Logged e-mails of one inbox: those that meet every condition that is given; without any, all of them.

    `code` and `rule` are those of the decision that logged them; `since` and `until` (exclusive) are times of sending;
    `newest` is the key of the latest sighting that is meant, so that what was logged after a preview is left alone.
    """

    inbox: Inbox
    message_ids: Sequence[int] | None = None
    thread_id: int | None = None
    code: str = ""
    rule: str = ""
    contact_id: int | None = None
    address: str = ""
    domain: str = ""
    with_subdomains: bool = False
    since: datetime | None = None
    until: datetime | None = None
    newest: int | None = None

    def sightings(self) -> "QuerySet[Sighting]":
        return Sighting.objects.filter(self._condition, inbox=self.inbox)

    @property
    def _condition(self) -> Q:
        plain = {
            "message__in": self.message_ids,
            "message__thread": self.thread_id,
            "reason": self.code or None,
            "rule": self.rule or None,
            "message__sent_at__gte": self.since,
            "message__sent_at__lt": self.until,
            "pk__lte": self.newest,
        }
        condition = Q(**{name: value for name, value in plain.items() if value is not None})
        if self.contact_id is not None:
            entries = TimelineEntry.objects.filter(message=OuterRef("message"), contact=self.contact_id)
            condition &= Q(Exists(entries))
        if patterns := self._patterns:
            naming = RawSQL(NAMING, [self.inbox.pk, patterns])  # noqa: S611 - values are parameters
            condition &= Q(message__in=naming)
        return condition

    @property
    def _patterns(self) -> list[str]:
        """What an address that is meant looks like, for LIKE."""
        escaped = str.maketrans({"%": r"\%", "_": r"\_", "\\": r"\\"})
        address, domain = self.address.translate(escaped), self.domain.translate(escaped)
        patterns = [address] if address else []
        if domain:
            patterns += [f"%@{domain}", *([f"%.{domain}"] if self.with_subdomains else [])]
        return patterns

    @property
    def in_codes(self) -> dict[str, Any]:
        """How the mails were chosen, without an address: for the record that stays."""
        said: dict[str, Any] = {
            "messages": len(self.message_ids) if self.message_ids is not None else None,
            "thread": self.thread_id,
            "code": self.code or None,
            "rule": self.rule or None,
            "contact": self.contact_id,
            "address": True if self.address else None,
            "domain": True if self.domain else None,
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
        }
        return {name: value for name, value in said.items() if value is not None}


def selections_around(message: Message, inbox: Inbox) -> dict[str, tuple[Selection, int]]:
    """The e-mail alone and, if there is more of it, the conversation it belongs to, each with how many e-mails of the inbox that are."""
    conversation = Selection(inbox=inbox, thread_id=message.thread_id)
    size = conversation.sightings().count()
    alone = {"mail": (Selection(inbox=inbox, message_ids=[message.pk]), 1)}
    return alone | ({"thread": (conversation, size)} if size > 1 else {})


def inboxes_reached(inbox: Inbox) -> "QuerySet[Inbox]":
    """Those in which a mail is un-logged together with this one, removed ones too: all personal inboxes of its owner; a team inbox stands
    alone, but for what it was before it was removed and connected again."""
    if inbox.kind == InboxKind.TEAM:
        return Inbox.with_removed.filter(kind=InboxKind.TEAM, address=inbox.address)
    return Inbox.with_removed.filter(owner=inbox.owner_id, kind=InboxKind.PERSONAL)


def kept_for_undo() -> Exists:
    """Condition on messages: an un-logging of it can still be undone."""
    pending = UnloggedSighting.objects.filter(message=OuterRef("pk"), unlogging__expires_at__gt=Now())
    return Exists(pending)


@dataclass(frozen=True, slots=True)
class Preview:
    """What un-logging a selection would do.

    `mails` would be un-logged. `shared` of them stay for the `holders`, through whose inboxes they were logged too, and `opened` of
    these for more colleagues than now, because it is this person's inbox that limits who sees them. The others disappear with their
    `files`, `size` (bytes), `entries` on timelines, `index_rows` and `contacts`. `also_in`: other inboxes of the same person.
    `newest` goes into the selection that is confirmed.
    """

    mails: int
    shared: int
    opened: int
    holders: list[str]
    also_in: list[Inbox]
    files: int
    size: int
    entries: int
    index_rows: int
    contacts: int
    contacts_named: list[Contact]
    first_at: datetime | None
    last_at: datetime | None
    reasons: dict[str, int]
    samples: list[Message]
    newest: int

    @property
    def disappearing(self) -> int:
        return self.mails - self.shared


def _known(mails: MessageQuerySet, inbox: Inbox, viewer: User) -> MessageQuerySet:
    """Who manages a team inbox need not be a member. Whose inbox it is knows all that it logged."""
    return mails.visible_to(viewer) if inbox.kind == InboxKind.TEAM else mails


def _listed(inbox: Inbox, keys: Collection[int]) -> set[int]:
    """Those that stay in the list of a team. No query for a personal inbox."""
    if inbox.kind != InboxKind.TEAM:
        return set()
    listed = TeamMail.objects.filter(inbox=inbox, message__in=among_keys(keys))
    return set(listed.values_list("message_id", flat=True))


def preview(selection: Selection, *, viewer: User) -> Preview:
    """A constant number of queries, whatever the size of the selection. Samples are of what the viewer may know of."""
    inbox, sightings = selection.inbox, selection.sightings()
    reached = list(inboxes_reached(inbox).order_by("address"))
    keys = set(sightings.values_list("message_id", flat=True))
    others = Sighting.objects.filter(message__in=among_keys(keys)).exclude(inbox__in=reached)
    limited = Sighting.objects.filter(message__in=among_keys(keys)).exclude(visibility=Visibility.EVERYONE)
    held = set(others.values_list("message_id", "inbox"))
    holders = Inbox.with_removed.filter(pk__in={inbox_id for _, inbox_id in held}).select_related("owner")
    holding = set(
        Sighting.objects.filter(message__in=among_keys(keys), inbox__in=reached)
        .values_list("inbox_id", flat=True)
        .distinct()
    )
    chosen, gone = Message.objects.filter(pk__in=among_keys(keys)), keys - {message_id for message_id, _ in held}
    # What the members of a team have in their list stays stored, and is found there.
    erased = gone - _listed(inbox, gone)
    own_limits = set(limited.filter(inbox__in=reached).values_list("message_id", flat=True))
    others_limits = set(limited.exclude(inbox__in=reached).values_list("message_id", flat=True))
    entries = TimelineEntry.objects.filter(message__in=among_keys(gone))
    withdrawn = left_alone(set(entries.values_list("contact_id", flat=True)), without=gone)
    reasons = sightings.values_list("reason").annotate(mails=Count("pk")).order_by("-mails", "reason")
    return Preview(
        mails=len(keys),
        shared=len(keys) - len(gone),
        opened=len((keys - gone) & own_limits - others_limits),
        holders=sorted({holder.holder for holder in holders}),
        also_in=[other for other in reached if other.pk in holding and other != inbox],
        files=Attachment.objects.filter(message__in=among_keys(erased)).count(),
        size=Message.objects.filter(pk__in=among_keys(erased)).aggregate(size=Sum("size"))["size"] or 0,
        entries=entries.count(),
        index_rows=MailIndex.objects.filter(message__in=among_keys(erased)).count(),
        contacts=withdrawn.count(),
        contacts_named=list(withdrawn.order_by("sort_key", "pk")[:CONTACTS_NAMED]),
        **chosen.aggregate(first_at=Min("sent_at"), last_at=Max("sent_at")),
        reasons=dict(reasons),
        samples=list(
            _known(chosen, inbox, viewer)
            .only("code", "subject", "from_name", "from_email", "sent_at")
            .order_by("-sent_at", "-pk")[:SAMPLES]
        ),
        newest=sightings.aggregate(newest=Max("pk"))["newest"] or 0,
    )
