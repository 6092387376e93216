"""After an outage: which messages came while nothing could be read, and what becomes of them. Counted with the page they are on.

Of a message nothing is kept but that: a number goes up, or, while it waits for another try, its ledger row names the outage.
"""

from collections import Counter
from collections.abc import Collection, Mapping

from django.db.models import F

from inboxes.lookups import among
from inboxes.models import Folder, FolderState, Inbox, LedgerEntry, Outage
from inboxes.providers.base import Page
from inboxes.sync.intake import V
from inboxes.sync.slice import Slice

Missed = Mapping[str, int]
"""Remote ids of a page's messages that came during an outage, and its key."""


def running_outage(inbox: Inbox) -> Outage | None:
    """That from which the inbox is about to catch up. No query for one that is well."""
    return Outage.objects.filter(inbox=inbox, caught_up_at=None).first() if inbox.in_outage else None


def missed_in(run: Slice[V], folder: Folder, page: Page, *, again: bool, is_new_mail: bool) -> Missed:
    """Of a page that is handled `again`: what waited since an outage. Where a message came too late to be read before, or its
    folder is listed from the last good sync on, it came during the outage even if its headers cannot be read."""
    if run.outage is None and not again:
        return {}
    dates = {envelope.remote_id: envelope.received_at for envelope in page.envelopes}
    undated = {*(message.remote_id for message in page.unreadable), *page.sifted}
    if again:
        waited = _waited(folder, dates.keys() | undated)
        return {key: one.pk for key, one in waited.items() if key in undated or one.covers(dates[key])}
    if run.outage is None:
        return {}
    covered = {key for key, received_at in dates.items() if run.outage.covers(received_at)}
    return dict.fromkeys(covered | undated if is_new_mail or folder.relist_since else covered, run.outage.pk)


def _waited(folder: Folder, remote_ids: Collection[str]) -> dict[str, Outage]:
    rows = LedgerEntry.objects.filter(folder=folder, remote_id__in=among(list(remote_ids)), outage__isnull=False)
    return {row.remote_id: row.outage for row in rows.select_related("outage") if row.outage}


def note_missed(
    folder: Folder, missed: Missed, *, logged: Collection[str], skipped: Collection[str], failed: Collection[str]
) -> None:
    """Call inside the transaction that concludes the messages, once their ledger rows are written."""
    if not missed:
        return
    counts = {"logged": _by_outage(missed, logged), "skipped": _by_outage(missed, skipped)}
    for outage in counts["logged"].keys() | counts["skipped"].keys():
        more = {name: F(name) + numbers[outage] for name, numbers in counts.items()}
        Outage.objects.filter(pk=outage).update(**more)
    rows = LedgerEntry.objects.filter(folder=folder)
    settled = [key for key in (*logged, *skipped) if key in missed]
    rows.filter(remote_id__in=settled, outage__isnull=False).update(outage=None)
    for outage in {missed[key] for key in failed if key in missed}:
        theirs = [key for key in failed if missed.get(key) == outage]
        rows.filter(remote_id__in=theirs, outage=None).update(outage=outage)


def _by_outage(missed: Missed, remote_ids: Collection[str]) -> Counter[int]:
    return Counter(missed[key] for key in remote_ids if key in missed)


def has_caught_up(run: Slice[V]) -> bool:
    """Whether no mail of the outage is left but what waits for another try."""
    folders = [folder for folder, _ in run.readable_folders]
    # What was only named so far, because there was so much of it, was not tried yet.
    untried = LedgerEntry.objects.filter(outage=run.outage, attempts=0)
    return all(_is_read(run, folder) for folder in folders) and not untried.exists()


def _is_read(run: Slice[V], folder: Folder) -> bool:
    """Whether no new mail is left, and nothing is listed once more because our place was lost: of a past that was never read to its
    end, which is listed from the newest mail on, at least the beginning."""
    if folder.pk not in run.caught_up and folder.remote_id not in run.unchanged:
        return False
    if folder.state == FolderState.RECONCILING or folder.relist_since is not None:
        return False
    return not run.keeps_keys or folder.backfill_done_at is not None or bool(folder.backfill_cursor)
