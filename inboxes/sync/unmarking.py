"""What follows when an owner's mark is gone: the mail is decided anew, as if the mark had never been there.

A mail that only the mark logged is taken off the log; one that the rules log anyway stays, with their reason; one that was kept
private is logged if the rules say so.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from django.db import transaction

from inboxes.marks import BY_MARK, KEPT_PRIVATE, Mark, MarkSource
from inboxes.models import LedgerEntry, LedgerState, MarkedMail, MarkState, Sighting
from inboxes.originals import read_headers
from inboxes.providers.base import Page
from inboxes.sync.folders import tolerated
from inboxes.sync.intake import StoredMail, V
from inboxes.sync.pages import handle_page
from inboxes.sync.rekeying import VOID, VOID_KEY
from inboxes.sync.slice import Slice
from inboxes.sync.storing import write_sightings


def let_go_of_marks(run: Slice[V]) -> bool:
    """Decides mails anew that lost their mark. True when nothing is left."""
    lifted = MarkedMail.objects.filter(inbox=run.inbox, state=MarkState.LIFTED).exclude(mark=Mark.LOGGED)
    while rows := list(lifted.order_by("pk")[: run.batch]):
        if run.is_over:
            return False
        _let_go(run, rows)
        run.lease.keep()
    return True


def _let_go(run: Slice[V], rows: Sequence[MarkedMail]) -> None:
    _point_to_stored(run, [row for row in rows if row.mark == Mark.LOG and row.stored_id is None])
    still_private = _still_private(run, rows)
    freed = [row for row in rows if row.pk not in still_private]
    copies = _copies_of(run, [row for row in freed if row.mark == Mark.PRIVATE])
    chosen = _logged_by_mark(run, [row.stored_id for row in rows if row.stored_id])
    logged = list(LedgerEntry.objects.filter(inbox=run.inbox, message__in=chosen, state=LedgerState.LOGGED))
    seen = _decide_again(run, [*freed, *copies], [_place(row) for row in logged])
    unseen = [sighting for sighting in chosen.values() if bytes(sighting.message.fingerprint) not in seen.mails]
    kept = _still_to_log(run, unseen)
    kept_pks = {mail.message_pk for mail in kept}
    with transaction.atomic():
        run.lease.guard()
        gone = [row.pk for row in logged if _place(row) not in seen.keys and row.folder_id in seen.folders]
        LedgerEntry.objects.filter(pk__in=gone).update(state=LedgerState.GONE, retry_at=None)
        write_sightings(run.inbox, kept, run.clock(), anew=True)
        still_held = LedgerEntry.objects.filter(inbox=run.inbox, message__in=chosen, state=LedgerState.LOGGED)
        here = {row.message_id for row in still_held if _place(row) in seen.keys}
        run.intake.withdraw([pk for pk in chosen if pk not in here and pk not in kept_pks])
        done = MarkedMail.objects.filter(pk__in=[row.pk for row in (*rows, *copies)])
        done.filter(pk__in=still_private).exclude(remote_id__startswith=VOID).update(
            source=MarkSource.COPY, state=MarkState.HELD
        )
        done.filter(state=MarkState.LIFTED).delete()
        done.filter(pk__in=[row.pk for row in copies]).delete()


def _point_to_stored(run: Slice[V], rows: Sequence[MarkedMail]) -> None:
    """Of mails that were logged after their mark was acted on. Noted first, because their ledger rows are about to go."""
    ledger = LedgerEntry.objects.filter(
        inbox=run.inbox, remote_id__in=[row.remote_id for row in rows], message__isnull=False
    )
    stored = {_place(entry): entry.message_id for entry in ledger}
    for row in rows:
        row.stored_id = stored.get(_place(row))
    if stored:
        with transaction.atomic():
            run.lease.guard()
            MarkedMail.objects.bulk_update(rows, ["stored"])


def _place(row: MarkedMail | LedgerEntry) -> tuple[int, str]:
    return row.folder_id, row.remote_id


def _still_private(run: Slice[V], rows: Sequence[MarkedMail]) -> set[int]:
    """Those of the rows that are copies of a mail which another copy keeps private."""
    wanted = {bytes(row.digest): row for row in rows if row.mark == Mark.PRIVATE and row.digest}
    others = MarkedMail.objects.in_force().filter(inbox=run.inbox, mark=Mark.PRIVATE, digest__in=list(wanted))
    found = {bytes(digest) for digest in others.values_list("digest", flat=True)}
    return {row.pk for row in rows if row.mark == Mark.PRIVATE and bytes(row.digest) in found}


def _copies_of(run: Slice[V], rows: Sequence[MarkedMail]) -> list[MarkedMail]:
    """The copies that were private only because these were."""
    digests = [row.digest for row in rows if row.digest]
    return list(MarkedMail.objects.filter(inbox=run.inbox, source=MarkSource.COPY, digest__in=digests))


def _logged_by_mark(run: Slice[V], message_pks: Collection[int]) -> dict[int, Sighting]:
    """How the inbox holds those of the stored e-mails that nothing but a mark logged."""
    sightings = Sighting.objects.filter(inbox=run.inbox, message__in=message_pks, rule=BY_MARK).select_related(
        "message"
    )
    bodies = (f"message__{name}" for name in ("body_text", "quoted_text", "body_html"))
    return {sighting.message_id: sighting for sighting in sightings.defer(*bodies)}


@dataclass(slots=True)
class Seen:
    """What the mailbox still holds: places (folder, remote id), the fingerprints of the mails there, and the folders looked into."""

    keys: set[tuple[int, str]] = field(default_factory=set)
    mails: set[bytes] = field(default_factory=set)
    folders: set[int] = field(default_factory=set)


def _decide_again(run: Slice[V], rows: Sequence[MarkedMail], logged: Iterable[tuple[int, str]]) -> Seen:
    """Decides the messages of these rows anew, and those at the places where something is `logged`."""
    seen = Seen()
    by_folder = defaultdict(set)
    for folder_pk, remote_id in (*map(_place, rows), *logged):
        if not remote_id.startswith(VOID):
            by_folder[folder_pk].add(remote_id)
    for folder, remote in run.readable_folders:
        if folder.pk not in by_folder:
            continue
        here = [row for row in rows if row.folder_id == folder.pk]
        with tolerated(run, folder):
            envelopes, _ = run.provider.envelopes(remote, sorted(by_folder[folder.pk]))
            codes = {row.remote_id: KEPT_PRIVATE for row in here if row.mark == Mark.PRIVATE}
            page = Page(envelopes, cursor="", done=True)
            handle_page(run, folder, remote, page, moves={}, presumed=codes, along=partial(_note_decided, here))
            seen.folders.add(folder.pk)
            seen.keys.update((folder.pk, envelope.remote_id) for envelope in envelopes)
            seen.mails.update(envelope.fingerprint for envelope in envelopes)
    return seen


def _note_decided(rows: Sequence[MarkedMail]) -> None:
    """Should the slice end before all is done, the next one does not decide and count them a second time."""
    MarkedMail.objects.filter(pk__in=[row.pk for row in rows]).update(remote_id=VOID_KEY)


def _still_to_log(run: Slice[V], sightings: Sequence[Sighting]) -> list[StoredMail[V]]:
    """Of mails the mailbox does not hold any more, those that the rules log, by the headers that are stored. Nothing logs a mail
    whose original is gone, too: only the mark did."""
    read = [(sighting, read_headers(sighting.message, outgoing=sighting.outgoing)) for sighting in sightings]
    known = [(sighting, envelope) for sighting, envelope in read if envelope]
    verdicts = run.intake.decide_anew([envelope for _, envelope in known])
    return [
        StoredMail(envelope, verdict, sighting.message_id, sighting.message.thread_id, is_new=False)
        for (sighting, envelope), verdict in zip(known, verdicts, strict=True)
        if verdict.log
    ]
