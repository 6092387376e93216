"""What people were told."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from notifications import kinds
from notifications.kinds import Notice
from notifications.topics import ALWAYS_TOLD
from users.models import User


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, user: User) -> "NotificationQuerySet":
        """One's own, as far as this version knows words for them: a kind may have come with a newer one."""
        return self.filter(recipient=user, kind__in=kinds.codes())

    def in_app(self) -> "NotificationQuerySet":
        """Those that the bell and the list show: not what the person wanted by e-mail alone."""
        return self.filter(in_app=True)

    def unread(self) -> "NotificationQuerySet":
        return self.filter(read_at=None)

    def newest_first(self) -> "NotificationQuerySet":
        return self.order_by("-created_at", "-id")


class Notification(models.Model):
    """One person told of one thing. `context` holds ids, codes and times for the text, never mail content.

    `url` is a path in the product. `episode` makes a notice unique per recipient: the same trouble is told once, however often it is seen.
    `in_app` and `by_e_mail` are what the person wanted when it was written.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=50)
    context = models.JSONField(default=dict)
    url = models.CharField(max_length=300, blank=True)
    episode = models.CharField(max_length=120)
    in_app = models.BooleanField(default=True)
    by_e_mail = models.BooleanField(default=False)
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
            models.Index(fields=["episode"], name="notification_by_episode", opclasses=["varchar_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_unread(self) -> bool:
        return self.read_at is None

    @property
    def notice(self) -> Notice:
        """The words for it, in the active language and time zone."""
        return kinds.kind(self.kind).notice(self.context)


class Preference(models.Model):
    """How a person wants to be told of a topic. Without a row: in the product and by e-mail."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_preferences"
    )
    topic = models.CharField(max_length=30)
    in_app = models.BooleanField(default=True)
    by_e_mail = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["person", "topic"], name="one_preference_per_topic"),
            models.CheckConstraint(
                condition=~models.Q(topic__in=sorted(ALWAYS_TOLD)), name="security_cannot_be_switched_off"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} of person {self.person_id}"
