"""Changes to what is logged that are to hold for the past as well."""

from django.conf import settings
from django.db import models

from inboxes.models import Inbox


class PastChange(models.Model):
    """The logged mail of an inbox is to be decided once more, because of a change that was made; gone once that is done.

    `back` is the change that leads back to the rules of before (`logging_rules.changes.Change.as_row`); `since` empty: all of the past.
    """

    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="past_changes")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    asked_at = models.DateTimeField()
    since = models.DateTimeField(null=True, blank=True)
    back = models.JSONField()

    def __str__(self) -> str:
        return f"past change {self.pk}"
