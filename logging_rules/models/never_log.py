"""Addresses and domains that are kept out."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inboxes.addresses import readable
from logging_rules.facts import NeverLogKind, NeverLogScope
from users.models import User

NEVER_LOG_KIND_LABELS = {
    NeverLogKind.ADDRESS: _("Address"),
    NeverLogKind.DOMAIN: _("Domain"),
    NeverLogKind.SUBDOMAINS: _("Domain and its subdomains"),
}
NEVER_LOG_SCOPE_LABELS = {
    NeverLogScope.WHOLE_MESSAGE: _("Block the whole message"),
    NeverLogScope.ADDRESS_ONLY: _("Only never link it to that address"),
}


class NeverLogEntryQuerySet(models.QuerySet["NeverLogEntry"]):
    def visible_to(self, user: User) -> "NeverLogEntryQuerySet":
        """A personal list is its owner's alone; everybody may read the workspace's, which rules their mail too."""
        if not user.is_active:
            return self.none()
        return self.filter(models.Q(owner=user) | models.Q(owner=None))


class NeverLogEntry(models.Model):
    """An address or domain that is kept out. Without `owner` it is the workspace's.

    `covers_team`: team inboxes obey it too. They belong to nobody, so an entry of a person's own list never does.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="never_log"
    )
    kind = models.CharField(max_length=10, choices=NEVER_LOG_KIND_LABELS)
    value = models.CharField(max_length=320)
    scope = models.CharField(max_length=14, choices=NEVER_LOG_SCOPE_LABELS, default=NeverLogScope.WHOLE_MESSAGE)
    note = models.CharField(max_length=200, blank=True)
    covers_team = models.BooleanField(default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = NeverLogEntryQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["owner", "kind", "value"], name="never_log_once", nulls_distinct=False),
            models.CheckConstraint(
                condition=models.Q(owner=None) | models.Q(covers_team=False), name="own_never_log_spares_team_inboxes"
            ),
        ]

    def __str__(self) -> str:
        return f"never-log entry {self.pk}"

    @property
    def text(self) -> str:
        """As a person types it (`logging_rules.never_log.parse_target` reads it back)."""
        value = readable(self.value)
        return f"*.{value}" if self.kind == NeverLogKind.SUBDOMAINS else value
