"""People, their workspace and the invitations that let them in."""

import secrets
import uuid
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    MEMBER = "member", _("Member")
    SUPER_ADMIN = "super_admin", _("Super admin")


class Theme(models.TextChoices):
    SYSTEM = "system", _("Same as my device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class UserManager(BaseUserManager["User"]):
    """Finds people by the address they sign in with, whatever its case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())

    def active(self) -> models.QuerySet["User"]:
        return self.filter(is_active=True)

    def holders_of_account_access(self) -> models.QuerySet["User"]:
        """Super admins hold every permission."""
        return self.active().filter(models.Q(account_access=True) | models.Q(role=Role.SUPER_ADMIN))


class User(AbstractBaseUser):
    """A person who signs in with an e-mail address. `account_access` lets a member manage team inboxes."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=20, choices=Role, default=Role.MEMBER)
    account_access = models.BooleanField(_("account access"), default=False)
    language = models.CharField(_("language"), max_length=8, default="en")
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
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


class WorkspaceDomain(models.Model):
    """A domain whose every address belongs to a colleague."""

    domain = models.CharField(_("domain"), max_length=253, unique=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.domain


def invitation_expiry() -> Any:
    return timezone.now() + timedelta(days=7)


class Invitation(models.Model):
    """A place kept for somebody who has not joined yet. Only the token's SHA-256 is stored; the link itself is in the e-mail."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("e-mail address"))
    role = models.CharField(_("role"), max_length=20, choices=Role, default=Role.MEMBER)
    account_access = models.BooleanField(_("account access"), default=False)
    language = models.CharField(_("language"), max_length=8, default="en")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="invitations_sent")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(default=invitation_expiry)
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.code)

    @staticmethod
    def new_token() -> str:
        return secrets.token_urlsafe(32)
