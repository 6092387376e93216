"""Reading the past of an inbox once more."""

from typing import ClassVar

from django.db import models

from contacts.models import Contact
from inboxes.models import Inbox


class LookBack(models.Model):
    """Somebody asked to look through an inbox of theirs for the mail of a contact, and has not been told the result yet.

    `mails_before`: how many mails of the inbox stood on the contact's timeline then.
    """

    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="look_backs")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="look_backs")
    asked_at = models.DateTimeField()
    mails_before = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["inbox", "contact"], name="look_back_once"),
        ]

    def __str__(self) -> str:
        return f"look back {self.pk}"
