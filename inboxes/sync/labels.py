"""Showing in the mailbox which messages are logged, where its owner wants that: one keyword, set and removed, nothing else.

What was set is remembered as a mark of its own (`Mark.LOGGED`), so that only what has changed is written, and so that the owner's
removing it can be told from our never having set it.
"""

from collections.abc import Callable, Collection, Iterable
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from inboxes.marks import Mark, MarkSource, keyword_to_write
from inboxes.models import Folder, FolderState, LedgerEntry, LedgerState, MarkedMail, MarkState
from inboxes.providers.base import KeywordsNotAllowed, MailboxWriter, RemoteFolder, WritingNotOffered
from inboxes.sync.copying import merge_rows
from inboxes.sync.folders import tolerated
from inboxes.sync.intake import Label, V
from inboxes.sync.marks import FIELDS
from inboxes.sync.slice import Slice

BATCH = 500


def show_logged(run: Slice[V]) -> bool:
    """Labels what is logged, and takes the label off what is logged no more. True when nothing is left.

    A server that allows no keywords is asked once; then its owner has to decide.
    """
    label = run.intake.label
    if label.is_idle:
        return True
    if not _heed_removals(run):
        return False
    try:
        return _write(run, label)
    except WritingNotOffered:
        run.intake.note_label(written=label.wanted, refused=True)
        return True


def _write(run: Slice[V], label: Label) -> bool:
    with run.open_writer() as writer:
        if label.written != label.wanted:
            if label.written and not _take_off(run, writer, label.written, _labelled(run)):
                return False
            run.intake.note_label(written=label.wanted)
        if not label.wanted:
            return True
        try:
            return _take_off(run, writer, label.wanted, _no_more_logged(run)) and _put_on(run, writer, label.wanted)
        except KeywordsNotAllowed:
            run.intake.note_label(written=label.wanted, refused=True)
            return True


def _labelled(run: Slice[V]) -> QuerySet[MarkedMail]:
    folders = [folder.pk for folder, _ in run.readable_folders]
    return MarkedMail.objects.filter(inbox=run.inbox, mark=Mark.LOGGED, folder__in=folders)


def _no_more_logged(run: Slice[V]) -> QuerySet[MarkedMail]:
    logged = LedgerEntry.objects.filter(
        folder=OuterRef("folder"), remote_id=OuterRef("remote_id"), state=LedgerState.LOGGED
    )
    return _labelled(run).filter(~Exists(logged))


def _take_off(run: Slice[V], writer: MailboxWriter, name: str, rows: QuerySet[MarkedMail]) -> bool:
    def take_off(folder: Folder, remote: RemoteFolder, remote_ids: list[str]) -> None:
        writer.set_keyword(remote, remote_ids, keyword_to_write(name), present=False)
        with transaction.atomic():
            run.lease.guard()
            MarkedMail.objects.filter(folder=folder, remote_id__in=remote_ids, mark=Mark.LOGGED).delete()

    return _in_batches(run, rows, take_off)


def _put_on(run: Slice[V], writer: MailboxWriter, name: str) -> bool:
    labelled = MarkedMail.objects.filter(folder=OuterRef("folder"), remote_id=OuterRef("remote_id"), mark=Mark.LOGGED)
    folders = [folder.pk for folder, _ in run.readable_folders]
    logged = LedgerEntry.objects.filter(inbox=run.inbox, state=LedgerState.LOGGED, folder__in=folders)

    def put_on(folder: Folder, remote: RemoteFolder, remote_ids: list[str]) -> None:
        writer.set_keyword(remote, remote_ids, keyword_to_write(name), present=True)
        state = (Mark.LOGGED, MarkSource.KEYWORD, MarkState.HELD, b"")
        rows = [(run.inbox.pk, folder.pk, remote_id, *state) for remote_id in remote_ids]
        with transaction.atomic():
            run.lease.guard()
            merge_rows(MarkedMail, FIELDS, rows, conflict="folder_id, remote_id, mark")

    return _in_batches(run, logged.filter(~Exists(labelled)), put_on)


def _in_batches(run: Slice[V], rows: QuerySet[Any], act: Callable[[Folder, RemoteFolder, list[str]], None]) -> bool:
    """Until no row is left; `act` must have them fall out of `rows`. True when it came to the end."""
    while keys := list(rows.order_by("folder_id", "pk").values_list("folder_id", "remote_id")[:BATCH]):
        readable = {folder.pk: (folder, remote) for folder, remote in run.readable_folders}
        for folder_pk, group in groupby(keys, key=lambda key: key[0]):
            if run.is_over or folder_pk not in readable:
                return False
            folder, remote = readable[folder_pk]
            with tolerated(run, folder):
                act(folder, remote, [remote_id for _, remote_id in group])
        run.lease.keep()
    return True


def _heed_removals(run: Slice[V]) -> bool:
    """Where the owner took the label off a message that is still there, the message is un-logged; it can be undone as any un-logging."""
    lifted = MarkedMail.objects.filter(inbox=run.inbox, mark=Mark.LOGGED, state=MarkState.LIFTED)
    while rows := list(lifted.exclude(folder__in=_unreadable(run)).order_by("folder_id", "pk")[:BATCH]):
        if run.is_over:
            return False
        there = _still_there(run, rows)
        with transaction.atomic():
            run.lease.guard()
            lifted.filter(pk__in=[row.pk for row in rows]).exclude(folder__in=_unreadable(run)).delete()
            logged = LedgerEntry.objects.filter(inbox=run.inbox, state=LedgerState.LOGGED, message__isnull=False)
            found = logged.filter(remote_id__in=[remote_id for _, remote_id in there])
            keys = found.values_list("folder_id", "remote_id", "message_id")
            run.intake.label_removed([message_pk for *place, message_pk in keys if tuple(place) in there])
    return True


def _unreadable(run: Slice[V]) -> list[int]:
    """Folders that may be back at the next slice: their messages are not known to be gone."""
    readable = {folder.pk for folder, _ in run.readable_folders}
    retired = {folder.pk for folder in run.folders.values() if folder.state == FolderState.RETIRED}
    return [folder.pk for folder in run.folders.values() if folder.pk not in readable | retired]


def _still_there(run: Slice[V], rows: Iterable[MarkedMail]) -> Collection[tuple[int, str]]:
    readable = {folder.pk: (folder, remote) for folder, remote in run.readable_folders}
    there: set[tuple[int, str]] = set()
    for folder_pk, group in groupby(rows, key=lambda row: row.folder_id):
        if folder_pk in readable:
            folder, remote = readable[folder_pk]
            with tolerated(run, folder):
                envelopes, _ = run.provider.envelopes(remote, [row.remote_id for row in group])
                there.update((folder_pk, envelope.remote_id) for envelope in envelopes)
    return there
