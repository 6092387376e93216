"""What people are told about what is logged; never mail content."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from logging_rules.models import LookBack, PastChange, Unlogging
from notifications.actions import notify
from notifications.kinds import Kind, Tone, register

LOOKED_BACK = "looked_back"


def tell_of_look_back(asked: LookBack, *, found: int) -> None:
    """Once for each time somebody asked."""
    notify(
        recipients=[asked.inbox.owner],
        kind=LOOKED_BACK,
        context={"contact": asked.contact.name, "inbox": asked.inbox.address, "found": found},
        url=asked.contact.get_absolute_url(),
        episode=f"look_back:{asked.pk}:{asked.asked_at.isoformat()}",
    )


PAST_CHANGED = "past_changed"


def tell_of_past_change(asked: PastChange, unlogging: Unlogging | None) -> None:
    """Once for each time somebody asked."""
    notify(
        recipients=[asked.asked_by],
        kind=PAST_CHANGED,
        context={"inbox": asked.inbox.address, "taken": unlogging.messages if unlogging else 0},
        url=reverse("inboxes:inbox", args=[asked.inbox.code]),
        episode=f"past_change:{asked.pk}:{asked.asked_at.isoformat()}",
    )


register(
    Kind(
        code=PAST_CHANGED,
        title=_("Your change now holds for past e-mail of %(inbox)s"),
        text=_(
            "Taken off the log: %(taken)s. This can be undone for seven days. Mail that is logged now is read as it is found."
        ),
        action=_("See the inbox"),
        fields=frozenset({"inbox", "taken"}),
        tone=Tone.OK,
        icon="history",
        by_e_mail=False,
    ),
    Kind(
        code=LOOKED_BACK,
        title=_("E-mails with %(contact)s: your inbox was looked through"),
        text=_("%(inbox)s was looked through. E-mails that came to the timeline: %(found)s."),
        action=_("See the timeline"),
        fields=frozenset({"contact", "inbox", "found"}),
        tone=Tone.OK,
        icon="history",
        by_e_mail=False,
    ),
)
