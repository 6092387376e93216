"""Subscribing to the news of mailboxes, and staying subscribed."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime

import structlog
from django.db.models import Exists, OuterRef

from inboxes.models import Inbox, PushSubscription
from inboxes.providers.base import ProviderError
from inboxes.providers.push import Announcer, Subscribed, SubscriptionGone
from inboxes.push.announcers import open_announcer, pushing_kinds

logger = structlog.get_logger(__name__)


def to_keep(*, now: datetime) -> list[int]:
    """The keys of syncing inboxes whose provider could tell us of news, and is not asked to, or not for much longer."""
    lasting = PushSubscription.objects.filter(inbox=OuterRef("pk"), renew_at__gt=now)
    fading = PushSubscription.objects.filter(inbox=OuterRef("pk"), renew_at__lte=now)
    inboxes = Inbox.objects.syncing().filter(provider__in=pushing_kinds())
    return list(inboxes.filter(~Exists(lasting) | Exists(fading)).values_list("pk", flat=True))


def keep_push(inbox_id: int, *, now: datetime, open_announcer: Callable[[Inbox], Announcer] = open_announcer) -> None:
    """Subscribes to what is missing and renews what fades; of an inbox that does not sync, ends what there is.

    Safe to repeat. A failure waits for the next time and is nobody's trouble.
    """
    inbox = Inbox.objects.syncing().filter(pk=inbox_id, provider__in=pushing_kinds()).first()
    if inbox is None:
        end_push(inbox_id, open_announcer=open_announcer)
        return
    rows = {row.resource: row for row in inbox.push_subscriptions.all()}
    try:
        with open_announcer(inbox) as announcer:
            for resource in announcer.resources:
                _keep(inbox, announcer, resource, rows.get(resource), now)
    except ProviderError as error:
        logger.warning("push_not_kept", inbox_id=inbox_id, cause=error.cause)


def end_push(inbox_id: int, *, open_announcer: Callable[[Inbox], Announcer] = open_announcer) -> None:
    """Ends what there is. If the inbox goes on all the same, `keep_push` subscribes anew."""
    inbox = Inbox.objects.filter(pk=inbox_id, provider__in=pushing_kinds()).first()
    if inbox is None or not (rows := {row.resource: row for row in inbox.push_subscriptions.all()}):
        return
    try:
        with open_announcer(inbox) as announcer:
            for resource in announcer.resources:
                if resource in rows:
                    announcer.unsubscribe(rows[resource].remote_id)
    except ProviderError as error:
        logger.warning("push_not_kept", inbox_id=inbox_id, cause=error.cause)
    # What could not be ended ends by itself; until then nobody listens.
    inbox.push_subscriptions.all().delete()


def _keep(inbox: Inbox, announcer: Announcer, resource: str, row: PushSubscription | None, now: datetime) -> None:
    if row is not None and row.renew_at > now:
        return
    if row is not None and row.expires_at > now:
        try:
            _write(inbox, resource, announcer.renew(row.remote_id), bytes(row.secret_hash), now)
        except SubscriptionGone:
            row.delete()
        else:
            return
    secret = secrets.token_urlsafe(32)
    _write(inbox, resource, announcer.subscribe(resource, secret=secret), hash_of(secret), now)


def _write(inbox: Inbox, resource: str, subscribed: Subscribed, secret_hash: bytes, now: datetime) -> None:
    """Renewed at half of its life, so that a day of trouble at the provider does no harm."""
    values = {
        "remote_id": subscribed.remote_id,
        "secret_hash": secret_hash,
        "renew_at": now + (subscribed.expires_at - now) / 2,
        "expires_at": subscribed.expires_at,
    }
    PushSubscription.objects.update_or_create(inbox=inbox, resource=resource, defaults=values)


def hash_of(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
