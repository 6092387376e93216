"""The life of an inbox: which status follows which, and what each trouble leads to.

    connecting ── started ──▶ active ◀── succeeded ── degraded ── proved ──▶ needs_reconnect
                                │  ── troubled ──▶      ▲                          │
                              paused                    └────── reconnected ───────┘
    any that was started ── disabled ──▶ disabled ── removed ──▶ no more; or back: enabled ──▶ active, reconnected ──▶ degraded

An inbox that was never started is not disabled but discarded (`inboxes.actions`): nothing was read, so nothing has to stay.

Only a proved cause asks a person for anything: an answer that settles it, or two refusals at least ten minutes apart with no success
between. Network trouble and throttling heal by themselves, whatever they look like; what is about this installation as a whole
(`inboxes.pauses`) is told to those who run it.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from django.db import transaction

from audit.actions import record
from inboxes import episodes, notices, pauses
from inboxes.models import Inbox, InboxStatus
from inboxes.providers.base import Misconfigured, PermissionMissing, ProviderError, RateLimited, ReconnectRequired
from inboxes.signals import inbox_status_changed
from inboxes.sync.lease import HELD, RELEASED, Lease
from inboxes.sync.slice import SystemFault
from inboxes.trouble import RECONNECTING, begin_trouble, end_of_trouble
from users.models import User
from users.signals import send_on_commit

logger = structlog.get_logger(__name__)

PROOF_GAP = timedelta(minutes=10)
TELL_AFTER = timedelta(minutes=60)
LONGEST_PAUSE = timedelta(minutes=15)

Trouble = ProviderError | SystemFault


class Event(StrEnum):
    STARTED = "started"
    SUCCEEDED = "succeeded"
    TROUBLED = "troubled"
    PROVED = "proved"
    PAUSED = "paused"
    RESUMED = "resumed"
    RECONNECTED = "reconnected"
    DISABLED = "disabled"
    ENABLED = "enabled"
    REMOVED = "removed"


_S = InboxStatus
TRANSITIONS: Mapping[Event, Mapping[str, InboxStatus]] = {
    Event.STARTED: {_S.CONNECTING: _S.ACTIVE},
    Event.SUCCEEDED: {_S.ACTIVE: _S.ACTIVE, _S.DEGRADED: _S.ACTIVE},
    Event.TROUBLED: {_S.ACTIVE: _S.DEGRADED, _S.DEGRADED: _S.DEGRADED},
    Event.PROVED: {_S.ACTIVE: _S.NEEDS_RECONNECT, _S.DEGRADED: _S.NEEDS_RECONNECT},
    Event.PAUSED: {_S.ACTIVE: _S.PAUSED, _S.DEGRADED: _S.PAUSED},
    Event.RESUMED: {_S.PAUSED: _S.ACTIVE},
    # Degraded until the first success: the outage lasts until then.
    Event.RECONNECTED: {
        _S.ACTIVE: _S.DEGRADED,
        _S.DEGRADED: _S.DEGRADED,
        _S.NEEDS_RECONNECT: _S.DEGRADED,
        _S.PAUSED: _S.DEGRADED,
        _S.DISABLED: _S.DEGRADED,
    },
    Event.DISABLED: {status: _S.DISABLED for status in _S if status not in (_S.CONNECTING, _S.DISABLED)},
    Event.ENABLED: {_S.DISABLED: _S.ACTIVE},
    # Its last status; that it is removed says `removed_at`.
    Event.REMOVED: {_S.DISABLED: _S.DISABLED},
}


# Of such an inbox a success changes nothing but when it was last read.
_NOTE_STILL_WELL = f"""
    UPDATE {Inbox._meta.db_table} SET live_synced_at = %(now)s, {RELEASED}
    WHERE {HELD} AND status = '{InboxStatus.ACTIVE}' AND cause = '' AND failures = 0 AND NOT in_outage
        AND coalesce(trouble_since, refused_at, retry_at, no_calls_until) IS NULL
"""  # noqa: S608 - the name of our own table


class NotPossibleNow(ValueError):
    """The inbox is not in a status in which this can happen."""


def next_status(status: str, event: Event) -> InboxStatus:
    """Raises `NotPossibleNow`."""
    try:
        return TRANSITIONS[event][status]
    except KeyError:
        raise NotPossibleNow(f"{event} does not follow {status}") from None


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a trouble leads to."""

    event: Event
    retry_at: datetime | None
    refused_at: datetime | None


