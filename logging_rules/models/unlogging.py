"""What remains of e-mails that were un-logged."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Tombstone(models.Model):
    """Remembers that the owner un-logged a message, without remembering the message: `digest` is a keyed hash of its fingerprint."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tombstones")
    digest = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["owner", "digest"], name="tombstone_once"),
        ]

    def __str__(self) -> str:
        return f"tombstone {self.pk}"
