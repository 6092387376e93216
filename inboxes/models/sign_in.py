"""Sign-ins at a provider that were begun and have to come back."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from inboxes.encryption import EncryptedTextField
from inboxes.models.inbox import CredentialKind, Inbox, InboxKind, ProviderKind
from users.models import User

GOOD_FOR = timedelta(minutes=10)


class SignInQuerySet(models.QuerySet["SignIn"]):
    def visible_to(self, user: User) -> "SignInQuerySet":
        """Only who began a sign-in may finish it."""
        return self.filter(person=user)


class SignIn(models.Model):
    """Somebody was sent to Google or Microsoft, to come back once, in the same session, before `GOOD_FOR` is over.

    `state` and `session` are digests of what the browser holds. `kept` is what the OAuth client needs to finish, gone once it was
    used. `provider` is how the mailbox is going to be read, `address` whose it should be ("" for whichever the person chooses) or, with
    `shared`, a mailbox beside the account's own. `inbox_kind` is what it becomes, `inbox` the one that is being reconnected.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    session = models.CharField(max_length=64)
    state = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=10, choices=CredentialKind)
    provider = models.CharField(max_length=10, choices=ProviderKind)
    address = models.EmailField(blank=True)
    shared = models.BooleanField(default=False)
    inbox_kind = models.CharField(max_length=10, choices=InboxKind, default=InboxKind.PERSONAL)
    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    kept = EncryptedTextField(blank=True)
    begun_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    objects = SignInQuerySet.as_manager()

    def __str__(self) -> str:
        return f"sign-in {self.pk}"

    def is_over(self, now: datetime) -> bool:
        return now - self.begun_at > GOOD_FOR
