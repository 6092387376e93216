"""Another try for messages on the retry ladder."""

from itertools import groupby
from operator import attrgetter

from inboxes.models import LedgerEntry, LedgerState
from inboxes.providers.base import MessageGone, Page, Unreadable
from inboxes.sync.folders import tolerated
from inboxes.sync.intake import V
from inboxes.sync.pages import COULD_NOT_STORE, handle_page
from inboxes.sync.slice import Slice


def retry_due(run: Slice[V]) -> bool:
    """Tries the messages whose time has come, a batch of them. True when none is left for now."""
    due = LedgerEntry.objects.filter(inbox=run.inbox, state=LedgerState.RETRYING, retry_at__lte=run.clock())
    readable = {folder.pk: (folder, remote) for folder, remote in run.readable_folders}
    rows = list(due.filter(folder__in=readable).order_by("folder_id", "retry_at")[: run.batch])
    if any(entry.cause == COULD_NOT_STORE for entry in rows):
        run.reader.take_care()
    for folder_pk, entries in groupby(rows, key=attrgetter("folder_id")):
        folder, remote = readable[folder_pk]
        wanted = {entry.remote_id for entry in entries}
        with tolerated(run, folder):
            envelopes, unreadable = run.provider.envelopes(remote, sorted(wanted))
            missing = wanted - {envelope.remote_id for envelope in envelopes}
            missing -= {message.remote_id for message in unreadable}
            unreadable += [Unreadable(remote_id, MessageGone.cause) for remote_id in sorted(missing)]
            page = Page(envelopes=envelopes, cursor="", done=True, unreadable=unreadable)
            handle_page(run, folder, remote, page, moves={}, again=True)
    return len(rows) < run.batch
