"""E-mails that were un-logged: what is kept of them while it can be undone, and what remains for good."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inboxes.models import Inbox, InboxKind, Message
from users.models import User


class TombstoneQuerySet(models.QuerySet["Tombstone"]):
    def of(self, inbox: Inbox) -> "TombstoneQuerySet":
        """Those that hold for an inbox: its owner's, or, for a team inbox, those of its address, which may have been removed before."""
        if inbox.kind == InboxKind.TEAM:
            return self.filter(inbox__in=Inbox.with_removed.filter(kind=InboxKind.TEAM, address=inbox.address))
        return self.filter(owner=inbox.owner_id)


class Tombstone(models.Model):
    """Remembers that a message was un-logged, without remembering the message: `digest` is a keyed hash of its fingerprint.

    What a person un-logs stays off in all of their inboxes; what is un-logged in a team inbox stays off in that one.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="tombstones")
    inbox = models.ForeignKey(Inbox, null=True, on_delete=models.CASCADE, related_name="tombstones")
    digest = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = TombstoneQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["owner", "inbox", "digest"], name="tombstone_once", nulls_distinct=False),
            models.CheckConstraint(
                condition=models.Q(owner__isnull=True) ^ models.Q(inbox__isnull=True), name="tombstone_has_one_holder"
            ),
        ]

    def __str__(self) -> str:
        return f"tombstone {self.pk}"


class UnloggingState(models.TextChoices):
    """Until when it can be undone, and what became of it."""

    PENDING = "pending", _("Can be undone")
    UNDONE = "undone", _("Undone")
    ERASING = "erasing", _("Being erased")
    ERASED = "erased", _("Erased for good")


class UnloggingQuerySet(models.QuerySet["Unlogging"]):
    def visible_to(self, user: User) -> "UnloggingQuerySet":
        """Of the inboxes whose logging the person decides about."""
        return self.filter(inbox__in=Inbox.with_removed.decided_by(user))

    def expired(self, now: datetime) -> "UnloggingQuerySet":
        return self.filter(undone_at=None, erased_at=None, expires_at__lte=now)


class Unlogging(models.Model):
    """E-mails of one inbox (and of the same person's other inboxes) that were un-logged together, by whom and when.

    Nobody sees them any more; what was logged is kept until `expires_at`, so that it can be undone. `chosen` says how they were
    chosen, in codes and keys: never an address. The numbers are those of the moment it was done: `messages` un-logged, `shared`
    ones of them that stay for a colleague, `files` and `size` (bytes of the originals) of those that disappear.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT, related_name="unloggings")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    chosen = models.JSONField(default=dict)
    messages = models.PositiveIntegerField(default=0)
    shared = models.PositiveIntegerField(default=0)
    files = models.PositiveIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0)
    withdrawn_contacts = ArrayField(models.BigIntegerField(), default=list)
    expires_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    lost = models.PositiveIntegerField(default=0)
    erased_at = models.DateTimeField(null=True)

    objects = UnloggingQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["inbox", "-at"], name="unlogging_newest_first"),
            models.Index(
                fields=["expires_at"],
                name="unlogging_expiring",
                condition=models.Q(undone_at=None, erased_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"un-logging {self.pk}"

    def state(self, now: datetime) -> UnloggingState:
        if self.undone_at:
            return UnloggingState.UNDONE
        if self.erased_at:
            return UnloggingState.ERASED
        return UnloggingState.PENDING if now < self.expires_at else UnloggingState.ERASING


class UnloggedSighting(models.Model):
    """All it takes to put one sighting of an un-logged message back exactly: its row, its ledger rows, who asked to open it, and the
    contacts on whose timelines the message stood. Goes when the un-logging is undone or erased."""

    unlogging = models.ForeignKey(Unlogging, on_delete=models.CASCADE, related_name="sightings")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="unlogged_sightings")
    row = models.JSONField()
    ledger = models.JSONField(default=list)
    access_requests = models.JSONField(default=list)
    contact_ids = ArrayField(models.BigIntegerField(), default=list)

    def __str__(self) -> str:
        return f"un-logged sighting {self.pk}"
