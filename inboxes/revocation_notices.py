"""What people are told of access that could not be given back at once: that it is gone by now, or that it is left to them."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from inboxes.models import AccessPlace, Revocation, RevocationState
from inboxes.notices import people_to_tell
from notifications.actions import notify
from notifications.kinds import Kind, Tone, Words, register
from notifications.topics import Topic

GIVEN_BACK = "access_given_back"
LEFT_TO_OWNER = "access_not_given_back"
FIELDS = frozenset({"inbox", "place"})


def tell_of_revocation(revocation: Revocation) -> None:
    """Once. Nothing to tell of access that another inbox still needs."""
    if revocation.state == RevocationState.IN_USE:
        return
    inbox = revocation.inbox
    kind = GIVEN_BACK if revocation.state == RevocationState.VERIFIED else LEFT_TO_OWNER
    notify(
        recipients=people_to_tell(inbox),
        kind=kind,
        context={"inbox": inbox.address, "place": revocation.place},
        url=reverse("inboxes:next-step", args=[inbox.code]),
        episode=f"revocation:{revocation.pk}:{kind}",
    )


def _words(context: Words) -> Words:
    return {"place": AccessPlace(context["place"]).label}


register(
    Kind(
        code=GIVEN_BACK,
        topic=Topic.SECURITY,
        title=_("The access to %(inbox)s was given back"),
        text=_("%(place)s has confirmed it. There is nothing left for you to do."),
        action=_("See the inbox"),
        fields=FIELDS,
        words=_words,
        tone=Tone.OK,
        icon="circle-check",
    ),
    Kind(
        code=LEFT_TO_OWNER,
        topic=Topic.SECURITY,
        title=_("Please take back the access to %(inbox)s yourself"),
        text=_(
            "We could not give it back: %(place)s did not confirm it. Nothing uses it any more, and what we had is erased."
        ),
        action=_("See how"),
        fields=FIELDS,
        words=_words,
        tone=Tone.WARN,
        icon="key-round",
    ),
)
