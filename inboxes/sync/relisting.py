"""When a provider has lost our place in a folder whose messages keep their keys: what may have been missed is listed once more.

Everything that is known keeps its rows and is not asked for again; what nobody handled is decided as any other mail.
"""

from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction

from inboxes.models import Folder
from inboxes.providers.base import RemoteFolder
from inboxes.sync.intake import V
from inboxes.sync.slice import Slice

logger = structlog.get_logger(__name__)

OVERLAP = timedelta(days=1)
"""Before the last good sync: the provider's dates and our clock need not agree."""


def list_gap(run: Slice[V], folder: Folder, remote: RemoteFolder) -> None:
    """Pins a new live cursor and then has the folder listed from the last good sync on; one whose past was not read yet, all of it."""
    anchor = run.provider.anchor(remote)
    last_good = folder.last_ok_at if folder.backfill_done_at else None
    changes: dict[str, Any] = {
        "anchor": anchor,
        "live_cursor": anchor,
        "backfill_cursor": "",
        "backfill_done_at": None,
        "marks_cursor": "",
        "relist_since": last_good - OVERLAP if last_good else folder.relist_since,
    }
    logger.info("place_lost", inbox_id=folder.inbox_id, folder_id=folder.pk, listed_since=changes["relist_since"])
    with transaction.atomic():
        run.lease.guard()
        Folder.objects.filter(pk=folder.pk).update(**changes)
    for name, value in changes.items():
        setattr(folder, name, value)
