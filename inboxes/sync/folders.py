"""The folders of a mailbox: found, anchored, missed, retired."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.db import transaction

from inboxes.models import Folder, FolderState, LedgerEntry, LedgerState
from inboxes.providers.base import CursorExpired, FolderGone, RemoteFolder, TemporarilyUnavailable
from inboxes.sync.intake import V
from inboxes.sync.rekeying import reset_folder
from inboxes.sync.slice import Slice

logger = structlog.get_logger(__name__)

LONGEST_NAME = 1_000
"""Characters of a folder's name or key. Nobody names a folder so; a broken or hostile server may."""
NAME_TOO_LONG = "folder_name_too_long"

SIGHTINGS_MISSED = 3
"""A folder that could not be found so many times in a row is retired; it comes back when it is listed again."""


def discover_folders(run: Slice[V]) -> None:
    """Brings the stored folders in line with those the mailbox lists, and anchors the new ones.

    Raises `TemporarilyUnavailable` for a mailbox without folders: there is no such thing, so the answer is not believed.
    """
    listed = run.provider.folders()
    if not listed:
        raise TemporarilyUnavailable("no_folders")
    run.remote_folders = {remote.remote_id: remote for remote in listed if _can_be_kept(remote)}
    if left_out := sum(not _can_be_kept(remote) for remote in listed):
        logger.warning(NAME_TOO_LONG, inbox_id=run.inbox.pk, folders=left_out)
        run.trouble = NAME_TOO_LONG
    run.folders = {folder.remote_id: folder for folder in Folder.objects.filter(inbox=run.inbox)}
    _write_changes(run)
    for remote_id, folder in run.folders.items():
        if not folder.anchor and remote_id in run.remote_folders:
            with tolerated(run, folder):
                _anchor(run, folder, run.remote_folders[remote_id])


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
    """Deals with the troubles of one folder, so that the others go on: renumbered, or gone."""
    try:
        try:
            yield
        except CursorExpired:
            reset_folder(run, folder, run.remote_folders[folder.remote_id])
    except (FolderGone, CursorExpired):
        run.set_aside.add(folder.pk)
        with transaction.atomic():
            run.lease.guard()
            _miss(folder)
