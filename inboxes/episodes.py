"""Keeping account of the times in which an inbox was not active, and of those in which its mailbox could not be read.

Both are written in the transaction of what begins or ends them, and cost nothing while all is well.
"""

from datetime import datetime, timedelta

from django.db.models import Q
from django.db.models.functions import Greatest

from inboxes.models import Episode, Inbox, Outage
from inboxes.models.episodes import NOT_ACTIVE

KEPT_FOR = timedelta(days=396)
"""Thirteen months: a year can be compared with the one before."""


def note_status(inbox: Inbox, *, before: str, cause: str, now: datetime) -> None:
    """The inbox has changed its status from `before`, or the `cause` for it; an empty one is none. Call inside the transaction."""
    if before == inbox.status:
        if cause and before in NOT_ACTIVE:
            Episode.objects.filter(inbox=inbox, ended_at=None).update(cause=cause)
        return
    began_at = _end(inbox, now) if before in NOT_ACTIVE else now
    if inbox.status in NOT_ACTIVE:
        Episode.objects.create(inbox=inbox, status=inbox.status, cause=cause, began_at=began_at)


def note_removed(inbox: Inbox, *, now: datetime) -> None:
    """It has no status any more. Call inside the transaction."""
    _end(inbox, now)


def _end(inbox: Inbox, now: datetime) -> datetime:
    """Returns when: the clocks of two workers may disagree, and nothing ends before it began."""
    running = Episode.objects.filter(inbox=inbox, ended_at=None).first()
    if running is None:
        return now
    running.ended_at = max(now, running.began_at)
    running.save(update_fields=["ended_at"])
    return running.ended_at


def note_unreadable(inbox: Inbox, *, cause: str) -> None:
    """Nothing of the mailbox can be read since it last was. One that never was has no outage: its first sync reads everything.

    The caller saves `in_outage` of the inbox. Call inside the transaction.
    """
    if inbox.in_outage:
        Outage.objects.filter(inbox=inbox, caught_up_at=None).update(until=None, cause=cause)
    elif inbox.live_synced_at is not None:
        Outage.objects.create(inbox=inbox, since=inbox.live_synced_at, cause=cause)
        inbox.in_outage = True


def note_reconnected(inbox: Inbox, *, was_stopped: bool) -> None:
    """A person has given the inbox new access; it `was_stopped` if it was not even trying. Otherwise as `note_unreadable`."""
    if was_stopped and not inbox.in_outage:
        note_unreadable(inbox, cause=inbox.cause)
    Outage.objects.filter(inbox=inbox, caught_up_at=None).update(is_reconnected=True)


def note_readable(inbox: Inbox, *, caught_up: bool, now: datetime) -> None:
    """The mailbox was read again; `caught_up` says that no mail of the outage is left to handle.

    The caller saves `in_outage` of the inbox. Call inside the transaction.
    """
    if not inbox.in_outage:
        return
    running = Outage.objects.filter(inbox=inbox, caught_up_at=None)
    running.filter(until=None).update(until=Greatest("since", now))
    if caught_up:
        running.update(caught_up_at=now)
        inbox.in_outage = False


def forget_old(*, now: datetime) -> None:
    """What ended more than thirteen months ago, and what belongs to inboxes that were removed so long ago. Safe to repeat."""
    before = now - KEPT_FOR
    removed = Q(inbox__removed_at__lt=before)
    Episode.objects.filter(Q(ended_at__lt=before) | removed).delete()
    Outage.objects.filter(Q(until__lt=before) | removed).delete()
