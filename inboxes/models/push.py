"""What providers promised to tell us."""

from typing import ClassVar

from django.db import models

from inboxes.models.inbox import Inbox


class PushSubscription(models.Model):
    """A provider's promise to say when a mailbox has news. Only time depends on it: mailboxes are polled all the same.

    `resource` is what it is about: "mailbox" for Gmail, a folder by its well-known name for Graph. `remote_id` is Graph's name for
    the subscription; Gmail's has none. `secret_hash` is the SHA-256 of what Graph repeats in each notification.
    """

    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="push_subscriptions")
    resource = models.CharField(max_length=40)
    remote_id = models.CharField(max_length=200, blank=True)
    secret_hash = models.BinaryField(max_length=32)
    renew_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["inbox", "resource"], name="one_push_subscription_per_resource"),
            models.UniqueConstraint(
                fields=["remote_id"], name="push_subscription_once", condition=~models.Q(remote_id="")
            ),
        ]

    def __str__(self) -> str:
        return f"push subscription {self.pk} of inbox {self.inbox_id}"
