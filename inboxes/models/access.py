"""Who asked to open an e-mail that its owner shows to nobody else, who was let in, and who opened what."""

import uuid
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inboxes.models.inbox import Inbox, InboxKind
from users.models import User


class AccessRequestQuerySet(models.QuerySet["AccessRequest"]):
    def visible_to(self, user: User) -> "AccessRequestQuerySet":
        """Who asked knows, and whose e-mail it is."""
        if not user.is_active:
            return self.none()
        theirs = models.Q(sighting__inbox__in=Inbox.with_removed.decided_by(user))
        return self.filter(models.Q(person=user) | theirs)

    def answered_by(self, user: User) -> "AccessRequestQuerySet":
        """Those that are the user's to answer, and nobody else's, super admins included."""
        return self.filter(sighting__inbox__in=Inbox.with_removed.decided_by(user))

    def asked_of(self, person: User) -> "AccessRequestQuerySet":
        """About what their own inboxes have logged. Nobody else answers those, also when the person has left."""
        return self.filter(sighting__inbox__owner=person, sighting__inbox__kind=InboxKind.PERSONAL)

    def waiting(self) -> "AccessRequestQuerySet":
        return self.filter(answered_at=None)

    def in_force(self) -> "AccessRequestQuerySet":
        """Those that let somebody in at this moment: the clock ends them, no job has to."""
        return self.filter(IN_FORCE)

    def with_state(self) -> "AccessRequestQuerySet":
        """Adds `is_waiting` and `is_in_force`."""
        return self.annotate(is_waiting=models.Q(answered_at=None), is_in_force=IN_FORCE)


IN_FORCE = models.Q(granted_until__isnull=False, granted_until__gt=Now(), ended_at=None)


class AccessRequest(models.Model):
    """Somebody asks the owner of a sighting to open the e-mail to them, and what the owner answered.

    Waiting until `answered_at`; then declined, or granted until `granted_until` unless it `ended_at` before: because the owner wished so,
    or because either of them left, when a request that still waited ends, too.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sighting = models.ForeignKey("inboxes.Sighting", on_delete=models.CASCADE, related_name="access_requests")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_requests")
    note = models.CharField(_("note"), max_length=500, blank=True)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    granted_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = AccessRequestQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["sighting", "person"], condition=models.Q(answered_at=None), name="access_asked_once_at_a_time"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["person", "sighting", "granted_until"], name="access_by_person"),
        ]

    def __str__(self) -> str:
        return f"access request {self.pk}"


class OpenedPart(models.TextChoices):
    TEXT = "text", _("The e-mail")
    ORIGINAL = "original", _("The original")
    FILE = "file", _("A file")


class Opening(models.Model):
    """Somebody other than its owners opened a restricted e-mail. Never changed; erased together with the e-mail."""

    message = models.ForeignKey("inboxes.Message", on_delete=models.CASCADE, related_name="openings")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    part = models.CharField(max_length=8, choices=OpenedPart)
    opened_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["message", "-opened_at"], name="opening_by_message"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update),
        ]

    def __str__(self) -> str:
        return f"opening {self.pk}"
