"""A personal inbox becomes the team's, or a team's personal: what was decided about single mails goes along."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from inboxes import actions as inbox_actions
from inboxes import change_notices
from inboxes.marks import Mark
from inboxes.models import Inbox, InboxMember, MarkedMail
from logging_rules.models import HandChoice, HeldMail, LookBack
from logging_rules.tombstones import carry_tombstones, lay_tombstones_by_digest
from users.models import User


def settle_marks(*, inbox: Inbox) -> None:
    """What was marked private in the mailbox stays off the log for good, as if it had been un-logged. Call inside a transaction.

    What waited there for a decision or to be fetched is forgotten: the mailbox it waited in is not read any more.
    """
    private = MarkedMail.objects.in_force().filter(inbox=inbox, mark=Mark.PRIVATE).exclude(digest=b"")
    lay_tombstones_by_digest({bytes(digest) for digest in private.values_list("digest", flat=True)}, inbox=inbox)
    HeldMail.objects.filter(inbox=inbox).delete()
    HandChoice.objects.filter(inbox=inbox).delete()


@transaction.atomic
def convert_to_team(
    *,
    inbox: Inbox,
    name: str,
    members: Iterable[User],
    since: datetime | None,
    by: User,
    from_name: str = "",
    now: datetime | None = None,
) -> Inbox:
    """As `inboxes.actions.convert_to_team`; what the person had un-logged stays off the log. Everybody concerned is told."""
    team = inbox_actions.convert_to_team(
        inbox=inbox, name=name, from_name=from_name, members=members, since=since, by=by, now=now
    )
    _take_along(inbox, team)
    change_notices.tell_of_becoming_team(inbox, team, by=by)
    return team


@transaction.atomic
def convert_to_personal(*, inbox: Inbox, by: User, password: str = "", now: datetime | None = None) -> Inbox:
    """As `inboxes.actions.convert_to_personal`; what the team had un-logged stays off the log. Everybody concerned is told."""
    members = [member.person for member in InboxMember.objects.filter(inbox=inbox).select_related("person")]
    own = inbox_actions.convert_to_personal(inbox=inbox, by=by, password=password, now=now)
    _take_along(inbox, own)
    change_notices.tell_of_becoming_personal(inbox, own, members=members, by=by)
    return own


def _take_along(former: Inbox, successor: Inbox) -> None:
    carry_tombstones(former, successor)
    LookBack.objects.filter(inbox=former).delete()
