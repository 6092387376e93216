"""What people are told about what is logged; never mail content."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from inboxes.notices import people_to_tell
from logging_rules.consequences import Narrowed
from logging_rules.models import LookBack, PastChange, Unlogging
from logging_rules.setting_words import SETTING_LABELS
from notifications.actions import notify
from notifications.kinds import Kind, Tone, Words, register
from notifications.topics import Topic
from users.models import User

LOOKED_BACK = "looked_back"
LOGS_LESS = "inboxes_log_less"


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
        url=reverse("inboxes:unlogged" if unlogging else "inboxes:inbox", args=[asked.inbox.code]),
        episode=f"past_change:{asked.pk}:{asked.asked_at.isoformat()}",
    )


def tell_of_narrowing(narrowed: Sequence[Narrowed], *, by: User, episode: str) -> None:
    """Each person once, about all of their inboxes."""
    inboxes_of: dict[User, list[Narrowed]] = {}
    for each in narrowed:
        for person in people_to_tell(each.inbox):
            inboxes_of.setdefault(person, []).append(each)
    for person, found in inboxes_of.items():
        notify(
            recipients=[person],
            kind=LOGS_LESS,
            context={
                "by": str(by),
                "inboxes": [each.inbox.address for each in found],
                "settings": sorted({narrowing.name for each in found for narrowing in each.narrowings}),
            },
            url=reverse("logging_rules:settings"),
            episode=episode,
        )


def _words_of_narrowing(context: Words) -> Words:
    settings = " · ".join(str(SETTING_LABELS[name]) for name in context["settings"])
    return {"inboxes": " · ".join(context["inboxes"]), "settings": settings}


register(
    Kind(
        code=PAST_CHANGED,
        topic=Topic.LOGGING,
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
        code=LOGS_LESS,
        topic=Topic.LOGGING,
        title=_("Your workspace has tightened what is logged"),
        text=_(
            "%(by)s changed the logging policy for everybody. Less is logged, kept or shown from now on of: %(inboxes)s"
            " (%(settings)s). What was logged before stays. What you chose yourself comes back when the policy is loosened."
        ),
        action=_("See your settings"),
        fields=frozenset({"by", "inboxes", "settings"}),
        icon="shield",
        words=_words_of_narrowing,
    ),
    Kind(
        code=LOOKED_BACK,
        topic=Topic.LOGGING,
        title=_("E-mails with %(contact)s: your inbox was looked through"),
        text=_("%(inbox)s was looked through. E-mails that came to the timeline: %(found)s."),
        action=_("See the timeline"),
        fields=frozenset({"contact", "inbox", "found"}),
        tone=Tone.OK,
        icon="history",
        by_e_mail=False,
    ),
)
