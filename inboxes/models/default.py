"""From which inbox a person's new mail is sent."""

from django.conf import settings
from django.db import models

from inboxes.models.inbox import Inbox


class DefaultInbox(models.Model):
    """What a person chose. It may not be usable at the moment: `inboxes.default_inbox` says which one is meant now."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="default_inbox")
    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"default inbox of person {self.person_id}"
