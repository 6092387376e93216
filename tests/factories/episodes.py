"""Inboxes with a past: episodes and outages as a sync would have left them."""

from datetime import datetime, timedelta

from inboxes.models import Episode, Inbox, Outage

STAGES = (("degraded", "timed_out"), ("needs_reconnect", "sign_in_refused"), ("paused", ""), ("disabled", ""))


def with_history(inbox: Inbox, *, now: datetime, episodes: int = 8) -> Inbox:
    """Trouble of every kind, a week apart, and what was recovered of some of it."""
    for number in range(episodes):
        status, cause = STAGES[number % len(STAGES)]
        began_at = now - timedelta(days=7 * number + 5, hours=number)
        ended_at = began_at + timedelta(hours=7 + 9 * (number % len(STAGES)), minutes=13)
        Episode.objects.create(inbox=inbox, status=status, cause=cause, began_at=began_at, ended_at=ended_at)
        if cause:
            Outage.objects.create(
                inbox=inbox,
                since=began_at,
                until=ended_at,
                caught_up_at=ended_at,
                cause=cause,
                is_reconnected=status == "needs_reconnect",
                logged=12 + number,
                skipped=25,
            )
    Inbox.objects.filter(pk=inbox.pk).update(created_at=now - timedelta(days=80))
    return inbox
