"""Team inboxes: who is a member, and all the mail that lies in one, logged or not."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inboxes.filtered import Filtered
from inboxes.models.inbox import Inbox
from users.models import User

FILTER_LABELS: dict[str, Promise] = {
    Filtered.SPAM: _("Spam"),
    Filtered.AUTOMATIC: _("Automatic mail"),
}
FILTER_EXPLANATIONS: dict[str, Promise] = {
    Filtered.SPAM: _("The mail server took it for spam, so it is kept out of the list and stands on no timeline."),
    Filtered.AUTOMATIC: _("A machine sent it, or it went to a list, so it is kept out of the list."),
}


class InboxMember(models.Model):
    """A person who reads a team inbox. Account access alone lets nobody read it: whoever holds it may become a member, on record."""

    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="members")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="team_memberships")
    added_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["inbox", "person"], name="inbox_member_once"),
        ]

    def __str__(self) -> str:
        return f"member {self.person_id} of inbox {self.inbox_id}"


class TeamThreadQuerySet(models.QuerySet["TeamThread"]):
    def visible_to(self, user: User) -> "TeamThreadQuerySet":
        """For members only: neither account access nor being a super admin opens a team's mail."""
        return self.filter(inbox__in=Inbox.objects.read_by(user))


class TeamThread(models.Model):
    """A thread as it lies in one team inbox; paged by (newest_at, id), newest first.

    `filtered` is the cause for which it is kept out of the list (spam, automatic mail): that of its mails if all of them are filtered,
    else empty. The numbers repeat what its `TeamMail` rows say; `inboxes.sync.team` keeps them true.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="team_threads")
    thread = models.ForeignKey("inboxes.Thread", on_delete=models.CASCADE, related_name="team_threads")
    newest = models.ForeignKey("inboxes.Message", null=True, on_delete=models.SET_NULL, related_name="+")
    newest_at = models.DateTimeField()
    newest_incoming_at = models.DateTimeField(null=True)
    mails = models.PositiveIntegerField(default=0)
    filtered = models.CharField(max_length=40, blank=True)

    objects = TeamThreadQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["inbox", "thread"], name="team_thread_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["inbox", "-newest_at", "-id"], name="team_thread_newest_first", condition=models.Q(filtered="")
            ),
            models.Index(
                fields=["inbox", "-newest_at", "-id"], name="team_thread_filtered", condition=~models.Q(filtered="")
            ),
        ]

    def __str__(self) -> str:
        return f"team thread {self.pk}"


class TeamMailQuerySet(models.QuerySet["TeamMail"]):
    def visible_to(self, user: User) -> "TeamMailQuerySet":
        """For whoever reads all the mail of the inbox it lies in: nobody else knows of it by that."""
        return self.filter(inbox__in=Inbox.objects.read_by(user))


class TeamMail(models.Model):
    """An e-mail that lies in a team inbox. All of them do, also those that are logged on no timeline: what is logged has a sighting.

    `code` is the decision's (`logging_rules.engine`), so that a member sees why it is on a timeline or not. `filtered` is why the mail
    is kept out of the list; empty for ordinary mail and for what a member has taken back (`restored_by`), which no sync filters again.
    """

    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="team_mail")
    message = models.ForeignKey("inboxes.Message", on_delete=models.CASCADE, related_name="team_mail")
    team_thread = models.ForeignKey(TeamThread, on_delete=models.CASCADE, related_name="team_mail")
    outgoing = models.BooleanField(default=False)
    code = models.CharField(max_length=40)
    filtered = models.CharField(max_length=40, blank=True)
    restored_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    received_at = models.DateTimeField()

    objects = TeamMailQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["message", "inbox"], name="team_mail_once_per_inbox"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["team_thread", "-received_at"], name="team_mail_by_thread"),
        ]

    def __str__(self) -> str:
        return f"team mail {self.pk}"
