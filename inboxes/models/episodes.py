"""When an inbox was not active, and what became of the mail of that time: numbers alone, nothing of any message."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models

from inboxes.models.inbox import Inbox, InboxStatus

NOT_ACTIVE = (InboxStatus.DEGRADED, InboxStatus.NEEDS_RECONNECT, InboxStatus.PAUSED, InboxStatus.DISABLED)

CLOCKS_DIFFER = timedelta(minutes=5)
"""A mail server's clock and ours need not agree, and mail arrives while a folder is being listed."""


class Episode(models.Model):
    """A stretch of time in which an inbox had one status other than active; not ended: the present one.

    `cause` is the last named one of the stretch. Written by `inboxes.life.move` with the status itself.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="episodes")
    status = models.CharField(max_length=20, choices=InboxStatus)
    cause = models.CharField(max_length=50, blank=True)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["inbox"], condition=models.Q(ended_at=None), name="one_open_episode"),
            models.CheckConstraint(
                condition=models.Q(status__in=NOT_ACTIVE), name="episode_is_of_an_inbox_that_is_not_active"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at=None) | models.Q(ended_at__gte=models.F("began_at")),
                name="episode_ends_after_it_began",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["inbox", "-began_at"], name="episode_latest_first"),
        ]

    def __str__(self) -> str:
        return f"episode {self.pk} of inbox {self.inbox_id}"


class Outage(models.Model):
    """A time in which the mailbox could not be read: from the last moment at which everything was read until the first success.

    Spans whatever statuses the inbox had meanwhile. Until `caught_up_at` mail of that time is still being handled; a failure before
    then is the same outage. `logged` and `skipped` count the messages that came during it and were handled after it. Those
    that failed are found by `LedgerEntry.outage`. `is_reconnected`: it took a person to end it.
    """

    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="outages")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    caught_up_at = models.DateTimeField(null=True, blank=True)
    cause = models.CharField(max_length=50, blank=True)
    is_reconnected = models.BooleanField(default=False)
    logged = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["inbox"], condition=models.Q(caught_up_at=None), name="one_open_outage"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["inbox", "-since"], name="outage_latest_first"),
        ]

    def __str__(self) -> str:
        return f"outage {self.pk} of inbox {self.inbox_id}"

    def covers(self, received_at: datetime) -> bool:
        """Whether a message that arrived then could not be read before."""
        return self.since - CLOCKS_DIFFER <= received_at and (self.until is None or received_at <= self.until)
