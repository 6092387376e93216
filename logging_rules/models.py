"""Settings of the three levels, never-log entries and tombstones."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inboxes.models import Inbox


class Preset(models.TextChoices):
    """From the most private to the most open."""

    MANUAL = "manual", _("Only what I choose")
    REPLIES = "replies", _("Replies and conversations already logged")
    KNOWN = "known", _("All mail with known contacts")


class WorkspacePolicy(models.Model):
    """The workspace's defaults and the most open preset anybody may choose; there is exactly one."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    default_preset = models.CharField(max_length=10, choices=Preset, default=Preset.REPLIES)
    most_open_preset = models.CharField(max_length=10, choices=Preset, default=Preset.KNOWN)
    log_automatic_mail = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(pk=1), name="workspace_policy_is_single"),
        ]

    def __str__(self) -> str:
        return "workspace policy"


class PersonPolicy(models.Model):
    """One person's own defaults; empty means as the workspace says."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="logging_policy")
    preset = models.CharField(max_length=10, choices=Preset, blank=True)
    log_automatic_mail = models.BooleanField(null=True, blank=True)

    def __str__(self) -> str:
        return f"policy of person {self.person_id}"


class InboxPolicy(models.Model):
    """What one inbox does differently; empty means as its owner says."""

    inbox = models.OneToOneField(Inbox, on_delete=models.CASCADE, related_name="logging_policy")
    preset = models.CharField(max_length=10, choices=Preset, blank=True)
    log_automatic_mail = models.BooleanField(null=True, blank=True)

    def __str__(self) -> str:
        return f"policy of inbox {self.inbox_id}"


class NeverLogEntry(models.Model):
    """An address or domain that is kept out. Without `owner` it is the workspace's."""

    class Kind(models.TextChoices):
        ADDRESS = "address", _("Address")
        DOMAIN = "domain", _("Domain")
        SUBDOMAINS = "subdomains", _("Domain and its subdomains")

    class Scope(models.TextChoices):
        WHOLE_MESSAGE = "whole_message", _("Block the whole message")
        ADDRESS_ONLY = "address_only", _("Only never link it to that address")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="never_log"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    value = models.CharField(max_length=320)
    scope = models.CharField(max_length=14, choices=Scope, default=Scope.WHOLE_MESSAGE)
    note = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["owner", "kind", "value"], name="never_log_once", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return f"never-log entry {self.pk}"


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
