"""How many messages got which decision, day by day: numbers alone, nothing of any message."""

from typing import ClassVar

from django.db import models

from inboxes.models.ledger import Folder


class DailyCount(models.Model):
    """Messages of one folder, sent on one day (UTC), that got one decision code.

    The days of a folder sum up to `Folder.counts`: both are written with the page they count, and begin anew when it is read again.
    """

    folder = models.ForeignKey(Folder, on_delete=models.CASCADE, related_name="daily_counts", db_index=False)
    day = models.DateField()
    code = models.CharField(max_length=40)
    messages = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["folder", "day", "code"], name="daily_count_once"),
        ]

    def __str__(self) -> str:
        return f"{self.messages} of {self.day} in folder {self.folder_id}"
