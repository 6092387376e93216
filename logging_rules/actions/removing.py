"""Clearing away what a removed inbox held: in short slices, each a transaction, until its `Removal` says that it is finished.

A worker that is killed leaves a whole number of slices; the next one goes on from there.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from audit.actions import record
from contacts.actions import erase_withdrawn, hold_mails, settle_privacy, take_off_timelines, withdraw_contacts
from inboxes.lookups import among_keys
from inboxes.models import (
    DailyCount,
    Folder,
    HandledPage,
    Inbox,
    InboxMember,
    LedgerEntry,
    MarkedMail,
    Removal,
    Sighting,
    TeamMail,
    TeamThread,
)
from inboxes.queries import mails_of
from inboxes.signals import inbox_removed
from logging_rules.actions.unlogging import erase_expired, erase_unheld
from logging_rules.models import (
    HandChoice,
    HeldMail,
    InboxPolicy,
    LookBack,
    MarkSettings,
    PastChange,
    UnloggedSighting,
    Unlogging,
)
from users.models import User
from users.signals import send_on_commit

MAILS_AT_ONCE = 500
ROWS_AT_ONCE = 5000
LOST_AFTER = timedelta(minutes=10)
"""Longer than any slice takes and than one waits for a worker as a rule."""
_SYNC_KNEW: tuple[tuple[type[models.Model], str], ...] = (
    # The many rows first, so that no slice deletes them by the way.
    *((model, "inbox") for model in (LedgerEntry, MarkedMail, HandChoice, HeldMail)),
    (HandledPage, "folder__inbox"),
    (DailyCount, "folder__inbox"),
    *((model, "inbox") for model in (Folder, LookBack, PastChange, MarkSettings, InboxPolicy, InboxMember)),
)


def finish_removal(*, inbox_id: int, now: datetime) -> None:
    """All slices that are left. Idempotent; two workers at once do the same work between them."""
    while clear_some(inbox_id=inbox_id, now=now, waits=True):
        pass
    erase_expired(now=now)


@transaction.atomic
def pick_lost(*, now: datetime) -> list[int]:
    """The keys of inboxes whose clearing nobody has gone on with for a while. Each is given away once in `LOST_AFTER`."""
    lost = Removal.objects.filter(finished_at=None, touched_at__lte=now - LOST_AFTER)
    found = dict(lost.select_for_update(skip_locked=True).order_by("begun_at").values_list("pk", "inbox_id"))
    Removal.objects.filter(pk__in=found).update(touched_at=now)
    return list(found.values())


@transaction.atomic
def clear_some(*, inbox_id: int, now: datetime, waits: bool = False) -> bool:
    """One slice; whether there may be more to do for the caller.

    While somebody else is at one there is not, so that of two chains of slices that meet only one goes on; who `waits` takes turns.
    """
    unfinished = Removal.objects.filter(inbox=inbox_id, finished_at=None)
    locked = unfinished.select_for_update(of=("self",), skip_locked=not waits)
    removal = locked.select_related("inbox", "by").first()
    if removal is None:
        return False
    removal.touched_at = now
    removal.save(update_fields=["touched_at"])
    if _forget_what_sync_knew(removal.inbox) or _forget_unloggings(removal, now) or _clear_mails(removal, now):
        return True
    removal.finished_at = now
    removal.save(update_fields=["finished_at"])
    done = {"erase": removal.erases, "messages": removal.erased, "contacts": removal.erased_contacts}
    record(by=None, action="inbox.cleared", target=removal.inbox, details=done)
    return False


@transaction.atomic
def erase_removed(*, inbox: Inbox, by: User, now: datetime) -> Removal:
    """Has everything erased that a removed inbox logged and that was kept at first. As with `inboxes.actions.remove`, workers do it."""
    removal = Removal.objects.select_for_update(of=("self",)).select_related("inbox__owner").get(inbox=inbox)
    if not Inbox.with_removed.decided_by(by).filter(pk=inbox.pk).exists():
        raise PermissionDenied
    if removal.erases:
        raise ValidationError(_("What this inbox logged is being erased already."), code="erased")
    removal.erases, removal.finished_at, removal.touched_at = True, None, now
    removal.held, removal.cleared = mails_of(inbox, logged=True).count(), 0
    removal.save(update_fields=["erases", "finished_at", "touched_at", "held", "cleared"])
    record(by=by, action="inbox.erasure_asked", target=removal.inbox)
    send_on_commit(inbox_removed, inbox_id=inbox.pk)
    return removal


def _forget_what_sync_knew(inbox: Inbox) -> bool:
    """Ledger, cursors, marks, mail that was held back, settings of its own; whether anything was left."""
    return any(_delete_some(rows) for rows in _what_sync_knew(inbox))


def _what_sync_knew(inbox: Inbox) -> Iterator["models.QuerySet[models.Model]"]:
    for model, place in _SYNC_KNEW:
        yield model._default_manager.filter(**{place: inbox})


def _delete_some(rows: "models.QuerySet[models.Model]") -> bool:
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:ROWS_AT_ONCE])
    return bool(keys) and bool(rows.model._default_manager.filter(pk__in=keys).delete())


def _forget_unloggings(removal: Removal, now: datetime) -> bool:
    """Who erases what an inbox logged does not want back what was un-logged of it; whether there was any."""
    if not removal.erases:
        return False
    inbox = removal.inbox
    Unlogging.objects.filter(inbox=inbox, undone_at=None, erased_at=None, expires_at__gt=now).update(expires_at=now)
    # Un-logged from another inbox of the same person: there it can still be undone.
    kept = UnloggedSighting.objects.filter(row__inbox_id=inbox.pk)
    found = dict(kept.order_by("pk").values_list("pk", "message_id")[:MAILS_AT_ONCE])
    if not found:
        return False
    hold_mails(set(found.values()))
    UnloggedSighting.objects.filter(pk__in=list(found)).delete()
    removal.erased += erase_unheld(set(found.values()))
    removal.save(update_fields=["erased"])
    return True


def _clear_mails(removal: Removal, now: datetime) -> bool:
    keys = _next_mails(removal)
    if not keys:
        return _delete_some(TeamThread.objects.filter(inbox=removal.inbox))
    hold_mails(keys)
    TeamMail.objects.filter(inbox=removal.inbox, message__in=among_keys(keys)).delete()
    if removal.erases:
        Sighting.objects.filter(inbox=removal.inbox, message__in=among_keys(keys)).delete()
        removal.erased_contacts += _take_off_timelines(keys, now)
    removal.cleared += len(keys)
    removal.erased += erase_unheld(keys)
    removal.save(update_fields=["cleared", "erased", "erased_contacts"])
    return True


def _next_mails(removal: Removal) -> list[int]:
    """Off the top of one table, then of the other: their union would be sorted anew for each slice."""
    for model in (TeamMail, Sighting) if removal.erases else (TeamMail,):
        rows = model._default_manager.filter(inbox=removal.inbox)
        if keys := list(rows.values_list("message_id", flat=True)[:MAILS_AT_ONCE]):
            return keys
    return []


def _take_off_timelines(keys: list[int], now: datetime) -> int:
    """Those that no other inbox logged; returns how many contacts went with them, because these e-mails alone had made them."""
    shared = set(Sighting.objects.filter(message__in=among_keys(keys)).values_list("message_id", flat=True))
    settle_privacy(message_ids=shared)
    concerned = take_off_timelines(message_ids=set(keys) - shared)
    withdrawn = withdraw_contacts(contact_ids=concerned, now=now)
    return erase_withdrawn(contact_ids=withdrawn, withdrawn_at=now)
