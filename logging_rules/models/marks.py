"""How the owner of an inbox marks mail in the mail program."""

from django.db import models

from inboxes.marks import DEFAULT_LOG_NAME, DEFAULT_PRIVATE_NAME, MarkNames
from inboxes.models import Inbox

DEFAULT_LOGGED_NAME = "CRM/Logged"
LONGEST_NAME = 100


class MarkSettings(models.Model):
    """What folders and keywords are called in one inbox, and whether what is logged is shown there; without a row all as by default.

    `writes_label`: logged messages get the keyword `logged_name`. `removing_unlogs`: taking it away un-logs the message.
    """

    inbox = models.OneToOneField(Inbox, on_delete=models.CASCADE, related_name="mark_settings")
    log_name = models.CharField(max_length=LONGEST_NAME, default=DEFAULT_LOG_NAME)
    private_name = models.CharField(max_length=LONGEST_NAME, default=DEFAULT_PRIVATE_NAME)
    logged_name = models.CharField(max_length=LONGEST_NAME, default=DEFAULT_LOGGED_NAME)
    writes_label = models.BooleanField(default=False)
    removing_unlogs = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"mark settings of inbox {self.inbox_id}"

    @property
    def names(self) -> MarkNames:
        return MarkNames(log=self.log_name, private=self.private_name)
