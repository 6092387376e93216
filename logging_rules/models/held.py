"""Mail that waits for its owner's word."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from inboxes.models import Folder, Inbox
from users.models import User


class HeldMailQuerySet(models.QuerySet["HeldMail"]):
    def visible_to(self, user: User) -> "HeldMailQuerySet":
        """Its owner's alone: it is not logged."""
        return self.filter(inbox__in=Inbox.objects.decided_by(user).read_by(user)) if user.is_active else self.none()


class HeldMail(models.Model):
    """An opaque reference to a mail that the settings would log, held because its headers say that it may be private.

    `cause` is an `Ambiguity`; `later`: the owner has looked at it and wants to decide another time.
    """

    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="held_mail")
    folder = models.ForeignKey(Folder, on_delete=models.CASCADE, related_name="held_mail")
    remote_id = models.CharField(max_length=300)
    cause = models.CharField(max_length=30)
    held_at = models.DateTimeField(db_default=Now(), editable=False)
    later = models.BooleanField(default=False)

    objects = HeldMailQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["folder", "remote_id"], name="held_mail_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["inbox", "later"], name="held_mail_waiting")]

    def __str__(self) -> str:
        return f"held mail {self.pk}"
