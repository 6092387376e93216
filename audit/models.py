"""The audit log. A database trigger refuses to change or delete a row."""

from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from users.models import User


def group_of_action(action: Any) -> models.Func:
    """What stands before the first dot: "inbox" of "inbox.paused"."""
    parts = (action, models.Value("."), models.Value(1))
    return models.Func(*parts, function="split_part", output_field=models.CharField())


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def visible_to(self, user: User) -> "AuditEventQuerySet":
        return self.all() if user.is_super_admin else self.none()

    def about(self, target: models.Model) -> "AuditEventQuerySet":
        """What was done to one thing, newest first, for those who may see the thing."""
        found = self.filter(target_type=target._meta.label_lower, target_id=str(target.pk))
        return found.order_by("-created_at", "-id")


class AuditEvent(models.Model):
    """One act of a person or of the system (`actor` empty). `details` holds ids, codes and settings, never mail content or secrets."""

    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=60)
    target_type = models.CharField(max_length=40)
    target_id = models.CharField(max_length=64)
    details = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-created_at", "-id"], name="audit_newest_first"),
            models.Index(fields=["target_type", "target_id"], name="audit_by_target"),
            models.Index(fields=["actor", "-created_at", "-id"], name="audit_by_actor"),
            models.Index(
                group_of_action(models.F("action")),
                models.F("created_at").desc(),
                models.F("id").desc(),
                name="audit_by_group",
            ),
            models.Index(fields=["request_id"], name="audit_by_request", condition=~models.Q(request_id="")),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target_type}:{self.target_id}"
