"""The folders of a mailbox: found, anchored, missed, retired."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog
from django.db import transaction

from inboxes.envelope import FolderRole
from inboxes.models import Folder, FolderState, Inbox, LedgerEntry, LedgerState, ProviderKind
from inboxes.providers.base import CursorExpired, FolderGone, RemoteFolder, TemporarilyUnavailable
from inboxes.sync.intake import V
from inboxes.sync.rekeying import reset_folder
from inboxes.sync.relisting import list_gap
from inboxes.sync.slice import Slice

logger = structlog.get_logger(__name__)

LONGEST_NAME = 1_000
"""Characters of a folder's name or key. Nobody names a folder so; a broken or hostile server may."""
NAME_TOO_LONG = "folder_name_too_long"

SIGHTINGS_MISSED = 3
"""A folder that could not be found so many times in a row is retired; it comes back when it is listed again."""

LISTS_LAST = {ProviderKind.GRAPH: timedelta(minutes=10)}
"""How long a list of folders will do where it costs requests of its own."""


def discover_folders(run: Slice[V]) -> None:
    """Brings the stored folders in line with those the mailbox lists, if it is time to ask, and anchors the new ones.

    Raises `TemporarilyUnavailable` for a mailbox without folders: there is no such thing, so the answer is not believed.
    """
    run.provider.begin()
    run.folders = {folder.remote_id: folder for folder in Folder.objects.filter(inbox=run.inbox)}
    run.mark_names = run.intake.mark_names
    if not _recall(run):
        _list(run)
    listed = [(folder, run.remote_folders.get(remote_id)) for remote_id, folder in run.folders.items()]
    new = [(folder, remote) for folder, remote in listed if remote and not folder.anchor]
    if new:
        run.provider.survey([remote for _, remote in new], since=run.inbox.history_since)
    for folder, remote in new:
        with tolerated(run, folder):
            _anchor(run, folder, remote)


def _recall(run: Slice[V]) -> bool:
    """Takes the folders from the last list, if there is one that will do. Those that a switch of the provider retired were on none
    of its lists, and their names may mean something to it."""
    listed_at, lasts = run.inbox.folders_listed_at, LISTS_LAST.get(ProviderKind(run.inbox.provider))
    if lasts is None or listed_at is None or run.clock() - listed_at >= lasts:
        return False
    listed = [folder for folder in run.folders.values() if folder.state != FolderState.RETIRED]
    found = [folder for folder in listed if not folder.missing_sightings]
    run.remote_folders = {one.remote_id: RemoteFolder(one.remote_id, one.name, FolderRole(one.role)) for one in found}
    return bool(found)


def _list(run: Slice[V]) -> None:
    known = [folder.remote_id for folder in run.folders.values() if folder.anchor and not folder.missing_sightings]
    listed = run.provider.folders(known)
    if not listed:
        raise TemporarilyUnavailable("no_folders")
    run.remote_folders = {remote.remote_id: remote for remote in listed if _can_be_kept(remote)}
    if left_out := sum(not _can_be_kept(remote) for remote in listed):
        logger.warning(NAME_TOO_LONG, inbox_id=run.inbox.pk, folders=left_out)
        run.trouble = NAME_TOO_LONG
    _write_changes(run)
    if ProviderKind(run.inbox.provider) in LISTS_LAST:
        with transaction.atomic():
            run.lease.guard()
            Inbox.objects.filter(pk=run.inbox.pk).update(folders_listed_at=run.clock())


def _can_be_kept(remote: RemoteFolder) -> bool:
    return max(len(remote.remote_id), len(remote.name)) <= LONGEST_NAME


def _write_changes(run: Slice[V]) -> None:
    new = [remote for remote_id, remote in run.remote_folders.items() if remote_id not in run.folders]
    changed = [folder for folder in run.folders.values() if _has_changed(folder, run.remote_folders)]
    unlisted = [
        folder
        for remote_id, folder in run.folders.items()
        if remote_id not in run.remote_folders and folder.state != FolderState.RETIRED
    ]
    if not (new or changed or unlisted):
        return
    with transaction.atomic():
        run.lease.guard()
        made = Folder.objects.bulk_create(
            Folder(inbox=run.inbox, remote_id=remote.remote_id, name=remote.name, role=remote.role) for remote in new
        )
        run.folders |= {folder.remote_id: folder for folder in made}
        for folder in changed:
            _welcome(folder, run.remote_folders[folder.remote_id])
        for folder in unlisted:
            _miss(folder)


def _has_changed(folder: Folder, remotes: dict[str, RemoteFolder]) -> bool:
    remote = remotes.get(folder.remote_id)
    return remote is not None and (
        (folder.name, folder.role) != (remote.name, remote.role) or folder.state == FolderState.RETIRED
    )


def _welcome(folder: Folder, remote: RemoteFolder) -> None:
    folder.name, folder.role = remote.name, remote.role
    if folder.state == FolderState.RETIRED:
        folder.state, folder.missing_sightings = FolderState.MISSING, 0
    folder.save(update_fields=["name", "role", "state", "missing_sightings"])


def _miss(folder: Folder) -> None:
    """Notes that the folder could not be found; what waited for another try in a retired folder waits in vain."""
    folder.missing_sightings += 1
    if folder.missing_sightings >= SIGHTINGS_MISSED:
        folder.state = FolderState.RETIRED
        waiting = LedgerEntry.objects.filter(folder=folder, state=LedgerState.RETRYING)
        waiting.update(state=LedgerState.GONE, retry_at=None)
    elif folder.state == FolderState.LIVE:
        folder.state = FolderState.MISSING
    folder.save(update_fields=["state", "missing_sightings"])


def _anchor(run: Slice[V], folder: Folder, remote: RemoteFolder) -> None:
    """Pins the live cursor before anything is listed: what arrives meanwhile is seen twice rather than never."""
    anchor = run.provider.anchor(remote)
    with transaction.atomic():
        run.lease.guard()
        folder.anchor = folder.live_cursor = anchor
        folder.state = FolderState.LIVE
        folder.save(update_fields=["anchor", "live_cursor", "state"])


@contextmanager
def tolerated(run: Slice[V], folder: Folder) -> Iterator[None]:
    """Deals with the troubles of one folder, so that the others go on: our place in it lost, or all of it."""
    try:
        try:
            yield
        except CursorExpired:
            find_again = list_gap if run.keeps_keys else reset_folder
            find_again(run, folder, run.remote_folders[folder.remote_id])
    except (FolderGone, CursorExpired):
        run.set_aside.add(folder.pk)
        with transaction.atomic():
            run.lease.guard()
            _miss(folder)
