"""People who left the workspace, and what became of what they had connected."""

import uuid
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models

from users.models import User


class DepartureQuerySet(models.QuerySet["Departure"]):
    def visible_to(self, user: User) -> "DepartureQuerySet":
        return self.all() if user.is_super_admin else self.none()


class Departure(models.Model):
    """What was purged, handed over and kept when somebody left, as it was at that moment. Never changed, never deleted.

    `held` has addresses of inboxes, names of colleagues and numbers (`logging_rules.actions.leaving`): nothing of any e-mail.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="departures")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    left_at = models.DateTimeField()
    held = models.JSONField()

    objects = DepartureQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["person", "-left_at"], name="departure_latest_first"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="departure_stays", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"departure {self.pk}"
