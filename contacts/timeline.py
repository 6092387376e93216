"""One page of a contact's timeline: read by keyset, consecutive e-mails of one thread folded under the newest."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.db.models import QuerySet
from django.db.models.functions import Left
from django.utils import timezone

from contacts.models import Contact, EntryKind, Note, TimelineEntry
from inboxes.models import Attachment, Message, Viewer
from inboxes.models.conditions import is_outgoing
from users.keyset import Cursor
from users.models import User

ITEMS_PER_PAGE = 15
LONGEST_FOLD = 50
TEXT_SHOWN = 1500
QUOTED_SHOWN = 3000
MAIL_SHOWN = ("code", "subject", "from_name", "from_email", "recipients", "attachments_stored")


@dataclass(slots=True)
class Entry:
    """A `TimelineEntry` as a page reads it, fifty at a time; what it shows is loaded for few of them."""

    pk: int
    kind: str
    occurred_at: datetime
    message_id: int | None
    thread_id: int | None
    message: Message | None = None
    note: Note | None = None

    @property
    def place(self) -> Cursor:
        return Cursor(self.occurred_at, self.pk)


@dataclass(frozen=True, slots=True)
class Item:
    """Consecutive e-mails of one thread, newest first, of which only the newest is shown; or one note."""

    entries: list[Entry]

    @property
    def entry(self) -> Entry:
        return self.entries[0]

    @property
    def folded(self) -> int:
        return len(self.entries) - 1

    @property
    def place(self) -> Cursor:
        return self.entry.place

    @property
    def last(self) -> Cursor:
        """Where the last of the folded e-mails stands."""
        return self.entries[-1].place


@dataclass(frozen=True, slots=True)
class Day:
    """The items of one day in the viewer's zone; without `heading` they continue the day the page before ended with."""

    date: date
    heading: bool
    items: list[Item]


@dataclass(frozen=True, slots=True)
class TimelinePage:
    days: list[Day]
    older: Cursor | None


def timeline_page(
    contact: Contact, user: User | Viewer, *, kind: EntryKind | None = None, before: Cursor | None = None
) -> TimelinePage:
    """The newest items older than `before`, in a constant number of queries. A thread's mails fold up to 50 deep."""
    viewer = Viewer.of(user)
    entries = TimelineEntry.objects.filter(contact=contact).visible_to(viewer)
    if kind:
        entries = entries.filter(kind=kind)
    found, complete = _items(entries.filter(before.older("occurred_at")) if before else entries)
    items = found[:ITEMS_PER_PAGE]
    more = not complete or len(found) > len(items)
    older = items[-1].last if more and items else None
    there = {entry.pk for entry in _load_shown([item.entry for item in items], viewer)}
    return TimelinePage(_days([item for item in items if item.entry.pk in there], before), older)


def folded_entries(contact: Contact, user: User, *, head: Cursor, last: Cursor) -> list[Entry]:
    """The e-mails folded under `head`, newest first: those of its thread older than it, down to `last`."""
    viewer = Viewer.of(user)
    under = TimelineEntry.objects.filter(head.older("occurred_at"), contact=contact).visible_to(viewer)
    in_thread = under.filter(
        thread__in=contact.timeline.filter(pk=head.key).values("thread"),
        occurred_at__gte=last.moment,
    ).exclude(occurred_at=last.moment, pk__lt=last.key)
    return _load_shown(_newest(in_thread, LONGEST_FOLD), viewer)


def _load_shown(entries: Sequence[Entry], viewer: Viewer) -> list[Entry]:
    """Gives these entries what a page shows of them. Leaves out what went away, or may no longer be known to the viewer, since they
    were read."""
    mails = _mails([entry.message_id for entry in entries if entry.message_id], viewer)
    notes = _notes([entry.pk for entry in entries if entry.kind == EntryKind.NOTE])
    for entry in entries:
        entry.message, entry.note = mails.get(entry.message_id or 0), notes.get(entry.pk)
    return [entry for entry in entries if entry.message or entry.note]


def _notes(keys: Sequence[int]) -> dict[int, Note | None]:
    """By the keys of their entries."""
    entries = TimelineEntry.objects.filter(pk__in=keys).select_related("note__author") if keys else []
    return {entry.pk: entry.note for entry in entries}


def _mails(keys: Sequence[int], viewer: Viewer) -> dict[int, Message]:
    """With `outgoing`, whether an inbox of ours sent it, its `files`, and of those whose text the viewer may see in lists its beginning."""
    shown = {
        "outgoing": is_outgoing(),
        "text": Left("body_text", TEXT_SHOWN + 1),
        "quote": Left("quoted_text", QUOTED_SHOWN + 1),
    }
    known = Message.objects.visible_to(viewer).with_access(viewer).annotate(**shown)
    mails = known.only(*MAIL_SHOWN).in_bulk(keys)
    files: defaultdict[int, list[Attachment]] = defaultdict(list)
    for file in Attachment.objects.filter(message__in=mails, inline=False).order_by("position"):
        files[file.message_id].append(file)
    for mail in mails.values():
        vars(mail).update({"files": files[mail.pk]} if mail.is_shown else {"files": [], "text": "", "quote": ""})
    return mails


def _items(entries: "QuerySet[TimelineEntry]") -> tuple[list[Item], bool]:
    """Consecutive entries of one thread together, and whether that is all there is.

    An item that reaches the end of what was read may go on: it is left to the next page, where it is read whole, unless it is the
    only one.
    """
    found = _newest(entries, LONGEST_FOLD + 1)
    complete = len(found) <= LONGEST_FOLD
    together = groupby(found, key=lambda entry: entry.thread_id or -entry.pk)  # a note, having no thread, stands alone
    items = [Item(list(group)) for _, group in together]
    if not complete and len(items) > 1:
        items.pop()
    return items, complete


def _newest(entries: "QuerySet[TimelineEntry]", number: int) -> list[Entry]:
    # Only what the index has: the table need not be touched.
    read = entries.values_list("pk", "kind", "occurred_at", "message_id", "thread_id")
    return [Entry(*row) for row in read.order_by("-occurred_at", "-pk")[:number]]


def _days(items: Sequence[Item], before: Cursor | None) -> list[Day]:
    return list(_by_day(items, local_date(before.moment) if before else None))


def _by_day(items: Sequence[Item], continued: date | None) -> Iterator[Day]:
    for day, group in groupby(items, key=lambda item: local_date(item.place.moment)):
        yield Day(day, day != continued, list(group))


def local_date(moment: datetime) -> date:
    """The day of `moment` in the viewer's zone."""
    return timezone.localtime(moment).date()
