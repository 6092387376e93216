"""What super admins do to connections that are not their own: stop them. Never read them, never erase what they logged."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record
from inboxes import notices
from inboxes.actions.ending import disable, discard
from inboxes.causes.rules import ACCESS_DELETED
from inboxes.models import Credential, Inbox, InboxKind, InboxStatus
from inboxes.oauth.keeping import withdraw_grants
from users.models import User, Workspace

NOTHING_TO_STOP = (InboxStatus.CONNECTING, InboxStatus.DISABLED)


@transaction.atomic
def take_off(*, inboxes: Iterable[Inbox], by: User, now: datetime | None = None) -> list[Inbox]:
    """Disables them, which tells their owners; returns those that were neither disabled already nor never started. All or none."""
    _super_admins_only(by)
    keys = {inbox.pk for inbox in inboxes}
    wanted = Inbox.objects.overseen_by(by).filter(pk__in=keys).exclude(status__in=NOTHING_TO_STOP)
    found = list(wanted.select_related("owner").order_by("pk").select_for_update(of=("self",)))
    for inbox in found:
        disable(inbox=inbox, by=by, now=now)
    return found


@transaction.atomic
def force_disconnect(*, inbox: Inbox, by: User, now: datetime | None = None) -> None:
    """Disables a personal inbox for good, as far as its owner does not reconnect it: its password is deleted, its grant given back.

    Idempotent. What it logged stays; one that was never started is discarded.

    Raises ValidationError for a team inbox, which holders of account access delete.
    """
    _super_admins_only(by)
    if inbox.kind != InboxKind.PERSONAL:
        raise ValidationError(_("A team inbox is deleted by holders of account access."), code="not_personal")
    inbox = Inbox.objects.select_for_update(of=("self",)).select_related("owner").get(pk=inbox.pk)
    if inbox.status == InboxStatus.CONNECTING:
        discard(inbox=inbox, by=by)
        return
    if inbox.status != InboxStatus.DISABLED:
        disable(inbox=inbox, by=by, now=now, cause=ACCESS_DELETED)
    credentials = Credential.objects.filter(inbox=inbox)
    if credentials.exists():
        withdraw_grants(credentials)
        credentials.delete()
        record(by=by, action="inbox.access_purged", target=inbox)
        notices.tell_of_lost_access(Inbox.objects.get(pk=inbox.pk), by=by)


def note_export(*, connections: int, by: User) -> None:
    """Somebody takes the list of connections along."""
    _super_admins_only(by)
    details = {"connections": connections}
    record(by=by, action="workspace.connections_exported", target=Workspace.objects.current(), details=details)


def _super_admins_only(by: User) -> None:
    if not by.is_super_admin:
        raise PermissionDenied
