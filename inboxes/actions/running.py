"""What an inbox is told to do while it is connected: start, pause, go on, look now, try again."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.actions import record
from inboxes.actions.holding import held, may_manage, may_resume, move, owner_only, shut_workers_out, want_sync
from inboxes.actions.members import welcome
from inboxes.causes.rules import PAUSED_BY_ADMIN
from inboxes.life import Event
from inboxes.models import Inbox, LedgerEntry, LedgerState
from users.models import User


@transaction.atomic
def start(*, inbox: Inbox, by: User, now: datetime | None = None) -> None:
    """Begins to sync an inbox that was connected. Members of a team inbox are told."""
    inbox = held(inbox, owner_only, by)
    move(inbox, Event.STARTED, by=by, now=now)
    record(by=by, action="inbox.started", target=inbox)
    welcome(inbox, by)
    want_sync(inbox, now)


@transaction.atomic
def pause(*, inbox: Inbox, by: User, now: datetime | None = None) -> None:
    """Stops reading and logging until `resume`; what arrives meanwhile is read then."""
    inbox = held(inbox, may_manage, by)
    shut_workers_out(inbox)
    move(inbox, Event.PAUSED, by=by, cause="" if owner_only(inbox, by) else PAUSED_BY_ADMIN, now=now)
    record(by=by, action="inbox.paused", target=inbox)


@transaction.atomic
def resume(*, inbox: Inbox, by: User, now: datetime | None = None) -> None:
    inbox = held(inbox, may_resume, by)
    move(inbox, Event.RESUMED, by=by, now=now)
    record(by=by, action="inbox.resumed", target=inbox)
    want_sync(inbox, now)


@transaction.atomic
def sync_now(*, inbox: Inbox, by: User, now: datetime | None = None) -> datetime:
    """Makes the inbox due; returns when it is. That is later where asking the server again at once would do harm."""
    inbox = held(inbox, may_manage, by)
    if not inbox.is_syncing:
        raise ValidationError(_("This inbox is not syncing. Resume or reconnect it first."), code="not_syncing")
    record(by=by, action="inbox.sync_requested", target=inbox)
    return want_sync(inbox, now)


@transaction.atomic
def check_now(*, inbox: Inbox, by: User, now: datetime | None = None) -> datetime:
    """Makes the daily comparison with what the server holds due; returns when it is, as `sync_now`."""
    inbox = held(inbox, may_manage, by)
    if not inbox.is_syncing:
        raise ValidationError(_("This inbox is not syncing. Resume or reconnect it first."), code="not_syncing")
    if inbox.backfill_done_at is None:
        raise ValidationError(_("The past is still being read. The check follows by itself."), code="reading_past")
    inbox.check_wanted_at = now or timezone.now()
    inbox.save(update_fields=["check_wanted_at"])
    record(by=by, action="inbox.check_requested", target=inbox)
    return want_sync(inbox, now)


@transaction.atomic
def replay(*, inbox: Inbox, by: User, cause: str = "", now: datetime | None = None) -> int:
    """Tries messages in trouble again, those in trouble for one `cause` or all: quarantined ones from the bottom of the ladder, waiting
    ones without waiting longer. Returns how many there are."""
    inbox = held(inbox, owner_only, by)
    now = now or timezone.now()
    troubled = LedgerEntry.objects.filter(inbox=inbox, **({"cause": cause} if cause else {}))
    quarantined = troubled.filter(state=LedgerState.QUARANTINED)
    count = troubled.filter(state=LedgerState.RETRYING, retry_at__gt=now).update(retry_at=now)
    count += quarantined.update(state=LedgerState.RETRYING, attempts=0, retry_at=now)
    record(by=by, action="inbox.quarantine_replayed", target=inbox, details={"messages": count})
    if inbox.is_syncing:
        want_sync(inbox, now)
    return count
