"""What a colleague sees of the mail that an inbox has logged, by the very same questions that their own pages ask."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Exists, Min, OuterRef, Prefetch

from contacts.models import Contact, TimelineEntry
from inboxes.models import AccessRequest, Inbox, Message, MessageQuerySet, Sighting, TeamMail, Viewer, Visibility
from inboxes.models.conditions import names
from users.keyset import Cursor
from users.models import User

PAGE_MAILS = 50


class Because(StrEnum):
    """Why a colleague sees as much of an e-mail as they do."""

    EVERYONE = "everyone"
    OWN = "own"
    TEAM = "team"
    PARTICIPANT = "participant"
    GRANTED = "granted"
    SUBJECT = "subject"


@dataclass(frozen=True, slots=True)
class SeenMail:
    """`until` is set when the owner let them in."""

    message: Message
    because: Because
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Totals:
    """Of the e-mails the inbox has logged: how many the colleague can open, sees the subject of, and knows nothing of."""

    logged: int
    readable: int
    visible: int

    @property
    def subject_only(self) -> int:
        return self.visible - self.readable

    @property
    def unknown(self) -> int:
        return self.logged - self.visible


@dataclass(frozen=True, slots=True)
class ViewAs:
    """One page, newest mail first. `older` continues it; None on the last page."""

    mails: list[SeenMail]
    totals: Totals
    older: Cursor | None


def view_as(inbox: Inbox, person: User, *, contact: Contact | None = None, before: Cursor | None = None) -> ViewAs:
    """For the owner of the inbox only. Constant queries."""
    logged = logged_by_inbox(inbox, contact)
    mails, older = _page(logged, person, before)
    return ViewAs(mails, totals_of(logged, person), older)


def all_seen(inbox: Inbox, person: User, *, contact: Contact | None = None) -> Iterator[SeenMail]:
    """The mails of all pages."""
    logged, older = logged_by_inbox(inbox, contact), None
    while True:
        mails, older = _page(logged, person, older)
        yield from mails
        if older is None:
            return


def totals_of(logged: MessageQuerySet, person: User) -> Totals:
    return Totals(
        logged=logged.count(),
        readable=logged.readable_by(person).count(),
        visible=logged.visible_to(person).count(),
    )


def _page(logged: MessageQuerySet, person: User, after: Cursor | None) -> tuple[list[SeenMail], Cursor | None]:
    """And where the next one begins, if there is one."""
    rows = logged.visible_to(person).with_access(person)
    if after:
        rows = rows.filter(after.older("sent_at"))
    found = list(_in_reading_order(rows)[: PAGE_MAILS + 1])
    shown = found[:PAGE_MAILS]
    more = len(found) > len(shown)
    return _with_reasons(shown, person), Cursor(shown[-1].sent_at, shown[-1].pk) if more else None


def logged_by_inbox(inbox: Inbox, contact: Contact | None) -> MessageQuerySet:
    mails: MessageQuerySet = Message.objects.filter(
        Exists(Sighting.objects.filter(message=OuterRef("pk"), inbox=inbox))
    )
    if contact:
        mails = mails.filter(Exists(TimelineEntry.objects.filter(message=OuterRef("pk"), contact=contact)))
    return mails


def _in_reading_order(mails: MessageQuerySet) -> MessageQuerySet:
    entries = Prefetch("timeline_entries", TimelineEntry.objects.select_related("contact").order_by("pk"))
    fields = ("code", "subject", "from_name", "from_email", "sent_at")
    return mails.only(*fields).prefetch_related(entries).order_by("-sent_at", "-pk")


def _with_reasons(messages: Sequence[Message], person: User) -> list[SeenMail]:
    keys = [message.pk for message in messages]
    takes_part = set(Message.objects.filter(names(Viewer.of(person)), pk__in=keys).values_list("pk", flat=True))
    grants = AccessRequest.objects.in_force().filter(person=person, sighting__message__in=keys)
    ends = dict(grants.values_list("sighting__message").annotate(first=Min("granted_until")))
    in_teams = set(TeamMail.objects.visible_to(person).filter(message__in=keys).values_list("message_id", flat=True))
    seen = [
        (message, _because(message, in_team=message.pk in in_teams, takes_part=message.pk in takes_part))
        for message in messages
    ]
    return [
        SeenMail(message, because, ends.get(message.pk) if because is Because.GRANTED else None)
        for message, because in seen
    ]


def _because(message: Message, *, in_team: bool, takes_part: bool) -> Because:
    if not message.is_readable:
        return Because.SUBJECT
    if message.visibility == Visibility.EVERYONE:
        return Because.EVERYONE
    if in_team:
        return Because.TEAM
    if message.is_own:
        return Because.OWN
    return Because.PARTICIPANT if takes_part else Because.GRANTED
