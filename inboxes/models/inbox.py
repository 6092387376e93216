"""A connected mailbox, how to reach it, and the state of its connection."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from inboxes.encryption import EncryptedTextField
from users.models import User


class InboxKind(models.TextChoices):
    PERSONAL = "personal", _("Personal inbox")
    TEAM = "team", _("Team inbox")


class ProviderKind(models.TextChoices):
    """`gmail` and `graph` are read through the APIs of Google and Microsoft, `imap` is any other mail server."""

    IMAP = "imap", _("IMAP")
    GMAIL = "gmail", _("Gmail")
    GRAPH = "graph", _("Microsoft 365")

    @property
    def keeps_keys(self) -> bool:
        """Whether a message's key names it for ever, also when the provider has lost our place in the mailbox."""
        return self is not ProviderKind.IMAP


class InboxStatus(models.TextChoices):
    """`degraded` heals by itself; `needs_reconnect` asks a person and needs a proved cause."""

    CONNECTING = "connecting", _("Connecting")
    ACTIVE = "active", pgettext_lazy("inbox", "Active")
    DEGRADED = "degraded", _("Having trouble")
    NEEDS_RECONNECT = "needs_reconnect", _("Needs reconnecting")
    PAUSED = "paused", _("Paused")
    DISABLED = "disabled", _("Disabled")


SYNCING_STATUSES = (InboxStatus.ACTIVE, InboxStatus.DEGRADED)

EVERY, NONE = ~models.Q(pk=None), models.Q(pk=None)


class InboxQuerySet(models.QuerySet["Inbox"]):
    def visible_to(self, user: User) -> "InboxQuerySet":
        """A personal inbox is its owner's alone: not even a super admin sees what happens in it. A team inbox is known to its
        members and to those who manage it."""
        return self._own_or_of_teams(user, EVERY if user.has_account_access else _with_member(user))

    def decided_by(self, user: User) -> "InboxQuerySet":
        """Inboxes that the person manages, and for whose mail they may say what is logged: their own; of a team, every holder of
        account access."""
        return self._own_or_of_teams(user, EVERY if user.has_account_access else NONE)

    def read_by(self, user: User) -> "InboxQuerySet":
        """Inboxes all of whose mail the person may read, logged or not: their own; of a team, its members, and nobody else."""
        return self._own_or_of_teams(user, _with_member(user))

    def told_to(self, user: User) -> "InboxQuerySet":
        """Inboxes of whose troubles the person may be told: those they see, and teams' inboxes that they connected."""
        return self.visible_to(user) | self.filter(kind=InboxKind.TEAM, connected_by=user, connected_by__is_active=True)

    def personal_of(self, user: User) -> "InboxQuerySet":
        """The person's own. No team inbox, whoever connected it."""
        return self._own_or_of_teams(user, NONE)

    def overseen_by(self, user: User) -> "InboxQuerySet":
        """All connections, to watch over and to stop them: for super admins, whom this lets read no mail of any."""
        return self.all() if user.is_super_admin else self.none()

    def _own_or_of_teams(self, user: User, of_teams: models.Q) -> "InboxQuerySet":
        own = models.Q(kind=InboxKind.PERSONAL, owner=user)
        return self.filter(own | models.Q(kind=InboxKind.TEAM) & of_teams) if user.is_active else self.none()

    def syncing(self) -> "InboxQuerySet":
        """Nobody reads the mail of a person who has left, whatever the status of their inbox still says.

        No join: a conditional UPDATE must look at the row again once it has waited for it.
        """
        left = models.Q(kind=InboxKind.PERSONAL) & ~models.Q(owner__in=User.objects.active())
        return self.filter(~left, status__in=SYNCING_STATUSES)

    def due(self, now: object) -> "InboxQuerySet":
        """Inboxes to sync now: due, syncing, and not held by a living worker."""
        return (
            self.syncing()
            .filter(next_due_at__lte=now)
            .filter(models.Q(lease_expires_at=None) | models.Q(lease_expires_at__lte=now))
        )


def _with_member(user: User) -> models.Q:
    """No join: an inbox is found once, whatever the condition is combined with."""
    return models.Q(pk__in=user.team_memberships.values("inbox"))


_InboxManager = models.Manager.from_queryset(InboxQuerySet)


class ConnectedInboxManager(_InboxManager["Inbox"]):
    """Without removed inboxes: nobody meets them but on the e-mails that they logged."""

    def get_queryset(self) -> InboxQuerySet:
        return InboxQuerySet(self.model, using=self._db).filter(removed_at=None)


