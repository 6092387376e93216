"""Which messages of a mailbox carry a mark of their owner's."""

from typing import ClassVar

from django.db import models

from inboxes.marks import MarkSource
from inboxes.models.inbox import Inbox
from inboxes.models.ledger import Folder
from inboxes.models.message import Message


class MarkState(models.TextChoices):
    """New: found, and not acted on yet. Held: acted on. Lifted: no longer there, and not acted on yet."""

    NEW = "new"
    HELD = "held"
    LIFTED = "lifted"


class MarkedMailQuerySet(models.QuerySet["MarkedMail"]):
    def in_force(self) -> "MarkedMailQuerySet":
        """What the mailbox says now, without the copies that say nothing themselves."""
        return self.exclude(state=MarkState.LIFTED).exclude(source=MarkSource.COPY)


class MarkedMail(models.Model):
    """A message that carries a mark (`inboxes.marks.Mark`, with its source), or a copy of one. Nothing of the mail itself: its opaque
    key, and `digest`, a keyed hash of its fingerprint by which other copies are recognised (empty until the mark is acted on).

    `stored` is the e-mail that was logged because of the mark.

    Gmail labels and Outlook categories are kept here too, with a source of their own.
    """

    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="marked_mails")
    folder = models.ForeignKey(Folder, on_delete=models.CASCADE, related_name="marked_mails")
    remote_id = models.CharField(max_length=300)
    mark = models.CharField(max_length=10)
    source = models.CharField(max_length=10)
    state = models.CharField(max_length=6, choices=MarkState, default=MarkState.NEW)
    digest = models.BinaryField(max_length=32, default=b"")
    stored = models.ForeignKey(Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="marks")

    objects = MarkedMailQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["folder", "remote_id", "mark"], name="mark_once_per_message"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["inbox", "digest"], name="marked_mail_by_digest"),
            models.Index(
                fields=["inbox", "state"], name="marked_mail_to_act_on", condition=~models.Q(state=MarkState.HELD)
            ),
        ]

    def __str__(self) -> str:
        return f"marked mail {self.pk}"
