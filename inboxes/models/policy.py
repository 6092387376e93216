"""What the workspace lets people connect."""

from collections.abc import Iterable
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from inboxes.models.inbox import ProviderKind
from users.models import User


class WhoMayConnect(models.TextChoices):
    EVERYONE = "everyone", _("Everyone")
    ACCOUNT_ACCESS = "account_access", _("Holders of account access")
    SUPER_ADMINS = "super_admins", _("Super admins")
    NOBODY = "nobody", _("Nobody")


class ConnectionPolicyManager(models.Manager["ConnectionPolicy"]):
    def current(self) -> "ConnectionPolicy":
        """What is in force: everything, as long as nobody has chosen. Writes nothing."""
        return self.filter(pk=1).first() or ConnectionPolicy()


def every_provider() -> list[str]:
    return list(ProviderKind.values)


class ConnectionPolicy(models.Model):
    """Who may connect personal inboxes, through which providers, and on which mail servers; there is at most one row.

    `providers` and `imap_hosts` hold for team inboxes, too. `imap_hosts`, which hold for servers for sending as well, are names like
    mail.example.com, or *.example.com for everything below it; none stands for any. What was connected before goes on.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    who = models.CharField(max_length=20, choices=WhoMayConnect, default=WhoMayConnect.EVERYONE)
    providers = ArrayField(models.CharField(max_length=10, choices=ProviderKind), default=every_provider)
    imap_hosts = ArrayField(models.CharField(max_length=255), default=list, blank=True)

    objects = ConnectionPolicyManager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(pk=1), name="connection_policy_is_single"),
        ]

    def __str__(self) -> str:
        return "connection policy"

    def may_connect_personal(self, person: User) -> bool:
        """What was decided about the person alone comes first."""
        alone = ConnectionException.objects.filter(person=person).values_list("may_connect", flat=True).first()
        if alone is not None:
            return alone
        return {
            WhoMayConnect.EVERYONE: person.is_active,
            WhoMayConnect.ACCOUNT_ACCESS: person.has_account_access,
            WhoMayConnect.SUPER_ADMINS: person.is_super_admin,
            WhoMayConnect.NOBODY: False,
        }[WhoMayConnect(self.who)]

    def offered_kinds(self) -> list[ProviderKind]:
        return [kind for kind in ProviderKind if kind in self.providers]

    def allows_imap_host(self, host: str) -> bool:
        return not self.imap_hosts or is_among(host, self.imap_hosts)


def is_among(host: str, patterns: Iterable[str]) -> bool:
    name = host.strip().rstrip(".").lower()
    return any(
        name.endswith(pattern.removeprefix("*")) if pattern.startswith("*.") else name == pattern
        for pattern in patterns
    )


class ConnectionException(models.Model):
    """One person may, or may not, connect personal inboxes, whatever holds for the others."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="connection_exception"
    )
    may_connect = models.BooleanField()

    def __str__(self) -> str:
        return f"connection exception of person {self.person_id}"
