"""How much colleagues see of what an inbox has logged: its setting, what is logged otherwise, who asked, who opened what."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, QuerySet

from inboxes.models import (
    AccessRequest,
    AccessRequestQuerySet,
    Inbox,
    InboxKind,
    Message,
    Opening,
    Sighting,
    Visibility,
)
from logging_rules.facts import Setting
from logging_rules.in_force import policy_of
from logging_rules.models import WorkspacePolicy
from users.keyset import Cursor
from users.models import User

OPENINGS_PER_PAGE = 50
OPENINGS_OF_ONE_MAIL = 100
REQUESTS_SHOWN = 100


def setting_of(inbox: Inbox) -> Setting[Visibility]:
    return policy_of(inbox, WorkspacePolicy.objects.current()).visibility


def out_of_step(inbox: Inbox) -> tuple[Visibility, "QuerySet[Sighting]"]:
    """The inbox's setting, and what it has logged with another one that nobody chose by hand."""
    wanted = setting_of(inbox).value
    return wanted, Sighting.objects.filter(inbox=inbox, visibility_chosen=False).exclude(visibility=wanted)


def logged_by_visibility(inbox: Inbox) -> Mapping[Visibility, int]:
    """How many e-mails the inbox has logged with each."""
    rows = Sighting.objects.filter(inbox=inbox).values_list("visibility").annotate(mails=Count("pk"))
    counts = dict(rows.order_by())
    return {level: counts.get(level, 0) for level in Visibility}


@dataclass(frozen=True, slots=True)
class OwnView:
    """What the owner of an e-mail sees of who sees it. `in_thread`: how many e-mails of the conversation are theirs."""

    visibility: Visibility
    in_thread: int
    openings: list[Opening]


def own_view_of(message: Message, user: User) -> OwnView | None:
    """None for everybody who did not log the e-mail."""
    own = Sighting.objects.filter(inbox__in=Inbox.with_removed.decided_by(user))
    wishes = [Visibility(wish) for wish in own.filter(message=message).values_list("visibility", flat=True)]
    if not wishes:
        return None
    return OwnView(
        visibility=max(wishes, key=lambda level: level.strictness),
        in_thread=own.filter(message__thread=message.thread_id).values("message").distinct().count(),
        openings=list(message.openings.select_related("person").order_by("-opened_at", "-pk")[:OPENINGS_OF_ONE_MAIL]),
    )


def requests_for(message: Message, user: User) -> list[AccessRequest]:
    """Requests the user answers, the waiting ones first, then those answered last; each with its state."""
    asked = AccessRequest.objects.answered_by(user).filter(sighting__message=message).select_related("person")
    return list(asked.with_state().order_by(F("answered_at").desc(nulls_first=True), "-pk")[:REQUESTS_SHOWN])


def waiting_requests(inbox: Inbox) -> list[AccessRequest]:
    return list(_requests(inbox).waiting().order_by("asked_at", "pk")[:REQUESTS_SHOWN])


def grants_in_force(inbox: Inbox) -> list[AccessRequest]:
    """Whom the owner lets open something at this moment."""
    return list(_requests(inbox).in_force().order_by("granted_until", "pk")[:REQUESTS_SHOWN])


def _requests(inbox: Inbox) -> AccessRequestQuerySet:
    return AccessRequest.objects.filter(sighting__inbox=inbox).select_related("person", "sighting__message")


@dataclass(frozen=True, slots=True)
class OpeningsPage:
    """The latest first. `older` continues it; None on the last page."""

    openings: list[Opening]
    older: Cursor | None


def openings_page(inbox: Inbox, *, viewer: User, before: Cursor | None = None) -> OpeningsPage:
    """Who opened restricted e-mails that the inbox has logged, as far as the viewer may know of them."""
    logged = Sighting.objects.filter(inbox=inbox, message=OuterRef("message"))
    rows = Opening.objects.filter(Exists(logged)).select_related("person", "message")
    if inbox.kind == InboxKind.TEAM:
        rows = rows.filter(message__in=Message.objects.visible_to(viewer))
    rows = rows.defer("message__body_text", "message__body_html", "message__quoted_text")
    if before:
        rows = rows.filter(before.older("opened_at"))
    found = list(rows.order_by("-opened_at", "-pk")[: OPENINGS_PER_PAGE + 1])
    shown = found[:OPENINGS_PER_PAGE]
    return OpeningsPage(shown, Cursor(shown[-1].opened_at, shown[-1].pk) if len(found) > len(shown) else None)
