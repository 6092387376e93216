"""What people are told when an inbox is read through another provider, or changes hands between a person and the team."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from inboxes.models import Inbox, ProviderKind
from inboxes.notices import people_to_tell
from notifications.actions import notify
from notifications.kinds import Kind, Tone, Words, register
from notifications.topics import Topic
from users.models import User

SWITCHED = "inbox_provider_switched"
BECAME_TEAM = "inbox_became_team"
BECAME_PERSONAL = "inbox_became_personal"


def tell_of_switch(inbox: Inbox, *, before: ProviderKind, episode: int) -> None:
    """Everybody who looks after the inbox, whoever did it: the old connection has ended. `episode` is the key of its audit event."""
    notify(
        recipients=people_to_tell(inbox),
        kind=SWITCHED,
        context={"inbox": inbox.address, "before": before.value, "after": inbox.provider},
        url=reverse("inboxes:inbox", args=[inbox.code]),
        episode=f"inbox:{inbox.pk}:{SWITCHED}:{episode}",
    )


def tell_of_becoming_team(former: Inbox, inbox: Inbox, *, by: User) -> None:
    """Its owner until now, and everybody who looks after team inboxes."""
    _tell_of_becoming(former, inbox, BECAME_TEAM, by)


def tell_of_becoming_personal(former: Inbox, inbox: Inbox, *, members: list[User], by: User) -> None:
    """Everybody who looked after the team inbox, and its members, who cannot read it any more."""
    _tell_of_becoming(former, inbox, BECAME_PERSONAL, by, also=members)


def _tell_of_becoming(former: Inbox, inbox: Inbox, kind: str, by: User, also: list[User] | None = None) -> None:
    told = {
        person.pk: person for person in (former.owner, *people_to_tell(former), *people_to_tell(inbox), *(also or []))
    }
    told.pop(by.pk, None)
    notify(
        recipients=told.values(),
        kind=kind,
        context={"inbox": inbox.address, "by": by.name},
        url=reverse("inboxes:inbox-list"),
        episode=f"inbox:{inbox.pk}:{kind}",
    )


def _provider_words(context: Words) -> Words:
    return {name: ProviderKind(context[name]).label for name in ("before", "after")}


register(
    Kind(
        code=SWITCHED,
        topic=Topic.SECURITY,
        title=_("%(inbox)s is read through %(after)s now"),
        text=_(
            "The connection through %(before)s has ended. Timelines, settings and un-logged e-mails stay as they were."
        ),
        action=_("See the inbox"),
        fields=frozenset({"inbox", "before", "after"}),
        tone=Tone.INFO,
        icon="arrow-left-right",
        words=_provider_words,
    ),
    Kind(
        code=BECAME_TEAM,
        topic=Topic.SECURITY,
        title=_("%(inbox)s is a team inbox now"),
        text=_(
            "%(by)s made it one. Its members read all e-mail from the date that was chosen on; what was private before stays private."
        ),
        action=_("See your inboxes"),
        fields=frozenset({"inbox", "by"}),
        tone=Tone.INFO,
        icon="users-round",
    ),
    Kind(
        code=BECAME_PERSONAL,
        topic=Topic.SECURITY,
        title=_("%(inbox)s is a personal inbox now"),
        text=_(
            "%(by)s made it their own. Its e-mail is no longer shared: members see what was logged on timelines, and nothing else."
        ),
        action=_("See your inboxes"),
        fields=frozenset({"inbox", "by"}),
        tone=Tone.INFO,
        icon="user-round",
    ),
)
