"""One slice of work for one inbox: marks and new mail, what is due again, the past, the daily check, labels.

A slice is short, safe to kill at any point and safe to run twice. It takes the inbox's lease, or does nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import partial

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from inboxes import life, pauses
from inboxes.connections import imap_server
from inboxes.connections import open_provider as open_mailbox
from inboxes.connections import open_writer as open_mailbox_writer
from inboxes.models import Inbox, ProviderKind
from inboxes.providers.base import MailboxWriter, MailProvider, PaceReached, ProviderError, RateLimited
from inboxes.sync import reconcile
from inboxes.sync.folders import discover_folders
from inboxes.sync.intake import DecisionOutdated, Intake, V
from inboxes.sync.labels import show_logged
from inboxes.sync.lease import Lease, LeaseLost, take_lease
from inboxes.sync.marks import act_on_marks, read_marks
from inboxes.sync.quiet import is_quiet
from inboxes.sync.reading import Reader
from inboxes.sync.recovering import has_caught_up, running_outage
from inboxes.sync.retries import retry_due
from inboxes.sync.slice import Clock, Slice, SliceOver, SystemFault
from inboxes.sync.slots import host_slot
from inboxes.sync.tracks import follow_live, look_around, note_unchanged, read_past
from inboxes.sync.unmarking import let_go_of_marks

logger = structlog.get_logger(__name__)

BUDGET = timedelta(seconds=60)
POLLS = {
    ProviderKind.IMAP: timedelta(seconds=60),
    ProviderKind.GMAIL: timedelta(seconds=60),
    ProviderKind.GRAPH: timedelta(seconds=120),
}
"""How often each kind of mailbox is asked for news when nothing else wakes its sync."""
SLOT_WAIT = timedelta(seconds=15)


class Outcome(StrEnum):
    """Done: nothing left until the next poll. More: come back at once. Paced: come back when the provider's quota allows.
    Busy: another worker is at it, or at its host."""

    DONE = "done"
    MORE = "more"
    PACED = "paced"
    BUSY = "busy"
    LOST = "lost"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SliceReport:
    """What a slice did: decision codes with how often each was given; `cause` says why it failed, `wait` how long a pace needs."""

    outcome: Outcome
    counts: dict[str, int] = field(default_factory=dict)
    cause: str = ""
    wait: timedelta = timedelta()


def run_slice(
    *,
    inbox_id: int,
    intake_for: Callable[[Inbox], Intake[V]],
    open_provider: Callable[[Inbox], MailProvider] = open_mailbox,
    open_writer: Callable[[Inbox], MailboxWriter] = open_mailbox_writer,
    clock: Clock = timezone.now,
    budget: timedelta = BUDGET,
    worker: str = "",
) -> SliceReport:
    """Syncs the inbox for at most about `budget`. Provider errors end in the inbox's status, not in an exception."""
    taken = take_lease(inbox_id, worker=worker)
    if taken is None:
        return SliceReport(Outcome.BUSY)
    inbox, lease = taken
    try:
        pauses.heed_own_pause(inbox, now=clock())
    except RateLimited as pause:
        lease.release(next_due_at=clock() + timedelta(seconds=pause.retry_after))
        return SliceReport(Outcome.FAILED, cause=pause.cause)
    host, slots = _host_of(inbox)
    with host_slot(host, slots=slots, in_trouble=inbox.failures > 0) as admitted:
        if not admitted:
            lease.release(next_due_at=clock() + SLOT_WAIT)
            return SliceReport(Outcome.BUSY)
        try:
            pauses.heed_shared_pause(inbox, now=clock())
            with open_provider(inbox) as provider, Reader(inbox.pk) as reader:
                if inbox.lease_owner:
                    reader.take_care()  # who held the lease never gave it back: a mail may have ended that worker
                intake, deadline = intake_for(inbox), clock() + budget
                run = Slice(inbox, lease, provider, intake, clock, deadline, partial(open_writer, inbox), reader)
                run.outage = running_outage(inbox)
                return _work(run)
        except LeaseLost:
            return SliceReport(Outcome.LOST)
        except (ProviderError, SystemFault) as trouble:
            return _fail(lease, trouble, clock)
        except Exception:
            # A defect of ours: the inbox must neither stay leased nor be tried in a hot loop.
            _fail(lease, SystemFault(), clock)
            raise


def _work(run: Slice[V]) -> SliceReport:
    wait, outcome = POLLS[ProviderKind(run.inbox.provider)], Outcome.DONE
    try:
        if not _sync(run):
            wait, outcome = timedelta(), Outcome.MORE
    except (SliceOver, DecisionOutdated):
        wait, outcome = timedelta(), Outcome.MORE
    except PaceReached as pause:
        wait, outcome = timedelta(seconds=pause.retry_after), Outcome.PACED
    run.provider.close()
    remark = PaceReached.cause if outcome is Outcome.PACED else ""
    now = run.clock()
    with transaction.atomic():
        if run.trouble or remark or not life.note_still_well(run.lease, now=now, next_due_at=now + wait):
            caught_up = run.outage is None or has_caught_up(run)
            life.note_success(run.lease, now=now, trouble=run.trouble, remark=remark, caught_up=caught_up)
            run.lease.release(next_due_at=now + wait)
        pauses.note_shared_success(run.inbox, now=now)
        note_unchanged(run)
    return SliceReport(outcome, dict(run.counts), run.trouble, wait)


def _sync(run: Slice[V]) -> bool:
    """True when nothing is left until the next poll."""
    discover_folders(run)
    look_around(run)
    read_marks(run)
    if not (is_quiet(run) or _handle_news(run)) or not read_past(run):
        return False
    _note_past_is_read(run)
    if reconcile.is_due(run.inbox, run.clock()) and not reconcile.reconcile(run):
        return False
    return show_logged(run)


def _handle_news(run: Slice[V]) -> bool:
    # What was marked private must be known before its copies are decided; what a mark held may have moved to where it is new.
    return act_on_marks(run) and follow_live(run) and let_go_of_marks(run) and retry_due(run)


def _note_past_is_read(run: Slice[V]) -> None:
    if run.inbox.backfill_done_at is None:
        with transaction.atomic():
            run.lease.guard()
            now = run.clock()
            first = Coalesce("past_read_at", Value(now))
            Inbox.objects.filter(pk=run.inbox.pk).update(backfill_done_at=now, past_read_at=first)


def _fail(lease: Lease, trouble: ProviderError | SystemFault, clock: Clock) -> SliceReport:
    try:
        retry_at = life.note_failure(lease, trouble, now=clock())
        lease.release(next_due_at=retry_at)
    except LeaseLost:
        return SliceReport(Outcome.LOST)
    return SliceReport(Outcome.FAILED, cause=trouble.cause)


def _host_of(inbox: Inbox) -> tuple[str, int]:
    """What may be slow for several inboxes at once, the mail server or the provider, and how many workers may talk to it."""
    if server := imap_server(inbox):
        return server.host, settings.MAIL_HOST_SLOTS
    return inbox.provider, settings.MAIL_HOST_SLOTS if inbox.provider == ProviderKind.IMAP else settings.API_HOST_SLOTS
