"""What people are told when they become a member of a team inbox, or are one no longer. Never mail content."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from inboxes.models import InboxMember
from notifications.actions import notify
from notifications.kinds import Kind, Tone, register
from notifications.topics import Topic
from users.models import User

ADDED = "team_member_added"
REMOVED = "team_member_removed"


def tell_of_joining(member: InboxMember, *, by: User) -> None:
    """Nobody needs to be told what they did themselves."""
    if member.person != by:
        _tell(member, ADDED, by=by, url=reverse("inboxes:team", args=[member.inbox.code]))


def tell_of_removal(member: InboxMember, *, by: User) -> None:
    if member.person != by:
        _tell(member, REMOVED, by=by, url=reverse("inboxes:inbox-list"))


def _tell(member: InboxMember, kind: str, *, by: User, url: str) -> None:
    notify(
        recipients=[member.person],
        kind=kind,
        context={"inbox": member.inbox.label, "address": member.inbox.address, "by": by.name},
        url=url,
        episode=f"inbox:{member.inbox_id}:{kind}:{member.pk}",
    )


_FIELDS = frozenset({"inbox", "address", "by"})
register(
    Kind(
        code=ADDED,
        topic=Topic.SECURITY,
        title=_("You are a member of the team inbox %(inbox)s now"),
        text=_(
            "%(by)s added you. You can read all e-mail of %(address)s, logged or not, as all its members can. You may leave at any time."
        ),
        action=_("See the team inbox"),
        fields=_FIELDS,
        tone=Tone.INFO,
        icon="users-round",
    ),
    Kind(
        code=REMOVED,
        topic=Topic.SECURITY,
        title=_("You are no longer a member of the team inbox %(inbox)s"),
        text=_("%(by)s removed you. You can no longer read the e-mail of %(address)s that is not logged."),
        action=_("See your inboxes"),
        fields=_FIELDS,
        tone=Tone.WARN,
        icon="user-round-minus",
    ),
)
