"""Taking an inbox off: what was never started is discarded; what was is disabled, enabled again, or removed for good."""

from collections.abc import Callable
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.actions import record
from inboxes import notices
from inboxes.actions.holding import held, may_manage, move, owner_only, shut_workers_out, want_sync
from inboxes.actions.refusing import refuse_unless_connecting
from inboxes.allowed import refuse_reconnecting
from inboxes.life import Event
from inboxes.models import (
    Credential,
    Inbox,
    InboxKind,
    InboxMember,
    InboxStatus,
    MailServer,
    PushSubscription,
    Removal,
    SignIn,
)
from inboxes.notice_kinds import BEING_DELETED
from inboxes.oauth.keeping import withdraw_grants
from inboxes.push.keeping import end_push, keep_push
from inboxes.queries import mails_of
from inboxes.signals import inbox_removed
from users.models import User
from users.signals import send_on_commit


@transaction.atomic
def discard(*, inbox: Inbox, by: User) -> None:
    """Forgets an inbox that was never started: its servers and password too. Nothing was read, so nothing was stored."""
    inbox = held(inbox, may_manage, by)
    refuse_unless_connecting(inbox)
    _forget(inbox, by)


@transaction.atomic
def disable(*, inbox: Inbox, by: User, now: datetime | None = None, cause: str = "") -> None:
    """Stops everything the inbox does; nothing is deleted. `enable` brings it back as it was, `remove` ends it."""
    _stop(held(inbox, may_manage, by), by, now, cause=cause)


@transaction.atomic
def enable(*, inbox: Inbox, by: User, now: datetime | None = None) -> None:
    """Goes on from the last cursors, with the credential that is kept; a super admin may stop somebody's inbox, but not start it.

    Raises ValidationError with the code `no_credential` where only `reconnect` helps, and as `refuse_reconnecting` does.
    """
    inbox = held(inbox, owner_only, by)
    refuse_reconnecting(inbox)
    if not Credential.objects.filter(inbox=inbox).exists():
        raise ValidationError(_("What opens this mailbox was deleted here. Reconnect the inbox."), code="no_credential")
    inbox.failures, inbox.refused_at, inbox.retry_at = 0, None, None
    inbox.save(update_fields=["failures", "refused_at", "retry_at"])
    move(inbox, Event.ENABLED, by=by, now=now)
    record(by=by, action="inbox.enabled", target=inbox)
    want_sync(inbox, now)


def remove(*, inbox: Inbox, erase: bool, by: User, now: datetime | None = None) -> Removal:
    """Ends a disabled inbox: its password or grant, servers, push subscriptions and sign-ins under way are gone at once, and what its
    sync knew follows (`inbox_removed`). What it logged stays, unless it is to `erase` that too.

    Its address may be connected anew: that is why a super admin may remove the inbox of somebody who left, without erasing anything.
    Asks the provider to stop its news while that can still be asked: call it outside transactions.
    """
    allowed = owner_only if erase else _may_remove
    _refuse_unless(allowed, inbox, by)
    keep_push(inbox.pk, now=now or timezone.now())
    with transaction.atomic():
        return _remove(held(inbox, allowed, by), erase, by, now)


def delete_team_inbox(*, inbox: Inbox, erase: bool, by: User, now: datetime | None = None) -> Removal:
    """Disables and removes it in one, or does neither; its list of threads goes with it. As `remove`; what was never started is to be
    discarded.
    """
    _refuse_unless(owner_only, inbox, by)
    if inbox.kind != InboxKind.TEAM:
        raise ValidationError(_("A personal inbox is disabled first, then removed."), code="not_a_team_inbox")
    end_push(inbox.pk)
    with transaction.atomic():
        locked = held(inbox, owner_only, by)
        if locked.status != InboxStatus.DISABLED:
            _stop(locked, by, now, cause=BEING_DELETED)
        return _remove(locked, erase, by, now)


@transaction.atomic
def disconnect_who_left(*, person: User, by: User | None, now: datetime | None = None) -> None:
    """Stops the personal inboxes of a deactivated person and forgets their passwords; what was logged stays.

    Does nothing for somebody who is active. Idempotent.
    """
    own = Inbox.objects.filter(owner=person, kind=InboxKind.PERSONAL, owner__is_active=False)
    for inbox in own.exclude(status=InboxStatus.DISABLED).select_for_update(of=("self",)):
        if inbox.status == InboxStatus.CONNECTING:
            _forget(inbox, by)
        else:
            _stop(inbox, by, now)
    withdraw_grants(Credential.objects.filter(inbox__in=own))
    Credential.objects.filter(inbox__in=own).delete()


def _forget(inbox: Inbox, by: User | None) -> None:
    record(by=by, action="inbox.discarded", target=inbox)
    withdraw_grants(Credential.objects.filter(inbox=inbox))
    inbox.delete()


def _stop(inbox: Inbox, by: User | None, now: datetime | None, *, cause: str = "") -> None:
    shut_workers_out(inbox)
    move(inbox, Event.DISABLED, by=by, cause=cause, now=now)
    record(by=by, action="inbox.disabled", target=inbox)


def _may_remove(inbox: Inbox, person: User) -> bool:
    return owner_only(inbox, person) or (may_manage(inbox, person) and not inbox.owner.is_active)


def _refuse_unless(allowed: Callable[[Inbox, User], bool], inbox: Inbox, by: User) -> None:
    """Before anything is asked at a provider; once more when it is done."""
    if not (by.is_active and allowed(inbox, by)):
        raise PermissionDenied


def _remove(inbox: Inbox, erase: bool, by: User, now: datetime | None) -> Removal:
    shut_workers_out(inbox)
    move(inbox, Event.REMOVED, by=by, now=now)
    inbox.aliases = []
    inbox.save(update_fields=["aliases"])
    withdraw_grants(Credential.objects.filter(inbox=inbox))
    for forgotten in (Credential, MailServer, PushSubscription, SignIn, InboxMember):
        forgotten._default_manager.filter(inbox=inbox).delete()
    removal = Removal.objects.create(
        inbox=inbox, by=by, erases=erase, held=mails_of(inbox, logged=erase).count(), begun_at=now or timezone.now()
    )
    notices.tell_of_removal(inbox, by=by, erases=erase)
    record(by=by, action="inbox.removed", target=inbox, details={"erase": erase})
    send_on_commit(inbox_removed, inbox_id=inbox.pk)
    return removal
