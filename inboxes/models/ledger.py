"""How far each folder was read and what became of each message: cursors and ledger.

Skipped mail leaves no row of its own: a page of it leaves 8 hashed bytes per message, so that what the server holds can be
compared with what was handled, and `counts` says how many there were of each decision code.
"""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from inboxes.models.inbox import Inbox


class FolderState(models.TextChoices):
    NEW = "new"
    LIVE = "live"
    RECONCILING = "reconciling"
    MISSING = "missing"
    RETIRED = "retired"


class Folder(models.Model):
    """One folder of a mailbox and its two tracks: `live_cursor` (new mail) and `backfill_cursor` (the past, from `anchor` down).

    Cursors are the provider's opaque text. `counts` maps a decision code to how many messages got it (logged and skipped).
    `marks_cursor` is the provider's too: the state at which the folder's marks were read. `last_ok_at` is when nothing in it was new
    to us; what came since `relist_since` is listed once more, because the provider had lost our place in the folder.
    `missed` of the `server_total` messages that the last check found there, at `reconciled_at`, had been handled by nobody.
    `missing_sightings` counts syncs in a row in which the folder could not be opened; at three it is retired.
    """

    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="folders")
    remote_id = models.CharField(max_length=1000)
    name = models.CharField(max_length=1000)
    role = models.CharField(max_length=10)
    state = models.CharField(max_length=12, choices=FolderState, default=FolderState.NEW)
    anchor = models.TextField(blank=True)
    live_cursor = models.TextField(blank=True)
    backfill_cursor = models.TextField(blank=True)
    marks_cursor = models.TextField(blank=True)
    backfill_done_at = models.DateTimeField(null=True, blank=True)
    relist_since = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict)
    remaining = models.PositiveIntegerField(default=0)
    server_total = models.PositiveIntegerField(null=True, blank=True)
    missed = models.PositiveIntegerField(default=0, db_default=0)
    reconciled_at = models.DateTimeField(null=True, blank=True)
    missing_sightings = models.PositiveSmallIntegerField(default=0)
    cursor_resets = models.PositiveIntegerField(default=0)
    cursor_reset_at = models.DateTimeField(null=True, blank=True)
    last_ok_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["inbox", "remote_id"], name="folder_once_per_inbox"),
        ]

    def __str__(self) -> str:
        return f"folder {self.pk} of inbox {self.inbox_id}"


class HandledPage(models.Model):
    """Which messages of one page were skipped: a digest of each remote id (`inboxes.sync.handled`), end to end, in no order.

    Says nothing about a message but "a decision was made". Rows of a folder are merged, and forgotten keys dropped, when it is
    reconciled.
    """

    folder = models.ForeignKey(Folder, on_delete=models.CASCADE, related_name="handled_pages")
    digests = models.BinaryField()

    def __str__(self) -> str:
        return f"handled page {self.pk} of folder {self.folder_id}"


class LedgerState(models.TextChoices):
    """Kept: stored for the members of a team inbox, and logged on no timeline. Gone: the server no longer holds the message under
    this key; what was logged or kept of it stays so."""

    LOGGED = "logged"
    KEPT = "kept"
    RETRYING = "retrying"
    QUARANTINED = "quarantined"
    GONE = "gone"


class LedgerEntry(models.Model):
    """What became of one message of the mailbox that is not simply skipped.

    Until a message is stored this row holds its opaque key, codes and times and nothing else. `fingerprint` is filled for
    stored mail only, so that keys can be rewritten when the server renumbers a folder. `outage`: it came during it, and is or was in
    trouble when that was over.
    """

    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="ledger")
    folder = models.ForeignKey(Folder, on_delete=models.CASCADE, related_name="ledger", db_index=False)
    remote_id = models.CharField(max_length=300)
    state = models.CharField(max_length=12, choices=LedgerState)
    code = models.CharField(max_length=40, blank=True)
    cause = models.CharField(max_length=50, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True, blank=True)
    message = models.ForeignKey(
        "inboxes.Message", null=True, blank=True, on_delete=models.SET_NULL, related_name="ledger"
    )
    fingerprint = models.BinaryField(null=True, blank=True, max_length=32)
    outage = models.ForeignKey(
        "inboxes.Outage", null=True, blank=True, on_delete=models.SET_NULL, related_name="ledger", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["folder", "remote_id"], name="ledger_key_once_per_folder"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["inbox", "retry_at"], name="ledger_retrying", condition=models.Q(state=LedgerState.RETRYING)
            ),
            models.Index(
                fields=["inbox"], name="ledger_quarantined", condition=models.Q(state=LedgerState.QUARANTINED)
            ),
            models.Index(fields=["outage"], name="ledger_of_outage", condition=models.Q(outage__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.pk}"