class Inbox(models.Model):
    """A mailbox that is, or was, connected.

    A removed one (`removed_at`) has no credential, servers, cursors or ledger any more; its row stays for the e-mails that it logged
    and for its history, and only `with_removed` finds it. Its address may be connected anew. `became`: the inbox that took over when a
    personal inbox became a team's, or the other way round.

    `generation` grows on every reconnect, disconnect or change of credential; a worker that started under an older one may
    write nothing. `lease_*` names the one worker that may write; `lease_fence` grows with every lease. Before `no_calls_until`
    nobody calls the provider, for its owner neither: it asked for a pause. `in_outage` from the beginning of an outage until all mail
    of it is handled. `backfill_done_at` is empty while the past is read, be it once more; `past_read_at` says since when all of it had
    been read for the first time, through whichever provider. `check_wanted_at`: when a person last asked that the mailbox be compared
    with what was handled. `trouble_since` names the trouble that people are told of once (`inboxes.trouble`), also while the inbox seems
    well again.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=10, choices=InboxKind, default=InboxKind.PERSONAL)
    provider = models.CharField(max_length=10, choices=ProviderKind, default=ProviderKind.IMAP)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="inboxes")
    connected_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    address = models.EmailField()
    aliases = ArrayField(models.EmailField(), default=list, blank=True)
    name = models.CharField(max_length=120, blank=True)
    from_name = models.CharField(max_length=120, blank=True)

    status = models.CharField(max_length=20, choices=InboxStatus, default=InboxStatus.CONNECTING)
    cause = models.CharField(max_length=50, blank=True)
    status_since = models.DateTimeField(db_default=Now())
    trouble_since = models.DateTimeField(null=True, blank=True)
    retry_at = models.DateTimeField(null=True, blank=True)
    no_calls_until = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    refused_at = models.DateTimeField(null=True, blank=True)
    generation = models.PositiveIntegerField(default=1)

    history_since = models.DateTimeField(null=True, blank=True)
    next_due_at = models.DateTimeField(db_default=Now())
    folders_listed_at = models.DateTimeField(null=True, blank=True)
    live_synced_at = models.DateTimeField(null=True, blank=True)
    backfill_done_at = models.DateTimeField(null=True, blank=True)
    past_read_at = models.DateTimeField(null=True, blank=True)
    reconciled_at = models.DateTimeField(null=True, blank=True)
    check_wanted_at = models.DateTimeField(null=True, blank=True)
    in_outage = models.BooleanField(default=False, db_default=False)

    lease_owner = models.CharField(max_length=80, blank=True)
    lease_fence = models.BigIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    removed_at = models.DateTimeField(null=True, blank=True)
    became = models.OneToOneField("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="former")

    objects = ConnectedInboxManager()
    with_removed = InboxQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["next_due_at"], name="inbox_due", condition=models.Q(status__in=SYNCING_STATUSES)),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(address=models.functions.Lower("address")), name="inbox_address_is_lower_case"
            ),
            models.UniqueConstraint(
                fields=["address"], condition=models.Q(removed_at=None), name="address_connected_once"
            ),
        ]

    def __str__(self) -> str:
        return f"inbox {self.pk}"

    @property
    def label(self) -> str:
        """What people call it: a team inbox has a name."""
        return self.name or self.address

    @property
    def holder(self) -> str:
        """Whose mail it is, for people: its owner's, or that of the team by its name."""
        return self.label if self.kind == InboxKind.TEAM else str(self.owner)

    @property
    def is_syncing(self) -> bool:
        return self.status in SYNCING_STATUSES

    @property
    def is_importing(self) -> bool:
        """Whether its past is being read."""
        return self.is_syncing and self.backfill_done_at is None

    @property
    def is_being_checked(self) -> bool:
        """Whether somebody has asked for a check of completeness that is not done yet."""
        return (
            self.is_syncing
            and self.check_wanted_at is not None
            and (self.reconciled_at is None or self.check_wanted_at > self.reconciled_at)
        )


class CredentialKind(models.TextChoices):
    """What the secret is, and who gave it out."""

    PASSWORD = "password"  # noqa: S105 - a kind of secret, not one
    GOOGLE = "google"
    MICROSOFT = "microsoft"


class Credential(models.Model):
    """The secret that opens a mailbox: a password, or an OAuth grant as JSON (`inboxes.oauth.grants`). Deleted on removal.

    `account_id` is how the provider knows the account, whatever its address becomes; `scopes` is what was granted, not what was asked.
    `signed_in_as` is filled where the inbox is a mailbox shared with the account, or at Google an alias or group whose mail arrives in
    the account's own: then it is the account's own address. `expires_at` is when the provider will end the access, as far as it said so.
    """

    inbox = models.OneToOneField(Inbox, on_delete=models.CASCADE, related_name="credential")
    kind = models.CharField(max_length=10, choices=CredentialKind, default=CredentialKind.PASSWORD)
    secret = EncryptedTextField()
    account_id = models.CharField(max_length=200, blank=True)
    scopes = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    signed_in_as = models.EmailField(blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"credential of inbox {self.inbox_id}"


class Protocol(models.TextChoices):
    IMAP = "imap", "IMAP"
    SMTP = "smtp", "SMTP"


class Security(models.TextChoices):
    TLS = "tls", _("TLS")
    STARTTLS = "starttls", _("STARTTLS")
    NONE = "none", _("None (only for allowed hosts)")


class MailServer(models.Model):
    """Where an IMAP inbox is read or written."""

    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="servers")
    protocol = models.CharField(max_length=4, choices=Protocol)
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField()
    security = models.CharField(max_length=8, choices=Security, default=Security.TLS)
    username = models.CharField(max_length=320)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["inbox", "protocol"], name="one_mail_server_per_protocol"),
        ]

    def __str__(self) -> str:
        return f"{self.protocol} server of inbox {self.inbox_id}"
