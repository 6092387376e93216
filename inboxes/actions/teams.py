"""What a team inbox is called, here and by those it writes to."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record
from inboxes.actions.holding import held, owner_only
from inboxes.models import Inbox, InboxKind
from users.models import User


@transaction.atomic
def name_team_inbox(*, inbox: Inbox, name: str, from_name: str, by: User) -> None:
    """`from_name` stands before the address of what is sent; empty: the name of the inbox. For holders of account access."""
    inbox = held(inbox, owner_only, by)
    if inbox.kind != InboxKind.TEAM:
        raise PermissionDenied
    name, from_name = " ".join(name.split()), " ".join(from_name.split())
    if not name:
        raise ValidationError(_("A team inbox needs a name."), code="name_missing")
    if (name, from_name) == (inbox.name, inbox.from_name):
        return
    inbox.name, inbox.from_name = name, from_name
    inbox.save(update_fields=["name", "from_name"])
    record(by=by, action="inbox.named", target=inbox, details={"name": name, "from_name": from_name})
