"""Taking an inbox in hand: who may, locked, moved on, with workers shut out and the next sync wanted. Call inside a transaction."""

from collections.abc import Callable
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from inboxes import life
from inboxes.causes.rules import PAUSED_BY_ADMIN
from inboxes.life import Event
from inboxes.models import Inbox, InboxKind, InboxStatus
from inboxes.signals import sync_wanted
from users.models import User
from users.signals import send_on_commit

IMPATIENCE_HURTS = frozenset({"sign_in_refused", "rate_limited"})
"""Causes that asking the server again makes worse: it locks accounts, or throttles longer."""


def held(inbox: Inbox, rule: Callable[[Inbox, User], bool], by: User) -> Inbox:
    """The inbox as it is now, locked until the transaction ends."""
    locked = Inbox.objects.select_for_update(of=("self",)).select_related("owner").get(pk=inbox.pk)
    if not (by.is_active and rule(locked, by)):
        raise PermissionDenied
    return locked


def owner_only(inbox: Inbox, person: User) -> bool:
    """What touches the credential or the mail itself. For a team inbox: whoever holds account access."""
    return person.has_account_access if inbox.kind == InboxKind.TEAM else person == inbox.owner


def may_manage(inbox: Inbox, person: User) -> bool:
    return person.is_super_admin or owner_only(inbox, person)


def may_resume(inbox: Inbox, person: User) -> bool:
    """What the owner of a personal inbox paused is theirs alone to resume: what came in meanwhile would be logged by their rules."""
    by_owner = (
        inbox.kind == InboxKind.PERSONAL and inbox.status == InboxStatus.PAUSED and inbox.cause != PAUSED_BY_ADMIN
    )
    return owner_only(inbox, person) if by_owner else may_manage(inbox, person)


def move(inbox: Inbox, event: Event, *, by: User | None, cause: str = "", now: datetime | None) -> None:
    try:
        life.move(inbox, event, cause=cause, now=now or timezone.now(), also=[], by=by)
    except life.NotPossibleNow as error:
        raise ValidationError(
            _("This is not possible while the inbox is: %(status)s"),
            params={"status": InboxStatus(inbox.status).label},
            code="not_possible_now",
        ) from error


def shut_workers_out(inbox: Inbox) -> None:
    """Whoever syncs the inbox now finds its generation gone, and writes nothing more."""
    inbox.generation += 1
    inbox.lease_owner, inbox.lease_expires_at = "", None
    inbox.save(update_fields=["generation", "lease_owner", "lease_expires_at"])


def want_sync(inbox: Inbox, now: datetime | None) -> datetime:
    now = now or timezone.now()
    pauses = (inbox.no_calls_until, inbox.retry_at if inbox.cause in IMPATIENCE_HURTS else None)
    inbox.next_due_at = max([now, *filter(None, pauses)])
    inbox.save(update_fields=["next_due_at"])
    if inbox.next_due_at <= now:
        send_on_commit(sync_wanted, inbox_id=inbox.pk)
    return inbox.next_due_at
