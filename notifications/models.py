"""What people were told."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, user: "settings.AUTH_USER_MODEL") -> "NotificationQuerySet":  # type: ignore[valid-type]
        return self.filter(recipient=user)

    def unread(self) -> "NotificationQuerySet":
        return self.filter(read_at=None)


class Notification(models.Model):
    """One person told of one thing. `context` holds ids, codes and times for the text, never mail content.

    `episode` makes a notice unique per recipient: the same trouble is told once, however often it is seen.
    """

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=50)
    context = models.JSONField(default=dict)
    url = models.CharField(max_length=300, blank=True)
    episode = models.CharField(max_length=120)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    read_at = models.DateTimeField(null=True, blank=True)
    e_mailed_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["recipient", "episode"], name="notification_once_per_episode"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["recipient", "-created_at", "-id"], name="notification_newest_first"),
            models.Index(fields=["recipient"], name="notification_unread", condition=models.Q(read_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
