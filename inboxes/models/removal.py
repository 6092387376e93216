"""What became of an inbox that was removed, and of the access that it had."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inboxes.models.inbox import Inbox


class Removal(models.Model):
    """That an inbox was removed, by whom, and how far what it held is cleared away: everything with `erases`, else what is on no timeline.

    The numbers are of e-mails: `held` when it was removed, `cleared` of them gone through so far, `erased` for good. The others stay:
    on timelines, or because another inbox holds them. Workers clear in slices until `finished_at`; `touched_at` is when one last did, or
    was sent to.
    """

    inbox = models.OneToOneField(Inbox, on_delete=models.CASCADE, related_name="removal")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    erases = models.BooleanField()
    held = models.PositiveIntegerField(default=0)
    cleared = models.PositiveIntegerField(default=0)
    erased = models.PositiveIntegerField(default=0)
    erased_contacts = models.PositiveIntegerField(default=0)
    begun_at = models.DateTimeField()
    touched_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["begun_at"], name="removal_under_way", condition=models.Q(finished_at=None)),
        ]

    def __str__(self) -> str:
        return f"removal of inbox {self.inbox_id}"


class AccessPlace(models.TextChoices):
    """Where a person takes back what they gave: in their account at Google, their organisation's or their own at Microsoft, or at
    whoever runs the mail server."""

    GOOGLE = "google", _("Google Account")
    MICROSOFT = "microsoft", _("Microsoft 365")
    OUTLOOK = "outlook", _("Outlook.com")
    SERVER = "server", _("Mail server")


class RevocationState(models.TextChoices):
    """In use: another inbox here is read with the same access. Given up: it was refused, or tried for a week."""

    TRYING = "trying", _("Being tried")
    VERIFIED = "verified", _("Verified")
    IN_USE = "in_use", _("Still in use")
    NOT_OFFERED = "not_offered", _("Not possible from here")
    UNREADABLE = "unreadable", _("Could not be read")
    GIVEN_UP = "given_up", _("Given up")


class Revocation(models.Model):
    """What came of giving the access of an inbox back to its provider. Holds no secret: that is `WithdrawnGrant`'s, while it lasts.

    `account` is whose it was. `tries` counts those that failed, the last for `cause`.
    """

    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="revocations")
    place = models.CharField(max_length=10, choices=AccessPlace)
    account = models.EmailField()
    state = models.CharField(max_length=12, choices=RevocationState, default=RevocationState.TRYING)
    tries = models.PositiveSmallIntegerField(default=0)
    cause = models.CharField(max_length=50, blank=True)
    asked_at = models.DateTimeField(db_default=Now(), editable=False)
    settled_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"revocation {self.pk} of inbox {self.inbox_id}"
