"""What the owner of an inbox is told when somebody else takes it off."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from inboxes.models import Inbox, InboxKind
from notifications.actions import notify
from notifications.kinds import Kind, Tone, Words, register
from notifications.topics import Topic
from users.models import User

TAKEN_OFF = "inbox_taken_off"


def tell_of_taking_off(inbox: Inbox, *, by: User) -> None:
    """The owner of a personal inbox, unless they did it themselves. Of a team inbox everybody hears when its status changes."""
    if inbox.kind == InboxKind.PERSONAL and inbox.owner != by:
        notify(
            recipients=[inbox.owner],
            kind=TAKEN_OFF,
            context={"inbox": inbox.address, "by": by.name},
            url=reverse("inboxes:inbox", args=[inbox.code]),
            episode=f"inbox:{inbox.pk}:{TAKEN_OFF}:{inbox.status_since.isoformat()}",
        )


def _words(context: Words) -> Words:
    return {"by": context["by"] or _("The system")}


register(
    Kind(
        code=TAKEN_OFF,
        topic=Topic.SECURITY,
        title=_("%(by)s disabled %(inbox)s"),
        text=_(
            "Nothing of this mailbox is read, sent or logged any more. What was logged stays on the timelines. "
            "Nobody has read your mail. Ask %(by)s if you need the inbox."
        ),
        action=_("See the inbox"),
        fields=frozenset({"inbox", "by"}),
        tone=Tone.WARN,
        icon="circle-off",
        words=_words,
    )
)
