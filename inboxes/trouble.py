"""One episode of trouble with an inbox, as people are told of it: once, however often it comes and goes.

`Inbox.trouble_since` is its beginning and its name. It outlives a recovery that does not last, so that a server that comes and goes
is one episode. Pure: nothing is read or written here.
"""

from datetime import datetime, timedelta

from inboxes.models import Inbox, InboxStatus

STEADY = timedelta(hours=1)
"""Health of so long ends an episode. So does the first success after a person has reconnected, resumed or enabled the inbox: they look
after it, and what goes wrong after that is news."""
RECONNECTING = "reconnecting"


def begin_trouble(inbox: Inbox, status: str, *, now: datetime) -> None:
    """Call before the inbox takes on `status`: leaving health begins an episode, unless the last one goes on."""
    if status in (InboxStatus.ACTIVE, InboxStatus.CONNECTING):
        return
    was_steady = inbox.status == InboxStatus.ACTIVE and now - inbox.status_since >= STEADY
    if inbox.trouble_since is None or was_steady:
        inbox.trouble_since = now


def end_of_trouble(inbox: Inbox, *, now: datetime) -> datetime | None:
    """When the episode ended, if a sync that succeeds now shows that it did. Call before the success is written."""
    if inbox.trouble_since is None:
        return None
    if inbox.status == InboxStatus.ACTIVE:
        is_first = inbox.live_synced_at is None or inbox.live_synced_at < inbox.status_since
        return inbox.status_since if is_first or now - inbox.status_since >= STEADY else None
    return now if inbox.cause == RECONNECTING else None


def name_of_trouble(inbox: Inbox) -> str:
    return (inbox.trouble_since or inbox.status_since).isoformat()
