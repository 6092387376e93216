"""Troubles that a provider has with this installation itself, not with one mailbox."""

from django.db import models

from inboxes.models.inbox import CredentialKind, Inbox


class ProviderHealth(models.Model):
    """A provider refuses us, or asked us to wait, whoever's mailbox it is. There is no row while all is well.

    Until `until` nobody calls it; then one inbox, `probed_by`, finds out whether it is over. `since` is when this episode began.
    """

    kind = models.CharField(max_length=10, choices=CredentialKind, unique=True)
    cause = models.CharField(max_length=50)
    since = models.DateTimeField()
    until = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    probed_by = models.ForeignKey(Inbox, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    def __str__(self) -> str:
        return f"{self.kind}: {self.cause}"
