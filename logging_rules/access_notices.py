"""What people are told when a colleague asks to open an e-mail; never what is in it, its subject neither."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from inboxes.models import AccessRequest, Inbox, InboxKind
from notifications.actions import notify
from notifications.kinds import Kind, Tone, register
from notifications.topics import Topic
from users.models import User

ASKED, GRANTED, DECLINED, ENDED = "access_asked", "access_granted", "access_declined", "access_request_ended"


def tell_owner(request: AccessRequest) -> None:
    notify(
        recipients=_who_answers(request.sighting.inbox),
        kind=ASKED,
        context={"person": request.person.name},
        url=reverse("logging_rules:who", args=[request.sighting.message.code]),
        episode=f"access:{request.pk}:asked",
    )


def _who_answers(inbox: Inbox) -> list[User]:
    """As `AccessRequest.objects.answered_by` has it."""
    return list(User.objects.holders_of_account_access()) if inbox.kind == InboxKind.TEAM else [inbox.owner]


def tell_asker(request: AccessRequest) -> None:
    _tell_asker(request, GRANTED if request.granted_until else DECLINED)


def tell_of_leaving(request: AccessRequest) -> None:
    """Whose e-mail it is has left without an answer."""
    _tell_asker(request, ENDED)


def _tell_asker(request: AccessRequest, kind: str) -> None:
    answered = request.answered_at.isoformat() if request.answered_at else ""
    notify(
        recipients=[request.person],
        kind=kind,
        context={"owner": request.sighting.inbox.holder},
        url=reverse("contacts:message", args=[request.sighting.message.code]),
        episode=f"access:{request.pk}:answered:{answered}",
    )


register(
    Kind(
        code=ASKED,
        topic=Topic.ACCESS_REQUESTS,
        title=_("%(person)s asks to open an e-mail of yours"),
        text=_("It was logged from your inbox, and not everybody can open it. You decide, and for how long."),
        action=_("Answer"),
        fields=frozenset({"person"}),
        icon="key-round",
    ),
    Kind(
        code=GRANTED,
        topic=Topic.ACCESS_REQUESTS,
        title=_("%(owner)s lets you open an e-mail"),
        text=_("The page of the e-mail says until when. Its owner sees that you open it."),
        action=_("Open the e-mail"),
        fields=frozenset({"owner"}),
        tone=Tone.OK,
        icon="key-round",
    ),
    Kind(
        code=DECLINED,
        topic=Topic.ACCESS_REQUESTS,
        title=_("%(owner)s declined to open an e-mail to you"),
        text=_("You still see its subject and who takes part."),
        action=_("See the e-mail"),
        fields=frozenset({"owner"}),
        icon="lock",
        by_e_mail=False,
    ),
    Kind(
        code=ENDED,
        topic=Topic.ACCESS_REQUESTS,
        title=_("%(owner)s has left, and your request to open an e-mail has ended"),
        text=_("Nobody else can open it to you. You still see its subject and who takes part."),
        action=_("See the e-mail"),
        fields=frozenset({"owner"}),
        icon="lock",
        by_e_mail=False,
    ),
)
