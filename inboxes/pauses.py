"""When a provider is not to be called: for one mailbox, because it asked for a pause; for all of them, because it refuses us.

What concerns this installation as a whole is one trouble, however many inboxes meet it: one of them finds out every ten minutes
whether it is over, and those who can mend it are told once.
"""

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q

from inboxes import notices
from inboxes.encryption import InvalidToken, UnknownKey
from inboxes.models import Credential, CredentialKind, Inbox, InboxStatus, ProviderHealth
from inboxes.providers.base import ClientMisconfigured, ProjectPaused, ProviderError, RateLimited

PROBE_EVERY = timedelta(minutes=10)

EVERYBODYS = (ClientMisconfigured, ProjectPaused)
"""Troubles that are about this installation, not about an inbox: no owner is asked for anything."""


def heed_own_pause(inbox: Inbox, *, now: datetime) -> None:
    """Raises `RateLimited` while the provider wants no call for this mailbox."""
    if inbox.no_calls_until is not None and inbox.no_calls_until > now:
        cause = inbox.cause or RateLimited.cause
        raise RateLimited(cause, retry_after=(inbox.no_calls_until - now).total_seconds())


def heed_shared_pause(inbox: Inbox, *, now: datetime) -> None:
    """Raises `ProjectPaused` while the provider wants no call at all. When its time is up one inbox is let through, to find out."""
    if (health := shared_trouble(inbox)) is None:
        return
    turn = ProviderHealth.objects.filter(pk=health.pk, until__lte=now)
    if not turn.update(until=now + PROBE_EVERY, probed_by=inbox):
        raise ProjectPaused(health.cause, retry_after=max(1, (health.until - now).total_seconds()))


def is_paused(inbox: Inbox, *, now: datetime) -> bool:
    """Whether nobody is to call the provider for this inbox who can do without."""
    if inbox.no_calls_until is not None and inbox.no_calls_until > now:
        return True
    return shared_trouble(inbox) is not None


def shared_trouble(inbox: Inbox) -> ProviderHealth | None:
    """What its provider has against this installation, or has asked of it."""
    return ProviderHealth.objects.filter(kind=inbox.credential.kind).first() if _has_grant(inbox) else None


def is_probe(inbox: Inbox) -> bool:
    """Whether it is this inbox that was let through."""
    return ProviderHealth.objects.filter(probed_by=inbox).exists()


def note_own_pause(inbox: Inbox, pause: RateLimited, *, now: datetime) -> None:
    """For a pause that was met by somebody who looked into the mailbox: the sync heeds it too."""
    until = now + timedelta(seconds=pause.retry_after)
    shorter = Q(no_calls_until=None) | Q(no_calls_until__lt=until)
    Inbox.objects.filter(shorter, pk=inbox.pk).update(no_calls_until=until)


@transaction.atomic
def note_shared_trouble(inbox: Inbox, trouble: ProviderError, *, now: datetime) -> datetime:
    """Until when nobody is to call the provider. Tells super admins when this is how it begins. Idempotent."""
    kind = CredentialKind(Credential.objects.values_list("kind", flat=True).get(inbox=inbox))
    pause = timedelta(seconds=trouble.retry_after) if isinstance(trouble, ProjectPaused) else PROBE_EVERY
    begun = {"cause": trouble.cause, "since": now, "until": now + pause, "told_at": now}
    health, is_new = ProviderHealth.objects.select_for_update().get_or_create(kind=kind, defaults=begun)
    if is_new:
        notices.tell_of_shared_trouble(health)
    else:
        health.cause, health.until = trouble.cause, max(health.until, now + pause)
        health.save(update_fields=["cause", "until"])
    return health.until


def note_shared_success(inbox: Inbox, *, now: datetime) -> None:
    """Ends the episode if it was this inbox that found out; the others are due at once. Call inside a transaction."""
    if not _has_grant(inbox):
        return
    health = ProviderHealth.objects.select_for_update().filter(probed_by=inbox).first()
    if health is None:
        return
    notices.tell_of_shared_recovery(health, now=now)
    waiting = Inbox.objects.filter(credential__kind=health.kind, status=InboxStatus.DEGRADED, cause=health.cause)
    health.delete()
    # Not in this transaction: it holds a row that whoever syncs one of them may be waiting for.
    transaction.on_commit(partial(waiting.update, next_due_at=now), robust=True)


def _has_grant(inbox: Inbox) -> bool:
    """Whether it is read by leave of Google or Microsoft: a mail server with a password refuses nobody but its user."""
    try:
        return inbox.credential.kind != CredentialKind.PASSWORD
    except (Credential.DoesNotExist, UnknownKey, InvalidToken):
        return False  # who opens the mailbox says so
