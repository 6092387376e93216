"""When a server renumbers a folder: logged mail is recognised by its headers and gets its new key, without fetching it again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import Q, Value
from django.db.models.fields import TextField
from django.db.models.functions import Cast, Concat

from inboxes.arrays import array_literal
from inboxes.envelope import Envelope
from inboxes.marks import Mark, MarkSource
from inboxes.models import Folder, FolderState, HandledPage, LedgerEntry, LedgerState, MarkedMail, MarkState
from inboxes.providers.base import RemoteFolder
from inboxes.signals import folder_renumbered
from inboxes.sync.counting import count_nothing
from inboxes.sync.intake import V
from inboxes.sync.ledger import STATE_OF_STORED
from inboxes.sync.slice import Slice
from users.signals import send_on_commit

logger = structlog.get_logger(__name__)

RESETS_A_DAY = 3
"""Some servers renumber on every connection; more than this is no accident."""
DAY = timedelta(days=1)

VOID = "~"
"""Begins a key that names nothing in the mailbox any more,"""

VOID_KEY = Concat(Value(VOID), Cast("pk", TextField()))
"""one for each row. For `update`."""

TOO_MANY_RESETS = "cursor_resets"

Key = tuple[str, datetime, str]
Row = tuple[int, str]
BODY_FIELDS = ("message__body_text", "message__quoted_text", "message__body_html")


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """A ledger row whose message was found again under another key."""

    ledger_pk: int
    remote_id: str
    code: str


def reset_folder(run: Slice[V], folder: Folder, remote: RemoteFolder) -> None:
    """Anchors the folder anew and has its window listed again. Nothing logged is lost: its rows wait to be found again.

    A folder that was reset too often today is left alone until tomorrow, and the inbox says so.
    """
    now = run.clock()
    started = folder.cursor_reset_at if folder.cursor_reset_at and now - folder.cursor_reset_at < DAY else now
    resets = folder.cursor_resets if started == folder.cursor_reset_at else 0
    if resets >= RESETS_A_DAY:
        run.set_aside.add(folder.pk)
        run.trouble = TOO_MANY_RESETS
        return
    anchor = run.provider.anchor(remote)
    logger.info("folder_renumbered", inbox_id=folder.inbox_id, folder_id=folder.pk, resets_today=resets + 1)
    changes: dict[str, Any] = {
        "state": FolderState.RECONCILING,
        "anchor": anchor,
        "live_cursor": anchor,
        "backfill_cursor": "",
        "backfill_done_at": None,
        "counts": {},
        "server_total": None,
        "marks_cursor": "",
        "cursor_resets": resets + 1,
        "cursor_reset_at": started,
    }
    with transaction.atomic():
        run.lease.guard()
        _forget_keys(folder)
        count_nothing(folder)
        Folder.objects.filter(pk=folder.pk).update(**changes)
        send_on_commit(folder_renumbered, folder_id=folder.pk)
    for name, value in changes.items():
        setattr(folder, name, value)


def _forget_keys(folder: Folder) -> None:
    """The old keys name nothing any more, and may soon name other messages."""
    HandledPage.objects.filter(folder=folder).delete()
    marked = MarkedMail.objects.filter(folder=folder)
    marked.filter(Q(source=MarkSource.COPY) | Q(state=MarkState.NEW) | Q(mark=Mark.LOGGED)).delete()
    # What is private stays private until the marks have been read under the new keys.
    marked.update(remote_id=VOID_KEY)
    rows = LedgerEntry.objects.filter(folder=folder)
    rows.filter(message=None).delete()
    rows.update(state=LedgerState.GONE, retry_at=None, remote_id=VOID_KEY)


def match_logged(folder: Folder, envelopes: Sequence[Envelope]) -> tuple[list[Envelope], list[Rekeyed]]:
    """Splits a page into mail that is new and logged mail that was found again."""
    by_fingerprint, by_headers = _lost_rows(folder, envelopes)
    unmatched, rekeyed = [], []
    for envelope in envelopes:
        found = by_fingerprint.get(envelope.fingerprint) if envelope.message_id else by_headers.get(_key(envelope))
        if found:
            pk, code = found.pop()
            rekeyed.append(Rekeyed(pk, envelope.remote_id, code))
        else:
            unmatched.append(envelope)
    return unmatched, rekeyed


def _lost_rows(folder: Folder, envelopes: Sequence[Envelope]) -> tuple[dict[bytes, list[Row]], dict[Key, list[Row]]]:
    """Rows of logged mail without a valid key, by fingerprint, and by headers where the fingerprint held the old key."""
    lost = LedgerEntry.objects.filter(folder=folder, state=LedgerState.GONE, message__isnull=False).order_by("-pk")
    named = lost.filter(fingerprint__in=[envelope.fingerprint for envelope in envelopes if envelope.message_id])
    by_fingerprint: dict[bytes, list[Row]] = {}
    for fingerprint, pk, code in named.values_list("fingerprint", "pk", "code"):
        by_fingerprint.setdefault(bytes(fingerprint or b""), []).append((pk, code))
    by_headers: dict[Key, list[Row]] = {}
    if any(not envelope.message_id for envelope in envelopes):
        nameless = lost.filter(message__message_id="").select_related("message").defer(*BODY_FIELDS)
        for row in nameless:
            if row.message:
                key = (row.message.from_email, row.message.sent_at, row.message.subject)
                by_headers.setdefault(key, []).append((row.pk, row.code))
    return by_fingerprint, by_headers


def _key(envelope: Envelope) -> Key:
    return (envelope.from_[0].email if envelope.from_ else "", envelope.sent_at, envelope.subject)


def rewrite_keys(folder: Folder, rekeyed: Sequence[Rekeyed]) -> None:
    """Call inside the transaction that moves the folder's cursor. A row that waited under a new key, for another try, gives way."""
    if not rekeyed:
        return
    taken = LedgerEntry.objects.filter(folder=folder, remote_id__in=[row.remote_id for row in rekeyed])
    taken.exclude(pk__in=[row.ledger_pk for row in rekeyed]).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {LedgerEntry._meta.db_table} row SET remote_id = found.remote_id, state = {STATE_OF_STORED.format(row='row')}"  # noqa: S608
            " FROM unnest(%s::bigint[], %s::text[]) AS found (pk, remote_id) WHERE row.id = found.pk",
            [array_literal(row.ledger_pk for row in rekeyed), array_literal(row.remote_id for row in rekeyed)],
        )
