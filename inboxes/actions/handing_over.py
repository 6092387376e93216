"""Team inboxes whose connection belongs to another person from now on."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record
from inboxes.actions.holding import held, move, owner_only, shut_workers_out
from inboxes.life import Event
from inboxes.models import Credential, CredentialKind, Inbox, InboxKind
from inboxes.oauth.keeping import withdraw_grants
from users.models import User

OWNER_LEFT = "owner_left"


@transaction.atomic
def hand_over(*, inbox: Inbox, to: User, by: User, now: datetime | None = None) -> bool:
    """Returns whether `to` has to sign in: a grant was the former owner's own and is given back, the password of a shared mailbox stays.

    Members read on, and nothing of the timeline changes. Raises ValidationError for a personal inbox, or if `to` lacks account access.
    """
    inbox = held(inbox, owner_only, by)
    if inbox.kind != InboxKind.TEAM:
        raise ValidationError(_("A personal inbox is nobody else's."), code="not_a_team_inbox")
    if not to.has_account_access:
        raise ValidationError(
            _("%(name)s holds no account access."), params={"name": to.name}, code="account_access_needed"
        )
    inbox.owner = to
    inbox.save(update_fields=["owner"])
    record(by=by, action="inbox.owner_changed", target=inbox, details={"to": to.pk})
    grants = Credential.objects.filter(inbox=inbox).exclude(kind=CredentialKind.PASSWORD)
    if not grants.exists():
        return False
    shut_workers_out(inbox)
    withdraw_grants(grants)
    grants.delete()
    if inbox.is_syncing:
        move(inbox, Event.PROVED, cause=OWNER_LEFT, by=by, now=now)
    return True
