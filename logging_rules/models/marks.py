"""How the owner of an inbox marks mail in the mail program."""

from django.db import models

from inboxes.marks import DEFAULT_LOG_NAME, DEFAULT_PRIVATE_NAME, MarkNames
from inboxes.models import Inbox
from inboxes.sync.intake import Label

DEFAULT_LOGGED_NAME = "CRM/Logged"
LONGEST_NAME = 100


class MarkSettings(models.Model):
    """What folders and keywords are called in one inbox, and whether what is logged is shown there; without a row all as by default.

    `writes_label`: logged messages get the keyword `logged_name`. `removing_unlogs`: taking it away un-logs the message.
    `written_name` is the keyword they have got; `label_refused`: the server allows none.
    """

    inbox = models.OneToOneField(Inbox, on_delete=models.CASCADE, related_name="mark_settings")
    log_name = models.CharField(max_length=LONGEST_NAME, default=DEFAULT_LOG_NAME)
    private_name = models.CharField(max_length=LONGEST_NAME, default=DEFAULT_PRIVATE_NAME)
    logged_name = models.CharField(max_length=LONGEST_NAME, default=DEFAULT_LOGGED_NAME)
    writes_label = models.BooleanField(default=False)
    removing_unlogs = models.BooleanField(default=False)
    written_name = models.CharField(max_length=LONGEST_NAME, blank=True)
    label_refused = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"mark settings of inbox {self.inbox_id}"

    @property
    def names(self) -> MarkNames:
        heeds_removal = self.writes_label and self.removing_unlogs
        return MarkNames(self.log_name, self.private_name, self.logged_name if heeds_removal else "")

    @property
    def label(self) -> Label:
        return Label(self.logged_name if self.writes_label else "", self.written_name, self.label_refused)
