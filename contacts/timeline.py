"""One page of a contact's timeline: read by keyset, consecutive e-mails of one thread folded under the newest."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby

from django.db.models import Case, Exists, OuterRef, Prefetch, Q, QuerySet, Value, When
from django.db.models.functions import Left
from django.utils import timezone

from contacts.models import Contact, EntryKind, TimelineEntry
from inboxes.models import Attachment, Message, Sighting, Visibility
from users.models import User

ITEMS_PER_PAGE = 15
LONGEST_FOLD = 50
TEXT_SHOWN = 1500
QUOTED_SHOWN = 3000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class InvalidCursor(ValueError):
    """The text is no cursor of ours."""


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A place on a timeline, by which pages continue whatever is added above; `str()` and `parse` for addresses."""

    occurred_at: datetime
    entry_id: int

    def __str__(self) -> str:
        # Whole microseconds: a float would lose some, and with them entries.
        since = self.occurred_at - EPOCH
        return f"{(since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds}-{self.entry_id}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Raises `InvalidCursor`."""
        try:
            microseconds, entry_id = (int(part) for part in text.rsplit("-", 1))
            seconds, fraction = divmod(microseconds, 1_000_000)
            return cls(datetime.fromtimestamp(seconds, UTC).replace(microsecond=fraction), entry_id)
        except (ValueError, OverflowError, OSError) as error:
            raise InvalidCursor from error


@dataclass(frozen=True, slots=True)
class Item:
    """An entry with how many older e-mails of its thread are folded under it, and where the last of them stands."""

    entry: TimelineEntry
    folded: int
    place: Cursor
    last: Cursor


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


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive entries that are shown as one."""

    places: list[Cursor]

    @property
    def head(self) -> Cursor:
        return self.places[0]


def timeline_page(
    contact: Contact, user: User, *, kind: EntryKind | None = None, before: Cursor | None = None
) -> TimelinePage:
    """The newest items older than `before`, in a constant number of queries. A thread's mails fold up to 50 deep."""
    runs, complete = _runs(_entries(contact, user, kind, before))
    shown = runs[:ITEMS_PER_PAGE]
    entries = load_entries([run.head.entry_id for run in shown], user)
    items = [
        Item(entry, len(run.places) - 1, run.head, run.places[-1])
        for run in shown
        if (entry := entries.get(run.head.entry_id))
    ]
    more = not complete or len(runs) > len(shown)
    return TimelinePage(_days(items, before), shown[-1].places[-1] if more and shown else None)


def folded_entries(contact: Contact, user: User, *, head: Cursor, last: Cursor) -> list[TimelineEntry]:
    """The e-mails folded under `head`, newest first: those of its thread older than it, down to `last`."""
    under = _older_than(TimelineEntry.objects.visible_to(user).filter(contact=contact), head)
    in_thread = under.filter(
        thread__in=TimelineEntry.objects.filter(contact=contact, pk=head.entry_id).values("thread"),
        occurred_at__gte=last.occurred_at,
    ).exclude(occurred_at=last.occurred_at, pk__lt=last.entry_id)
    keys = list(in_thread.order_by("-occurred_at", "-pk").values_list("pk", flat=True)[:LONGEST_FOLD])
    entries = load_entries(keys, user)
    return [entries[key] for key in keys if key in entries]


def load_entries(keys: Sequence[int], user: User) -> dict[int, TimelineEntry]:
    """What a page shows of these entries. Of e-mails: the beginning of the text, the files, and whether an inbox of ours sent it.

    Leaves out what went away, or may no longer be known to the user, since the page was read.
    """
    entries = TimelineEntry.objects.filter(pk__in=keys).select_related("note__author")
    found = entries.prefetch_related(Prefetch("message", _mails(user))).in_bulk()
    return {key: entry for key, entry in found.items() if entry.message or entry.note}


def _mails(user: User) -> "QuerySet[Message]":
    shown = Q(visibility=Visibility.EVERYONE) | Q(is_own=True)  # as Message.is_shown

    def beginning(field: str, length: int) -> Case:
        return Case(When(shown, then=Left(field, length + 1)), default=Value(""))

    return (
        Message.objects.visible_to(user)
        .with_access(user)
        .defer("snippet", "body_text", "quoted_text", "body_html", "defects", "participants")
        .annotate(
            outgoing=Exists(Sighting.objects.filter(message=OuterRef("pk"), outgoing=True)),
            text=beginning("body_text", TEXT_SHOWN),
            quote=beginning("quoted_text", QUOTED_SHOWN),
        )
        .prefetch_related(Prefetch("attachments", Attachment.objects.filter(inline=False).order_by("position")))
    )


def _entries(
    contact: Contact, user: User, kind: EntryKind | None, before: Cursor | None
) -> "QuerySet[TimelineEntry, tuple[datetime, int, int | None]]":
    entries: QuerySet[TimelineEntry] = TimelineEntry.objects.visible_to(user).filter(contact=contact)
    if kind:
        entries = entries.filter(kind=kind)
    if before:
        entries = _older_than(entries, before)
    return entries.order_by("-occurred_at", "-pk").values_list("occurred_at", "pk", "thread_id")


def _older_than(entries: "QuerySet[TimelineEntry]", place: Cursor) -> "QuerySet[TimelineEntry]":
    # The first condition is implied by the second, and is the one that the index can start from.
    return entries.filter(occurred_at__lte=place.occurred_at).filter(
        Q(occurred_at__lt=place.occurred_at) | Q(pk__lt=place.entry_id)
    )


def _runs(entries: "QuerySet[TimelineEntry, tuple[datetime, int, int | None]]") -> tuple[list[Run], bool]:
    """Consecutive entries of one thread together, and whether that is all there is.

    A run that reaches the end of what was read may go on: it is left to the next page, where it is read whole, unless it is the
    only one.
    """
    rows = list(entries[: LONGEST_FOLD + 1])
    complete = len(rows) <= LONGEST_FOLD
    runs = [
        Run([Cursor(at, pk) for at, pk, _ in group])
        for _, group in groupby(rows, key=lambda row: row[2] or -row[1])  # a note, having no thread, stands alone
    ]
    if not complete and len(runs) > 1:
        runs.pop()
    return runs, complete


def _days(items: Sequence[Item], before: Cursor | None) -> list[Day]:
    return list(_by_day(items, local_date(before.occurred_at) if before else None))


def _by_day(items: Sequence[Item], continued: date | None) -> Iterator[Day]:
    for day, group in groupby(items, key=lambda item: local_date(item.place.occurred_at)):
        yield Day(day, day != continued, list(group))


def local_date(moment: datetime) -> date:
    """The day of `moment` in the viewer's zone."""
    return timezone.localtime(moment).date()
