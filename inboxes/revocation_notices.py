"""What people are told of access that could not be given back at once: that it is gone by now, or that it is left to them."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from inboxes.models import AccessPlace, Departure, Inbox, InboxKind, Revocation, RevocationState
from inboxes.notices import people_to_tell
from notifications.actions import notify
from notifications.kinds import Kind, Tone, Words, register
from notifications.topics import Topic
from users.models import User

GIVEN_BACK = "access_given_back"
LEFT_TO_OWNER = "access_not_given_back"
LEFT_BY_LEAVER = "access_of_leaver_not_given_back"
FIELDS = frozenset({"inbox", "place"})


def tell_of_revocation(revocation: Revocation) -> None:
    """Once. Nothing to tell of access that another inbox still needs. Of who has left super admins are told in their place."""
    if revocation.state == RevocationState.IN_USE:
        return
    inbox = revocation.inbox
    has_left = inbox.kind == InboxKind.PERSONAL and not inbox.owner.is_active
    left_over = LEFT_BY_LEAVER if has_left else LEFT_TO_OWNER
    kind = GIVEN_BACK if revocation.state == RevocationState.VERIFIED else left_over
    notify(
        recipients=User.objects.super_admins() if has_left else people_to_tell(inbox),
        kind=kind,
        context={"inbox": inbox.address, "place": revocation.place, "person": inbox.owner.name},
        url=_page_of_leaver(inbox) if has_left else reverse("inboxes:next-step", args=[inbox.code]),
        episode=f"revocation:{revocation.pk}:{kind}",
    )


def _page_of_leaver(inbox: Inbox) -> str:
    """The record of their leaving, which says how the access is by now; else the page of the connection, or what is left: theirs."""
    if departure := Departure.objects.filter(person=inbox.owner).order_by("-left_at").first():
        return reverse("connections:departure", args=[departure.code])
    if inbox.removed_at is None:
        return reverse("connections:connection", args=[inbox.code])
    return reverse("users:person", args=[inbox.owner.code])


def _words(context: Words) -> Words:
    return {"place": AccessPlace(context["place"]).label}


register(
    Kind(
        code=GIVEN_BACK,
        topic=Topic.SECURITY,
        title=_("The access to %(inbox)s was given back"),
        text=_("%(place)s has confirmed it. There is nothing left for you to do."),
        action=_("See what became of it"),
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
    Kind(
        code=LEFT_BY_LEAVER,
        topic=Topic.SECURITY,
        title=_("The access to %(inbox)s could not be given back"),
        text=_(
            "%(place)s did not confirm it. %(person)s, whose access it was, has left. Nothing uses it any more, and what we had is "
            "erased. Whoever administers the account at the provider can end it there."
        ),
        action=_("See what became of it"),
        fields=FIELDS | {"person"},
        words=_words,
        tone=Tone.WARN,
        icon="key-round",
    ),
)
