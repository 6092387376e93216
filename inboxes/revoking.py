"""How people take back at their provider what they gave: the way through its menus, by the names they have there."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inboxes.models import AccessPlace, Credential, Inbox, Revocation, RevocationState
from inboxes.oauth.accesses import URLS, place_of

_STEPS: Mapping[str, tuple[Promise, ...]] = {
    AccessPlace.GOOGLE: (
        gettext_lazy("Open your Google Account and choose “Security & sign-in”."),
        gettext_lazy("Under “Your connections to third-party apps & services”, choose “See all connections”."),
        gettext_lazy("Choose Genkan in the list, or the name it was registered under, then “See details”."),
        gettext_lazy("Choose “Remove access” or “Delete all connections”, and confirm."),
    ),
    AccessPlace.MICROSOFT: (
        gettext_lazy("Open My Apps (myapps.microsoft.com) and sign in with your work or school account."),
        gettext_lazy(
            "Point to Genkan, or the name it was registered under, open its “…” menu and choose “Manage your application”."
        ),
        gettext_lazy("Choose “Revoke permissions” and confirm."),
        gettext_lazy(
            "If it is not listed, or cannot be revoked, an administrator has allowed it for everybody: they remove it in the Microsoft "
            "Entra admin center, under “Enterprise applications”."
        ),
    ),
    AccessPlace.OUTLOOK: (
        gettext_lazy("Open your Microsoft account and choose “Privacy”, then “Apps and services”."),
        gettext_lazy("Find Genkan in the list, or the name it was registered under, and choose “Edit”."),
        gettext_lazy("Choose “Remove these permissions” and confirm."),
    ),
    AccessPlace.SERVER: (
        gettext_lazy(
            "If you made an app password for this, delete it where you made it: in the security settings of your mail account."
        ),
        gettext_lazy("If you used your own password, change it there."),
        gettext_lazy("If somebody else runs the mail server, send them the text below."),
    ),
}


@dataclass(frozen=True, slots=True)
class Steps:
    """`url` is where they begin, if that can be said; `letter` is a text for whoever runs the mail server. `is_needed`: nobody
    but the person can do it."""

    steps: tuple[Promise, ...]
    url: str
    letter: str
    is_needed: bool


@dataclass(frozen=True, slots=True)
class FormerAccess:
    """What became of the access that an inbox had before and has no more: of the `last` one, and of all that is not proved to be
    gone, each with its steps."""

    last: Revocation | None
    left: list[tuple[Revocation, Steps | None]]


def former_access(inbox: Inbox) -> FormerAccess:
    """Of each account the latest alone counts; what the inbox is read with now is not to be taken back. Two queries."""
    latest = {(each.place, each.account): each for each in inbox.revocations.order_by("pk")}
    last = max(latest.values(), key=lambda each: each.pk, default=None)
    for credential in Credential.objects.filter(inbox=inbox).defer("secret"):
        latest.pop((place_of(credential), credential.signed_in_as or inbox.address), None)
    left = [each for each in latest.values() if each.state != RevocationState.VERIFIED]
    return FormerAccess(last, [(each, steps_of(each)) for each in left])


def steps_of(revocation: Revocation) -> Steps | None:
    """None where there is nothing left to do: the access is proved to be gone, or another inbox lives by it."""
    if revocation.state in (RevocationState.VERIFIED, RevocationState.IN_USE):
        return None
    place = AccessPlace(revocation.place)
    return Steps(
        steps=_STEPS[place],
        url=URLS.get(place, ""),
        letter=_letter(revocation) if place == AccessPlace.SERVER else "",
        is_needed=revocation.state != RevocationState.TRYING,
    )


def _letter(revocation: Revocation) -> str:
    text = _(
        "Hello,\n\nI have disconnected my mailbox %(address)s from our CRM (%(site)s), which used to read it by IMAP. Please delete "
        "the app password that was made for it, or have me change the password of the mailbox, and end sessions that are still "
        "open.\n\nThank you."
    )
    return text % {"address": revocation.account, "site": settings.BASE_URL}
