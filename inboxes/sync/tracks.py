"""The two tracks of a folder: new mail first, then the past."""

from datetime import datetime
from typing import Any

from django.db import connection

from inboxes.models import Folder, FolderState
from inboxes.pace import for_the_past
from inboxes.providers.base import Page, RemoteFolder
from inboxes.sync.folders import tolerated
from inboxes.sync.intake import V
from inboxes.sync.pages import handle_page
from inboxes.sync.slice import Slice

# Most slices end so: the ORM would take longer to put it together than to answer.
_NOTE_UNCHANGED = f"""
    UPDATE {Folder._meta.db_table} SET last_ok_at = %(now)s, missing_sightings = 0,
        state = CASE state WHEN '{FolderState.MISSING}' THEN '{FolderState.LIVE}' ELSE state END
    WHERE id = ANY(%(folders)s)
"""  # noqa: S608 - the name of our own table


def look_around(run: Slice[V]) -> None:
    """Asks every folder whether it has new mail."""
    run.unchanged = run.provider.unchanged({folder.remote_id: folder.live_cursor for folder, _ in run.readable_folders})


def follow_live(run: Slice[V]) -> bool:
    """Reads what is new in every folder. True when nothing is left for now."""
    caught_up = True
    for folder, remote in run.readable_folders:
        if folder.remote_id not in run.unchanged:
            if run.is_over:
                return False
            with tolerated(run, folder):
                caught_up &= catch_up(run, folder, remote)
    return caught_up


def catch_up(run: Slice[V], folder: Folder, remote: RemoteFolder) -> bool:
    """Reads one folder's new mail, at least a page. True when nothing is left for now; raises `CursorExpired`, `FolderGone`."""
    while True:
        page = run.provider.live_page(remote, folder.live_cursor)
        caught_up = page.done or page.cursor == folder.live_cursor
        moves = {"live_cursor": page.cursor, **_found(folder), **({"last_ok_at": run.clock()} if caught_up else {})}
        handle_page(run, folder, remote, page, moves=moves)
        run.lease.keep()
        if caught_up:
            run.caught_up.add(folder.pk)
            return True
        if run.is_over:
            return False


def read_past(run: Slice[V]) -> bool:
    """Reads older mail: folders that come first to their end, then a page of each in turn. True when all of it is handled."""
    while unfinished := [pair for pair in run.readable_folders if not pair[0].backfill_done_at]:
        first = [pair for pair in unfinished if run.intake.reads_first(pair[1])]
        for folder, remote in first or unfinished:
            if run.is_over:
                return False
            with tolerated(run, folder):
                if _is_unfollowed(run, folder) and not catch_up(run, folder, remote):
                    return False
                with for_the_past():
                    _read_past_page(run, folder, remote)
    return True


def _is_unfollowed(run: Slice[V], folder: Folder) -> bool:
    """Whether our place in the folder was found again a moment ago. Its past may end there only once what is new is followed from
    there: what came in between would be in neither."""
    return run.keeps_keys and folder.live_cursor == folder.anchor and not folder.backfill_cursor


def _read_past_page(run: Slice[V], folder: Folder, remote: RemoteFolder) -> None:
    page = run.provider.backfill_page(
        remote,
        folder.backfill_cursor,
        anchor=folder.anchor,
        since=_window_start(run, folder),
        interest=run.intake.interest(),
    )
    handle_page(run, folder, remote, page, moves=_past_moves(run, folder, page))
    run.lease.keep()


def _window_start(run: Slice[V], folder: Folder) -> datetime | None:
    """What was missed while our place in the folder was lost is listed again, no more; nothing from before the inbox's window."""
    starts = [start for start in (run.inbox.history_since, folder.relist_since) if start]
    return max(starts, default=None)


def _past_moves(run: Slice[V], folder: Folder, page: Page) -> dict[str, Any]:
    moves = {"backfill_cursor": page.cursor, "remaining": page.remaining, **_found(folder)}
    if page.done or page.cursor == folder.backfill_cursor:
        done = {"backfill_done_at": run.clock(), "relist_since": None}
        moves |= {**done, "remaining": 0, "state": FolderState.LIVE}
    return moves


def _found(folder: Folder) -> dict[str, Any]:
    """What a folder's row says once it was read."""
    moves: dict[str, Any] = {"missing_sightings": 0}
    if folder.state == FolderState.MISSING:
        moves["state"] = FolderState.LIVE
    return moves


def note_unchanged(run: Slice[V]) -> None:
    """Folders without new mail are there, too. Call in a transaction that holds the lease."""
    unchanged = [folder.pk for folder, _ in run.readable_folders if folder.remote_id in run.unchanged]
    with connection.cursor() as cursor:
        cursor.execute(_NOTE_UNCHANGED, {"folders": unchanged, "now": run.clock()})
