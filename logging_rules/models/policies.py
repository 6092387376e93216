"""How much is logged, on the three levels: workspace, person, inbox."""

import secrets
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from inboxes.encryption import EncryptedTextField
from inboxes.models import VISIBILITY_LABELS, Inbox
from inboxes.visibility import Visibility
from logging_rules.ambiguity import SENSITIVE_WORDS
from logging_rules.facts import ContactCreation, Preset

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


CONTACT_CREATION_LABELS = {
    ContactCreation.NEVER: pgettext_lazy("contacts are created", "Never"),
    ContactCreation.SENT: _("From e-mails I send"),
    ContactCreation.REPLIES: _("From e-mails I send and answers to them"),
}


class LoggingSettings(models.Model):
    """What one level says about logging. Everything may be left open: the next level speaks (`logging_rules.in_force`)."""

    preset = models.CharField(max_length=10, choices=PRESET_LABELS, blank=True)
    log_incoming = models.BooleanField(null=True, blank=True)
    log_outgoing = models.BooleanField(null=True, blank=True)
    store_attachments = models.BooleanField(null=True, blank=True)
    log_automatic_mail = models.BooleanField(null=True, blank=True)
    create_contacts = models.CharField(max_length=10, choices=CONTACT_CREATION_LABELS, blank=True)
    track_opens = models.BooleanField(null=True, blank=True)
    track_clicks = models.BooleanField(null=True, blank=True)
    log_by_default = models.BooleanField(null=True, blank=True)
    hold_ambiguous = models.BooleanField(null=True, blank=True)
    visibility = models.CharField(max_length=10, choices=VISIBILITY_LABELS, blank=True)

    class Meta:
        abstract = True


def new_tombstone_key() -> str:
    return secrets.token_hex(32)


def shipped_words() -> list[str]:
    return list(SENSITIVE_WORDS)


class WorkspacePolicyManager(models.Manager["WorkspacePolicy"]):
    def current(self) -> "WorkspacePolicy":
        """The one policy of this deployment, made on first use."""
        return self.get_or_create(pk=1)[0]


class WorkspacePolicy(models.Model):
    """The workspace's value of every setting, and the most open preset anybody may choose; there is exactly one.

    `tombstone_key` must never change: un-logged mail is recognised by hashes made with it. `sensitive_words` in a subject have mail
    held where `hold_ambiguous` is on.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    preset = models.CharField(max_length=10, choices=PRESET_LABELS, default=Preset.REPLIES)
    most_open_preset = models.CharField(max_length=10, choices=PRESET_LABELS, default=Preset.KNOWN)
    log_incoming = models.BooleanField(default=True)
    log_outgoing = models.BooleanField(default=True)
    store_attachments = models.BooleanField(default=True)
    log_automatic_mail = models.BooleanField(default=False)
    create_contacts = models.CharField(max_length=10, choices=CONTACT_CREATION_LABELS, default=ContactCreation.NEVER)
    track_opens = models.BooleanField(default=False)
    track_clicks = models.BooleanField(default=False)
    log_by_default = models.BooleanField(default=True)
    hold_ambiguous = models.BooleanField(default=False)
    visibility = models.CharField(max_length=10, choices=VISIBILITY_LABELS, default=Visibility.EVERYONE)
    sensitive_words = ArrayField(models.CharField(max_length=60), default=shipped_words, blank=True)
    tombstone_key = EncryptedTextField(default=new_tombstone_key, editable=False)

    objects = WorkspacePolicyManager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(pk=1), name="workspace_policy_is_single"),
        ]

    def __str__(self) -> str:
        return "workspace policy"


class PersonPolicy(LoggingSettings):
    """One person's own defaults; empty means as the workspace says.

    `kept` names the settings that the person did not choose: they followed the workspace, which has opened up since.
    """

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="logging_policy")
    kept = ArrayField(models.CharField(max_length=30), default=list, blank=True)

    def __str__(self) -> str:
        return f"policy of person {self.person_id}"


class InboxPolicy(LoggingSettings):
    """What one inbox does differently; empty means as its owner says.

    `conversations_open`: a conversation was logged after mails that may belong to it had been passed over. `wider_since`: rules that
    log more than those before hold for mail that arrived since then; empty: for all mail. `visibility_wanted_at`: since then what
    was logged before is being brought in line with who may see it.
    """

    inbox = models.OneToOneField(Inbox, on_delete=models.CASCADE, related_name="logging_policy")
    conversations_open = models.BooleanField(default=False)
    wider_since = models.DateTimeField(null=True, blank=True)
    visibility_wanted_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"policy of inbox {self.inbox_id}"
