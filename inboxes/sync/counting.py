"""Counting decisions by the day a message was sent, in the transaction that concludes its page."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date

from django.db import connection
from django.db.models import Count
from django.db.models.functions import TruncDate

from inboxes.arrays import array_literal
from inboxes.envelope import Envelope
from inboxes.models import DailyCount, Folder, LedgerEntry, LedgerState
from inboxes.sync.handled import skipped_among

Tally = Counter[tuple[date, str]]
"""How many messages by day and decision code."""
Moves = Counter[tuple[int, date, str, str]]
"""How many messages of a folder and a day are counted under another code from now on: from, to."""


def day_of(envelope: Envelope) -> date:
    return envelope.sent_at.astimezone(UTC).date()


def codes_of(tally: Tally) -> Counter[str]:
    """The same without the days."""
    codes: Counter[str] = Counter()
    for (_, code), messages in tally.items():
        codes[code] += messages
    return codes


def add_to_days(folder: Folder, tally: Tally) -> None:
    """One statement, however many days."""
    if not tally:
        return
    rows = sorted((day, code, messages) for (day, code), messages in tally.items())
    table = DailyCount._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (folder_id, day, code, messages)"  # noqa: S608 - the name of our own table
            " SELECT %s, * FROM unnest(%s::date[], %s::text[], %s::int[])"
            f" ON CONFLICT (folder_id, day, code) DO UPDATE SET messages = {table}.messages + EXCLUDED.messages",
            [folder.pk, *map(array_literal, zip(*rows, strict=True))],
        )


def take_from_days(folder: Folder, tally: Tally) -> None:
    """Uncounts messages that were counted before; what was never counted cannot be taken away. Two statements, however many days."""
    if not tally:
        return
    rows = [(day, code, messages) for (day, code), messages in tally.items()]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {DailyCount._meta.db_table} counted SET messages = greatest(counted.messages - taken.messages, 0)"  # noqa: S608
            " FROM unnest(%s::date[], %s::text[], %s::int[]) AS taken (day, code, messages)"
            " WHERE counted.folder_id = %s AND counted.day = taken.day AND counted.code = taken.code",
            [*map(array_literal, zip(*rows, strict=True)), folder.pk],
        )
    DailyCount.objects.filter(folder=folder, messages=0).delete()


def recount(moves: Moves) -> None:
    """Counts messages under another code. Shut the inbox's workers out first: they count in memory."""
    folders = Folder.objects.filter(pk__in={folder_id for folder_id, *_ in moves})
    for folder in folders.order_by("pk").select_for_update():
        taken: Tally = Counter()
        given: Tally = Counter()
        for (folder_id, day, before, after), messages in moves.items():
            if folder_id == folder.pk:
                taken[day, before] += messages
                given[day, after] += messages
        take_from_days(folder, taken)
        add_to_days(folder, given)
        folder.counts = dict(Counter(folder.counts) - codes_of(taken) + codes_of(given))
        folder.save(update_fields=["counts"])


def given_before(folder: Folder, envelopes: Collection[Envelope], presumed: Mapping[str, str]) -> Tally:
    """The codes by which messages are counted that are about to be decided anew. Which code a skipped one got is not kept: it is
    taken to be the presumed one."""
    remote_ids = [envelope.remote_id for envelope in envelopes]
    stored = LedgerEntry.objects.filter(folder=folder, remote_id__in=remote_ids)
    codes = dict(stored.filter(state__in=(LedgerState.LOGGED, LedgerState.KEPT)).values_list("remote_id", "code"))
    skipped = skipped_among(folder, presumed.keys() - codes.keys())
    codes |= {remote_id: presumed[remote_id] for remote_id in skipped}
    return Counter((day_of(one), codes[one.remote_id]) for one in envelopes if one.remote_id in codes)


def oldest_day(folder: Folder) -> date | None:
    """Of the days on which something of the folder is counted."""
    return DailyCount.objects.filter(folder=folder).order_by("day").values_list("day", flat=True).first()


def count_nothing(folder: Folder) -> None:
    """Before everything in the folder is listed and counted again."""
    DailyCount.objects.filter(folder=folder).delete()


def count_anew(folders: Iterable[Folder]) -> dict[int, Counter[str]]:
    """Forgets what was counted but for what is stored, which is not counted again when it is listed again; its codes by folder."""
    found = list(folders)
    DailyCount.objects.filter(folder__in=found).delete()
    stored = LedgerEntry.objects.filter(folder__in=found, message__isnull=False)
    days = stored.annotate(day=TruncDate("message__sent_at", tzinfo=UTC)).values_list("folder_id", "day", "code")
    counts = list(days.annotate(messages=Count("pk")))
    DailyCount.objects.bulk_create(
        DailyCount(folder_id=folder, day=day, code=code, messages=messages) for folder, day, code, messages in counts
    )
    codes: dict[int, Counter[str]] = {folder.pk: Counter() for folder in found}
    for folder, _, code, messages in counts:
        codes[folder][code] += messages
    return codes
