"""What owners said about single mails of their mailbox."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from inboxes.models import Folder, Inbox


class HandChoice(models.Model):
    """The owner asked for this mail to be logged, and it is waiting to be fetched. Opaque keys only; gone once the mail is logged.

    It beats a tombstone: who logs a mail again takes back that they took it off.
    """

    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="hand_choices")
    folder = models.ForeignKey(Folder, on_delete=models.CASCADE, related_name="hand_choices")
    remote_id = models.CharField(max_length=300)
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    chosen_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["folder", "remote_id"], name="hand_choice_once"),
        ]

    def __str__(self) -> str:
        return f"hand choice {self.pk}"
