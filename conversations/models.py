"""Who has read what in a team inbox, and what was taken back into its list."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from inboxes.models import Inbox, InboxMember, TeamThread
from users.models import User


class ReadMark(models.Model):
    """How far a member has read a thread: mail received by then counts as read.

    Without a mark the day the member joined counts, so that nobody begins with years of unread mail. The marks go with the
    membership: who leaves and comes back begins anew.
    """

    member = models.ForeignKey(InboxMember, on_delete=models.CASCADE, related_name="read_marks")
    team_thread = models.ForeignKey(TeamThread, on_delete=models.CASCADE, related_name="read_marks")
    read_until = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["member", "team_thread"], name="thread_marked_once_per_member"),
        ]

    def __str__(self) -> str:
        return f"read mark {self.pk}"


class RestoralQuerySet(models.QuerySet["Restoral"]):
    def visible_to(self, user: User) -> "RestoralQuerySet":
        return self.filter(inbox__in=Inbox.objects.read_by(user))


class Restoral(models.Model):
    """Filtered threads that a member put into the list, so that it can be undone: `causes` is what had kept each of their e-mails
    out, by the key of its `TeamMail`."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    causes = models.JSONField()
    threads = models.PositiveIntegerField()
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    objects = RestoralQuerySet.as_manager()

    def __str__(self) -> str:
        return f"restoral {self.pk}"
