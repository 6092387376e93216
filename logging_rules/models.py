"""Settings of the three levels, never-log entries and tombstones."""

import secrets
import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact
from inboxes.encryption import EncryptedTextField
from inboxes.models import Inbox
from logging_rules.facts import NeverLogKind, NeverLogScope, Preset
from users.models import User

PRESET_LABELS = {
    Preset.MANUAL: _("Only what I choose"),
    Preset.REPLIES: _("Replies and conversations already logged"),
    Preset.KNOWN: _("All mail with known contacts"),
}
PRESET_SHOWS = {
    Preset.MANUAL: _(
        "Colleagues see only e-mails that you log by hand or file under “CRM/Log”. All other mail stays private."
    ),
    Preset.REPLIES: _(
        "Colleagues see e-mails that continue a conversation logged before. A conversation that nobody logged stays private."
    ),
    Preset.KNOWN: _(
        "Colleagues see every e-mail you exchange with a contact of your workspace. Mail with anybody else stays private."
    ),
}
"""What colleagues see of an inbox, for its owner."""

NEVER_LOG_KIND_LABELS = {
    NeverLogKind.ADDRESS: _("Address"),
    NeverLogKind.DOMAIN: _("Domain"),
    NeverLogKind.SUBDOMAINS: _("Domain and its subdomains"),
}
NEVER_LOG_SCOPE_LABELS = {
    NeverLogScope.WHOLE_MESSAGE: _("Block the whole message"),
    NeverLogScope.ADDRESS_ONLY: _("Only never link it to that address"),
}


def new_tombstone_key() -> str:
    return secrets.token_hex(32)


class WorkspacePolicyManager(models.Manager["WorkspacePolicy"]):
    def current(self) -> "WorkspacePolicy":
        """The one policy of this deployment, made on first use."""
        return self.get_or_create(pk=1)[0]


class WorkspacePolicy(models.Model):
    """The workspace's defaults and the most open preset anybody may choose; there is exactly one.

    `tombstone_key` must never change: un-logged mail is recognised by hashes made with it.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    default_preset = models.CharField(max_length=10, choices=PRESET_LABELS, default=Preset.REPLIES)
    most_open_preset = models.CharField(max_length=10, choices=PRESET_LABELS, default=Preset.KNOWN)
    log_automatic_mail = models.BooleanField(default=False)
    tombstone_key = EncryptedTextField(default=new_tombstone_key, editable=False)

    objects = WorkspacePolicyManager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(pk=1), name="workspace_policy_is_single"),
        ]

    def __str__(self) -> str:
        return "workspace policy"


class PersonPolicy(models.Model):
    """One person's own defaults; empty means as the workspace says."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="logging_policy")
    preset = models.CharField(max_length=10, choices=PRESET_LABELS, blank=True)
    log_automatic_mail = models.BooleanField(null=True, blank=True)

    def __str__(self) -> str:
        return f"policy of person {self.person_id}"


class InboxPolicy(models.Model):
    """What one inbox does differently; empty means as its owner says.

    `conversations_open`: a conversation was logged after mails that may belong to it had been passed over.
    """

    inbox = models.OneToOneField(Inbox, on_delete=models.CASCADE, related_name="logging_policy")
    preset = models.CharField(max_length=10, choices=PRESET_LABELS, blank=True)
    log_automatic_mail = models.BooleanField(null=True, blank=True)
    conversations_open = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"policy of inbox {self.inbox_id}"


class NeverLogEntryQuerySet(models.QuerySet["NeverLogEntry"]):
    def visible_to(self, user: User) -> "NeverLogEntryQuerySet":
        """A personal list is its owner's alone; everybody may read the workspace's, which rules their mail too."""
        if not user.is_active:
            return self.none()
        return self.filter(models.Q(owner=user) | models.Q(owner=None))


class NeverLogEntry(models.Model):
    """An address or domain that is kept out. Without `owner` it is the workspace's."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="never_log"
    )
    kind = models.CharField(max_length=10, choices=NEVER_LOG_KIND_LABELS)
    value = models.CharField(max_length=320)
    scope = models.CharField(max_length=14, choices=NEVER_LOG_SCOPE_LABELS, default=NeverLogScope.WHOLE_MESSAGE)
    note = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = NeverLogEntryQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["owner", "kind", "value"], name="never_log_once", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return f"never-log entry {self.pk}"


class LookBack(models.Model):
    """Somebody asked to look through an inbox of theirs for the mail of a contact, and has not been told the result yet.

    `mails_before`: how many mails of the inbox stood on the contact's timeline then.
    """

    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="look_backs")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="look_backs")
    asked_at = models.DateTimeField()
    mails_before = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["inbox", "contact"], name="look_back_once"),
        ]

    def __str__(self) -> str:
        return f"look back {self.pk}"


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
