"""Taking an inbox off: what was never started is forgotten, what was is stopped."""

from datetime import datetime

from django.db import transaction

from audit.actions import record
from inboxes.actions.holding import held, may_manage, move, owner_only, shut_workers_out
from inboxes.actions.refusing import refuse_unless_connecting
from inboxes.life import Event
from inboxes.models import Credential, Inbox, InboxKind, InboxStatus
from inboxes.oauth.keeping import withdraw_grants
from users.models import User


@transaction.atomic
def discard(*, inbox: Inbox, by: User) -> None:
    """Forgets an inbox that was never started: its servers and password too. Nothing was read, so nothing was stored."""
    inbox = held(inbox, owner_only, by)
    refuse_unless_connecting(inbox)
    record(by=by, action="inbox.discarded", target=inbox)
    withdraw_grants(Credential.objects.filter(inbox=inbox))
    inbox.delete()


@transaction.atomic
def disable(*, inbox: Inbox, by: User, now: datetime | None = None) -> None:
    """Stops everything the inbox does; nothing is deleted. `reconnect` brings it back."""
    inbox = held(inbox, may_manage, by)
    shut_workers_out(inbox)
    move(inbox, Event.DISABLED, by=by, now=now)
    record(by=by, action="inbox.disabled", target=inbox)


@transaction.atomic
def disconnect_who_left(*, person: User, by: User | None, now: datetime | None = None) -> None:
    """Stops the personal inboxes of a deactivated person and forgets their passwords; what was logged stays.

    Does nothing for somebody who is active. Idempotent.
    """
    own = Inbox.objects.filter(owner=person, kind=InboxKind.PERSONAL, owner__is_active=False)
    for inbox in own.exclude(status=InboxStatus.DISABLED).select_for_update(of=("self",)):
        shut_workers_out(inbox)
        move(inbox, Event.DISABLED, by=by, now=now)
        record(by=by, action="inbox.disabled", target=inbox)
    withdraw_grants(Credential.objects.filter(inbox__in=own))
    Credential.objects.filter(inbox__in=own).delete()
