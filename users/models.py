"""People, their workspace and the invitations that let them in."""

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from users.validators import validate_language, validate_time_zone


class Role(models.TextChoices):
    MEMBER = "member", _("Member")
    SUPER_ADMIN = "super_admin", _("Super admin")


class Theme(models.TextChoices):
    SYSTEM = "system", _("Same as my device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: "User") -> "UserQuerySet":
        """Colleagues know each other, deactivated ones included: their names stand on what they wrote."""
        return self.all() if user.is_active else self.none()

    def active(self) -> "UserQuerySet":
        return self.filter(is_active=True)

    def super_admins(self) -> "UserQuerySet":
        return self.active().filter(role=Role.SUPER_ADMIN)

    def holders_of_account_access(self) -> "UserQuerySet":
        """Super admins hold every permission."""
        return self.active().filter(models.Q(account_access=True) | models.Q(role=Role.SUPER_ADMIN))


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Finds people by the address they sign in with, whatever its case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user: User = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        user: User = self.get(email=(username or "").strip().lower())
        return user


class User(AbstractBaseUser):
    """A person who signs in with an e-mail address. `account_access` lets a member manage team inboxes."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=20, choices=Role, default=Role.MEMBER)
    account_access = models.BooleanField(_("account access"), default=False)
    language = models.CharField(_("language"), max_length=8, default="en", validators=[validate_language])
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_time_zone])
    theme = models.CharField(_("appearance"), max_length=8, choices=Theme, default=Theme.SYSTEM)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(email=models.functions.Lower("email")), name="user_email_is_lower_case"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_super_admin(self) -> bool:
        return self.is_active and self.role == Role.SUPER_ADMIN

    @property
    def has_account_access(self) -> bool:
        return self.is_super_admin or (self.is_active and self.account_access)


class WorkspaceManager(models.Manager["Workspace"]):
    def current(self) -> "Workspace":
        """The one workspace of this deployment, made on first use."""
        return self.get_or_create(pk=1)[0]


class Workspace(models.Model):
    """The organisation that runs this deployment; there is exactly one."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    name = models.CharField(_("workspace name"), max_length=120, default="Genkan")

    objects = WorkspaceManager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(pk=1), name="workspace_is_single"),
        ]

    def __str__(self) -> str:
        return self.name


class WorkspaceDomainQuerySet(models.QuerySet["WorkspaceDomain"]):
    def visible_to(self, user: User) -> "WorkspaceDomainQuerySet":
        """Everybody may know: it decides what is internal mail."""
        return self.all() if user.is_active else self.none()


class WorkspaceDomain(models.Model):
    """A domain whose every address belongs to a colleague. Lower-case ASCII (IDNA A-labels)."""

    domain = models.CharField(_("domain"), max_length=253, unique=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = WorkspaceDomainQuerySet.as_manager()

    def __str__(self) -> str:
        return self.domain


class InvitationStatus(models.TextChoices):
    PENDING = "pending", _("Pending")
    ACCEPTED = "accepted", _("Accepted")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Expired")


INVITATION_LIFE = timedelta(days=7)
E_MAIL_PATIENCE = timedelta(minutes=10)


def invitation_expiry() -> datetime:
    return timezone.now() + INVITATION_LIFE


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def visible_to(self, user: User) -> "InvitationQuerySet":
        return self.all() if user.is_super_admin else self.none()

    def open(self) -> "InvitationQuerySet":
        """Neither accepted nor withdrawn; expired ones can still be sent again."""
        return self.filter(accepted_at=None, withdrawn_at=None)

    def giving_more_than(self, person: User) -> "InvitationQuerySet":
        """What the person does not hold themselves; to who has been deactivated, any is more."""
        if not person.is_active:
            return self.all()
        if person.is_super_admin:
            return self.none()
        role = models.Q(role=Role.SUPER_ADMIN)
        return self.filter(role if person.has_account_access else role | models.Q(account_access=True))

    def with_token(self, token: str) -> "InvitationQuerySet":
        return self.filter(token_hash=hash_of_token(token))


class Invitation(models.Model):
    """A place kept for somebody who has not joined yet.

    Only the SHA-256 of its token is stored: the link exists in the e-mail alone. The token is made when the e-mail is sent, so
    that no queue ever holds it; until then `token_hash` is empty.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("e-mail address"))
    role = models.CharField(_("role"), max_length=20, choices=Role, default=Role.MEMBER)
    account_access = models.BooleanField(_("account access"), default=False)
    language = models.CharField(_("language"), max_length=8, default="en", validators=[validate_language])
    token_hash = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    invited_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="invitations_sent")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    e_mailed_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(default=invitation_expiry)
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["email"],
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="one_open_invitation_per_address",
            ),
            models.CheckConstraint(
                condition=models.Q(email=models.functions.Lower("email")), name="invitation_email_is_lower_case"
            ),
        ]

    def __str__(self) -> str:
        return str(self.code)

    @property
    def status(self) -> InvitationStatus:
        if self.accepted_at:
            return InvitationStatus.ACCEPTED
        if self.withdrawn_at:
            return InvitationStatus.WITHDRAWN
        return InvitationStatus.EXPIRED if self.expires_at <= timezone.now() else InvitationStatus.PENDING

    @property
    def is_e_mail_late(self) -> bool:
        """The mail server has not taken the e-mail for longer than a hiccup lasts: it may need sending again."""
        sent_at = self.expires_at - INVITATION_LIFE
        return self.e_mailed_at is None and sent_at + E_MAIL_PATIENCE <= timezone.now()

    @staticmethod
    def new_token() -> str:
        return secrets.token_urlsafe(32)


def hash_of_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