def react(inbox: Inbox, trouble: Trouble, *, now: datetime) -> Reaction:
    """Pure but for the jitter: full jitter up to a quarter of an hour, never less than the provider asks for."""
    if isinstance(trouble, ReconnectRequired | PermissionMissing | Misconfigured):
        first = inbox.refused_at if inbox.cause == trouble.cause and inbox.refused_at else now
        if now - first >= PROOF_GAP or trouble.is_proof:
            return Reaction(Event.PROVED, None, first)
        return Reaction(Event.TROUBLED, first + PROOF_GAP, first)
    ceiling = min(LONGEST_PAUSE.total_seconds(), 5.0 * 2 ** min(inbox.failures, 10))
    pause = random.uniform(1, ceiling)
    if isinstance(trouble, RateLimited):
        # Some providers ask for one second, for ever.
        pause = max(pause, trouble.retry_after * random.uniform(1, 1.1))
    return Reaction(Event.TROUBLED, now + timedelta(seconds=pause), inbox.refused_at)


def note_still_well(lease: Lease, *, now: datetime, next_due_at: datetime) -> bool:
    """For a slice that went through: where the inbox was well before, says since when and lets the next worker in. One statement,
    because most slices end so; False, and nothing done, where `note_success` is needed. Call inside a transaction."""
    return lease.write(_NOTE_STILL_WELL, now=now, next_due_at=next_due_at)


def note_success(lease: Lease, *, now: datetime, trouble: str = "", remark: str = "", caught_up: bool = True) -> None:
    """A slice went through. `trouble` is the cause of something in the mailbox that is in trouble all the same, `remark` is shown
    with an inbox that is well; `caught_up` unless mail is left that could not be read before. Call inside a transaction.

    Raises `LeaseLost`."""
    inbox = lease.lock()
    event = Event.TROUBLED if trouble else Event.SUCCEEDED
    episodes.note_readable(inbox, caught_up=caught_up, now=now)
    if event == Event.SUCCEEDED and (until := end_of_trouble(inbox, now=now)):
        notices.tell_of_recovery(inbox, until=until)
        inbox.trouble_since = None
    inbox.failures, inbox.live_synced_at = 0, now
    inbox.refused_at = inbox.retry_at = inbox.no_calls_until = None
    also = ["failures", "refused_at", "retry_at", "no_calls_until", "live_synced_at", "in_outage"]
    move(inbox, event, cause=trouble or remark, now=now, also=also)


@transaction.atomic
def note_failure(lease: Lease, trouble: Trouble, *, now: datetime) -> datetime | None:
    """Returns when to try again, or None when a person has to act first. Raises `LeaseLost`."""
    inbox = lease.lock()
    if is_shared := isinstance(trouble, pauses.EVERYBODYS):
        reaction = Reaction(Event.TROUBLED, pauses.note_shared_trouble(inbox, trouble, now=now), None)
    else:
        reaction = react(inbox, trouble, now=now)
    inbox.failures += 1
    inbox.retry_at, inbox.refused_at = reaction.retry_at, reaction.refused_at
    inbox.no_calls_until = reaction.retry_at if isinstance(trouble, RateLimited) and not is_shared else None
    episodes.note_unreadable(inbox, cause=trouble.cause)
    also = ["failures", "refused_at", "retry_at", "no_calls_until", "in_outage"]
    move(inbox, reaction.event, cause=trouble.cause, now=now, also=also)
    logger.info("sync_failed", inbox_id=inbox.pk, cause=trouble.cause, failures=inbox.failures, status=inbox.status)
    if reaction.event == Event.PROVED:
        record(by=None, action="inbox.needs_reconnect", target=inbox, details={"cause": trouble.cause})
    elif now - inbox.status_since >= TELL_AFTER and not is_shared:
        notices.tell_of_outage(inbox)
    return reaction.retry_at


def move(inbox: Inbox, event: Event, *, cause: str, now: datetime, also: list[str], by: User | None = None) -> None:
    """Writes the status that follows, together with the fields `also`, the episode that ends or begins with it, and what people are
    told of it.

    `by` is the person who wanted it. Call inside a transaction. Raises `NotPossibleNow`."""
    if inbox.removed_at is not None:
        raise NotPossibleNow(f"{event} does not follow a removal")
    status, before = next_status(inbox.status, event), (inbox.status, inbox.cause)
    if event == Event.REMOVED:
        inbox.removed_at, also = now, [*also, "removed_at"]
        episodes.note_removed(inbox, now=now)
    outage_goes_on = event == Event.RECONNECTED and inbox.status in (InboxStatus.DEGRADED, InboxStatus.NEEDS_RECONNECT)
    begin_trouble(inbox, status, now=now)
    if status != inbox.status and not outage_goes_on:
        inbox.status_since = now
    if event == Event.RECONNECTED:
        episodes.note_reconnected(inbox, was_stopped=not inbox.is_syncing)
        also = [*also, "in_outage"]
    inbox.status, inbox.cause = status, cause
    inbox.save(update_fields=["status", "status_since", "trouble_since", "cause", *also])
    notices.tell_of_change(inbox, before=before[0], by=by)
    if (inbox.status, inbox.cause) != before:
        named = "" if cause == RECONNECTING else cause
        episodes.note_status(inbox, before=before[0], cause=named, now=now)
        send_on_commit(inbox_status_changed, inbox_id=inbox.pk)
