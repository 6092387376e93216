"""The owner's marks: seen in the mailbox, and acted on. What follows when they are gone: `inboxes.sync.unmarking`.

A change is first noted and then acted on, each in its own transaction, so that a slice may end anywhere: the next one finds what
is left to do. What the mailbox says at the moment always wins.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby

from django.db import transaction
from django.db.models import Q

from inboxes.envelope import Envelope
from inboxes.marks import KEPT_PRIVATE, Mark, MarkSource
from inboxes.models import Folder, FolderState, LedgerEntry, LedgerState, MarkedMail, MarkState, Sighting
from inboxes.providers.base import MarksFound, Page, RemoteFolder
from inboxes.sync.copying import merge_rows
from inboxes.sync.folders import tolerated
from inboxes.sync.intake import V
from inboxes.sync.pages import handle_page
from inboxes.sync.slice import Slice

FIELDS = ("inbox", "folder", "remote_id", "mark", "source", "state", "digest")


def read_marks(run: Slice[V]) -> None:
    """Notes which messages carry a mark by now, and which do no longer."""
    for folder, remote in run.readable_folders:
        with tolerated(run, folder):
            _read(run, folder, remote)
        if not folder.marks_cursor and folder.pk not in run.set_aside:
            # Renumbered a moment ago: its marks must be known before its mails are listed anew.
            with tolerated(run, folder):
                _read(run, folder, remote)
        run.lease.keep()
    if gone := [folder.pk for folder in run.folders.values() if folder.state == FolderState.RETIRED]:
        _lift_marks_of(run, gone)


def _lift_marks_of(run: Slice[V], gone: Sequence[int]) -> None:
    of_gone_folders = MarkedMail.objects.filter(folder__in=gone)
    if of_gone_folders.exclude(state=MarkState.LIFTED).exists():
        with transaction.atomic():
            run.lease.guard()
            of_gone_folders.update(state=MarkState.LIFTED)


def _read(run: Slice[V], folder: Folder, remote: RemoteFolder) -> None:
    found = run.provider.marks(remote, folder.marks_cursor, run.mark_names)
    if found is not None:
        _note(run, folder, found)


def _note(run: Slice[V], folder: Folder, found: MarksFound) -> None:
    now = {(message.remote_id, str(message.mark)): str(message.source) for message in found.messages}
    read = [mark for mark in Mark if run.mark_names.keywords(mark)]
    with transaction.atomic():
        run.lease.guard()
        rows = MarkedMail.objects.in_force().filter(folder=folder, mark__in=read).values_list("remote_id", "mark", "pk")
        before = {(remote_id, mark): pk for remote_id, mark, pk in rows}
        lifted = [pk for key, pk in before.items() if key not in now]
        MarkedMail.objects.filter(pk__in=lifted).update(state=MarkState.LIFTED)
        new = [
            # A label says nothing new: what it shows is known.
            (folder.inbox_id, folder.pk, *key, source, MarkState.HELD if key[1] == Mark.LOGGED else MarkState.NEW, b"")
            for key, source in now.items()
            if key not in before
        ]
        merge_rows(MarkedMail, FIELDS, new, conflict="folder_id, remote_id, mark", update=("source", "state"))
        Folder.objects.filter(pk=folder.pk).update(marks_cursor=found.cursor)
    folder.marks_cursor = found.cursor


def act_on_marks(run: Slice[V]) -> bool:
    """Logs what was marked to be logged, and takes off the log what was marked private. True when nothing is left."""
    while rows := _new_marks(run):
        if run.is_over:
            return False
        readable = {folder.pk: (folder, remote) for folder, remote in run.readable_folders}
        for (folder_pk, mark), group in groupby(rows, key=lambda row: (row.folder_id, Mark(row.mark))):
            folder, remote = readable[folder_pk]
            with tolerated(run, folder):
                _act(run, folder, remote, mark, list(group))
        run.lease.keep()
    return True


def _new_marks(run: Slice[V]) -> list[MarkedMail]:
    """A batch, private before log. Those in a folder that cannot be read wait for it."""
    readable = [folder.pk for folder, _ in run.readable_folders]
    rows = MarkedMail.objects.filter(inbox=run.inbox, state=MarkState.NEW, folder__in=readable)
    return list(rows.order_by("-mark", "folder_id", "pk")[: run.batch])


def _act(run: Slice[V], folder: Folder, remote: RemoteFolder, mark: Mark, rows: Sequence[MarkedMail]) -> None:
    envelopes, _ = run.provider.envelopes(remote, [row.remote_id for row in rows])
    digests = run.intake.digests(envelopes)
    # From here on every copy of the mails is known by its digest.
    _write_digests(run, rows, {one.remote_id: digest for one, digest in zip(envelopes, digests, strict=True)})
    verdicts = run.intake.decide_anew(envelopes)
    if mark is Mark.LOG:
        chosen = [envelope for envelope, verdict in zip(envelopes, verdicts, strict=True) if verdict.log]
        unmarked = run.intake.decide_anew(chosen, heeding_marks=False)
        codes = {one.remote_id: str(verdict.code) for one, verdict in zip(chosen, unmarked, strict=True)}
        handle_page(run, folder, remote, Page(chosen, cursor="", done=True), moves={}, presumed=codes)
    with transaction.atomic():
        run.lease.guard()
        if mark is Mark.LOG:
            _remember_stored(folder, rows)
        else:
            _take_off_log(run, envelopes, digests)
        MarkedMail.objects.filter(pk__in=[row.pk for row in rows]).update(state=MarkState.HELD)


def _write_digests(run: Slice[V], rows: Sequence[MarkedMail], digests: Mapping[str, bytes]) -> None:
    for row in rows:
        row.digest = digests.get(row.remote_id, b"")
    with transaction.atomic():
        run.lease.guard()
        MarkedMail.objects.bulk_update(rows, ["digest"])


def _remember_stored(folder: Folder, rows: Sequence[MarkedMail]) -> None:
    logged = LedgerEntry.objects.filter(
        folder=folder, remote_id__in=[row.remote_id for row in rows], state=LedgerState.LOGGED
    )
    stored = dict(logged.values_list("remote_id", "message_id"))
    for row in rows:
        row.stored_id = stored.get(row.remote_id)
    MarkedMail.objects.bulk_update(rows, ["stored"])


def _take_off_log(run: Slice[V], envelopes: Sequence[Envelope], digests: Sequence[bytes]) -> None:
    """Withdraws what is stored of private mails, whichever of their copies was logged, and keeps the keys of those copies."""
    stored = _stored(run, envelopes, digests)
    logged = LedgerEntry.objects.filter(inbox=run.inbox, message__in=stored, state=LedgerState.LOGGED)
    copies = [
        (run.inbox.pk, folder_pk, remote_id, Mark.PRIVATE, MarkSource.COPY, MarkState.HELD, stored[message_pk])
        for folder_pk, remote_id, message_pk in logged.values_list("folder_id", "remote_id", "message_id")
    ]
    merge_rows(MarkedMail, FIELDS, copies, conflict="folder_id, remote_id, mark")
    run.intake.withdraw(list(stored), code=KEPT_PRIVATE)
    counts = dict(Folder.objects.filter(pk__in={copy[1] for copy in copies}).values_list("pk", "counts"))
    for folder in run.folders.values():
        folder.counts = counts.get(folder.pk, folder.counts)


def _stored(run: Slice[V], envelopes: Sequence[Envelope], digests: Sequence[bytes]) -> dict[int, bytes]:
    """The digest of each e-mail that the inbox holds of these. Without a Message-ID another copy has another fingerprint."""
    by_fingerprint = {one.fingerprint: digest for one, digest in zip(envelopes, digests, strict=True)}
    by_headers = {_headers(one): digest for one, digest in zip(envelopes, digests, strict=True) if not one.message_id}
    same = Q(message__fingerprint__in=list(by_fingerprint))
    for author, sent_at, subject in by_headers:
        same |= Q(
            message__message_id="", message__from_email=author, message__sent_at=sent_at, message__subject=subject
        )
    found = Sighting.objects.filter(same, inbox=run.inbox).values_list(
        "message_id", "message__fingerprint", "message__from_email", "message__sent_at", "message__subject"
    )
    return {
        pk: by_fingerprint.get(bytes(key)) or by_headers[author, sent_at, subject]
        for pk, key, author, sent_at, subject in found
    }


def _headers(envelope: Envelope) -> tuple[str, datetime, str]:
    return (envelope.from_[0].email if envelope.from_ else "", envelope.sent_at, envelope.subject)
