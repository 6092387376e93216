"""Warnings before something ends on a day that is known: the access to a mailbox, or this installation's secret at a provider."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import cast

from django.conf import settings
from django.utils.timezone import localdate

from inboxes import notices
from inboxes.models import Credential, CredentialKind, InboxStatus

DAYS_BEFORE_ACCESS_ENDS = (1, 3)
DAYS_BEFORE_SECRET_ENDS = (1, 7, 30)
READ = (InboxStatus.ACTIVE, InboxStatus.DEGRADED, InboxStatus.PAUSED)


def warn(*, now: datetime) -> int:
    """Tells people of what ends soon, once per step; returns how many were told. For a run every few hours, and safe to repeat."""
    return _warn_of_access(now) + _warn_of_secrets(now)


def ends_soon(ends_at: datetime | None, *, now: datetime) -> bool:
    """Whether somebody should sign in again now, so that nothing is interrupted."""
    return ends_at is not None and ends_at - now <= timedelta(days=max(DAYS_BEFORE_ACCESS_ENDS))


def secrets() -> Iterator[tuple[CredentialKind, date]]:
    """Those of this installation whose last day its operator has told us."""
    known = {
        CredentialKind.GOOGLE: settings.GOOGLE_CLIENT_SECRET_EXPIRES_ON,
        CredentialKind.MICROSOFT: settings.MICROSOFT_CLIENT_SECRET_EXPIRES_ON,
    }
    return ((kind, day) for kind, day in known.items() if day is not None)


def _warn_of_access(now: datetime) -> int:
    soon = now + timedelta(days=max(DAYS_BEFORE_ACCESS_ENDS))
    ending = Credential.objects.filter(expires_at__gt=now, expires_at__lte=soon, inbox__status__in=READ)
    told = 0
    for credential in ending.select_related("inbox__owner", "inbox__connected_by").defer("secret"):
        ends_at = cast("datetime", credential.expires_at)
        days = _step((ends_at - now) / timedelta(days=1), DAYS_BEFORE_ACCESS_ENDS)
        at = CredentialKind(credential.kind)
        told += notices.tell_of_ending_access(credential.inbox, at=at, ends_at=ends_at, days=days)
    return told


def _warn_of_secrets(now: datetime) -> int:
    today, told = localdate(now), 0
    for kind, day in secrets():
        left = (day - today).days
        if 0 <= left <= max(DAYS_BEFORE_SECRET_ENDS):
            told += notices.tell_of_ending_secret(kind, day=day, days=_step(left, DAYS_BEFORE_SECRET_ENDS))
    return told


def _step(left: float, steps: tuple[int, ...]) -> int:
    """The narrowest that is reached: whoever was away for some of them is told once, of the last."""
    return next(step for step in steps if left <= step)
