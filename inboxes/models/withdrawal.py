"""Access that is to be given back to its provider."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from inboxes.encryption import EncryptedTextField
from inboxes.models.inbox import CredentialKind
from inboxes.models.removal import Revocation


class WithdrawnGrant(models.Model):
    """A grant that no inbox uses any more, until the provider has confirmed that it is gone; then the row goes too.

    `account_id` as in `Credential`: who connects the account again meanwhile keeps the access, which is one and the same for Google.
    `revocation` tells people what came of it; a grant that was never an inbox's has none.
    """

    kind = models.CharField(max_length=10, choices=CredentialKind)
    account_id = models.CharField(max_length=200)
    secret = EncryptedTextField()
    revocation = models.OneToOneField(
        Revocation, null=True, blank=True, on_delete=models.SET_NULL, related_name="withdrawn_grant"
    )
    next_try_at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["next_try_at"], name="withdrawn_grant_due")]

    def __str__(self) -> str:
        return f"withdrawn grant {self.pk}"
