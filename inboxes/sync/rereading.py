"""Reading a mailbox's window once more, because other settings or other contacts hold now.

Only headers are read again. What is logged stays logged and is not fetched again: its ledger rows keep their keys.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from inboxes.models import Folder, FolderState, HandledPage, Inbox
from inboxes.sync.counting import count_anew


@transaction.atomic
def read_again(inbox_id: int, *, now: datetime) -> None:
    """Every folder is anchored and its past listed anew by the next slices, or once it is back. A slice that runs meanwhile loses
    its lease."""
    Inbox.objects.filter(pk=inbox_id).update(
        generation=F("generation") + 1,
        lease_owner="",
        lease_expires_at=None,
        backfill_done_at=None,
        next_due_at=now,
    )
    folders = Folder.objects.filter(inbox=inbox_id)
    HandledPage.objects.filter(folder__in=folders).delete()
    counts = count_anew(folders)
    for folder in folders:
        folder.counts = dict(counts[folder.pk])
        folder.anchor, folder.live_cursor, folder.backfill_cursor = "", "", ""
        folder.backfill_done_at, folder.relist_since = None, None
        if folder.state != FolderState.RETIRED:
            folder.state = FolderState.NEW
        cursors = ["anchor", "live_cursor", "backfill_cursor"]
        folder.save(update_fields=["counts", *cursors, "backfill_done_at", "relist_since", "state"])
