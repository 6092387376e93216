"""What follows when a provider says that a mailbox has news: it is synced now. Nothing else that it says is believed."""

import hashlib
from collections.abc import Sequence
from hmac import compare_digest

import structlog
from django.core.cache import cache
from django.db.models import Q

from inboxes.models import Inbox, ProviderKind, PushSubscription
from inboxes.providers.gmail.announcements import Announcement
from inboxes.providers.graph.notifications import Lifecycle, Notification
from inboxes.push.keeping import hash_of
from inboxes.signals import push_lapsed
from inboxes.sync.due import wake

logger = structlog.get_logger(__name__)

REMEMBERED_SECONDS = 86_400
"""Longer than the signature of an announcement is valid."""


class WrongSecret(Exception):
    """It names a subscription of ours, but does not know what only the provider was told."""


def hear_google(announcement: Announcement) -> None:
    """Delivered again, it does nothing: that is also what a replayed one is. Aliases and groups in the mailbox hear it, too."""
    digest = hashlib.sha256(announcement.message_id.encode()).hexdigest()
    if cache.add(f"push:google:{digest}", 1, timeout=REMEMBERED_SECONDS):
        account = announcement.address.lower()
        inboxes = Inbox.objects.filter(
            Q(address=account) | Q(credential__signed_in_as=account), provider=ProviderKind.GMAIL
        )
        wake(inboxes.values_list("pk", flat=True))


def hear_microsoft(notifications: Sequence[Notification]) -> None:
    """Raises `WrongSecret`; then nothing of them is heeded. Those about subscriptions we do not know any more are passed over."""
    named = {notification.subscription_id for notification in notifications}
    known = {row.remote_id: row for row in PushSubscription.objects.filter(remote_id__in=named - {""})}
    heard = [(known[one.subscription_id], one) for one in notifications if one.subscription_id in known]
    if not all(compare_digest(bytes(row.secret_hash), hash_of(one.secret)) for row, one in heard):
        raise WrongSecret
    lapsed = {row for row, one in heard if one.lifecycle in (Lifecycle.REAUTHORIZE, Lifecycle.REMOVED)}
    _let_lapse(lapsed)
    wake({row.inbox_id for row, _ in heard})


def _let_lapse(rows: set[PushSubscription]) -> None:
    """They are subscribed to anew, which takes asking the provider: a worker does that."""
    PushSubscription.objects.filter(pk__in=[row.pk for row in rows]).delete()
    for inbox_id in {row.inbox_id for row in rows}:
        push_lapsed.send_robust(sender=PushSubscription, inbox_id=inbox_id)
        logger.info("push_lapsed", inbox_id=inbox_id)
