"""What people are told about inboxes, and who is told: once per episode, never mail content."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from inboxes.causes import cause_of
from inboxes.models import CredentialKind, Inbox, InboxKind, InboxStatus, ProviderHealth
from notifications.actions import notify
from notifications.kinds import Kind, Tone, Words, register
from notifications.queries import people_told
from notifications.topics import Topic
from users.models import User

REMIND_AFTER = timedelta(days=3)
NEEDS_RECONNECT = "inbox_needs_reconnect"
REMINDER = "inbox_still_disconnected"
UNREACHABLE = "inbox_unreachable"
RECOVERED = "inbox_recovered"
QUARANTINED = "messages_quarantined"
PROVIDER_REFUSES = "provider_refuses_us"
PROVIDER_WORKS = "provider_works_again"


def people_to_tell(inbox: Inbox) -> list[User]:
    """The owner of a personal inbox; for a team inbox everybody who could mend it."""
    if inbox.kind == InboxKind.PERSONAL:
        return [inbox.owner]
    holders = User.objects.holders_of_account_access()
    return list({person.pk: person for person in (*holders, inbox.connected_by)}.values())


def tell_of_disconnection(inbox: Inbox) -> None:
    """At once: nothing is logged until somebody reconnects the inbox."""
    _tell(inbox, NEEDS_RECONNECT)


def tell_of_outage(inbox: Inbox) -> None:
    """The mailbox could not be read for a while. It heals by itself; people should know that the timeline lags."""
    _tell(inbox, UNREACHABLE)


def trouble_was_told(inbox: Inbox) -> bool:
    """Whether anybody was told of the trouble the inbox is in."""
    return bool(people_told(_episode(inbox, kind) for kind in (UNREACHABLE, NEEDS_RECONNECT)))


def tell_of_recovery(inbox: Inbox, *, now: datetime, told_before: bool) -> None:
    """Only those who were told of the trouble need to hear that it is over."""
    if told_before:
        _tell(inbox, RECOVERED, until=now.isoformat())


def tell_of_quarantine(inbox: Inbox, *, now: datetime) -> None:
    """At most once a day and inbox, however many messages it is."""
    _tell(inbox, QUARANTINED, episode=f"{localtime(now):%Y-%m-%d}")


def remind_of_disconnections(*, now: datetime) -> int:
    """Tells people again of inboxes that wait for them since three days; returns how many were told. For a daily run."""
    waiting = Inbox.objects.filter(status=InboxStatus.NEEDS_RECONNECT, status_since__lte=now - REMIND_AFTER)
    return sum(_tell(inbox, REMINDER) for inbox in waiting.select_related("owner", "connected_by"))


def tell_of_shared_trouble(health: ProviderHealth) -> None:
    """Those who run this installation, once: no owner of an inbox could mend it."""
    _tell_super_admins(PROVIDER_REFUSES, health)


def tell_of_shared_recovery(health: ProviderHealth, *, now: datetime) -> None:
    _tell_super_admins(PROVIDER_WORKS, health, until=now.isoformat())


def _tell_super_admins(kind: str, health: ProviderHealth, **more: str) -> None:
    since = health.since.isoformat()
    notify(
        recipients=User.objects.super_admins(),
        kind=kind,
        context={"provider": health.kind, "cause": health.cause, "since": since, **more},
        url=reverse("inboxes:inbox-list"),
        episode=f"provider:{health.kind}:{kind}:{since}",
    )


def _tell(inbox: Inbox, kind: str, *, episode: str = "", **more: str) -> int:
    return notify(
        recipients=people_to_tell(inbox),
        kind=kind,
        context={"inbox": inbox.address, "cause": inbox.cause, "since": inbox.status_since.isoformat(), **more},
        url=reverse("inboxes:inbox", args=[inbox.code]),
        episode=_episode(inbox, kind, episode),
    )


def _episode(inbox: Inbox, kind: str, name: str = "") -> str:
    return f"inbox:{inbox.pk}:{kind}:{name or inbox.status_since.isoformat()}"


def _words(context: Words) -> Words:
    cause = cause_of(context["cause"])
    return {"explanation": cause.explanation, "fix": cause.fix, **_moments(context)}


def _shared_words(context: Words) -> Words:
    return {**_words(context), "provider": CredentialKind(context["provider"]).label}


def _moments(context: Words) -> Words:
    moments = {name: parse_datetime(context[name]) for name in ("since", "until") if name in context}
    return {name: date_format(localtime(moment), "SHORT_DATETIME_FORMAT") for name, moment in moments.items() if moment}


FIELDS = frozenset({"inbox", "cause", "since"})
_about_inbox = partial(Kind, topic=Topic.OWN_INBOXES, fields=FIELDS, words=_words)
_about_provider = partial(
    Kind, topic=Topic.INSTALLATION, fields=frozenset({"provider", "cause", "since"}), words=_shared_words
)
DISCONNECTED = _about_inbox(
    code=NEEDS_RECONNECT,
    title=_("%(inbox)s needs to be reconnected"),
    text=_("%(explanation)s %(fix)s No new e-mail has been logged since %(since)s; reconnecting catches up with it."),
    action=_("Reconnect"),
    tone=Tone.BAD,
    icon="plug",
)
register(
    DISCONNECTED,
    replace(DISCONNECTED, code=REMINDER, title=_("%(inbox)s is still disconnected")),
    _about_inbox(
        code=UNREACHABLE,
        title=_("%(inbox)s cannot be read at the moment"),
        text=_("%(explanation)s We have been trying since %(since)s and go on trying; nothing is lost."),
        action=_("See what happened"),
        tone=Tone.WARN,
        icon="wifi-off",
    ),
    _about_inbox(
        code=RECOVERED,
        title=_("%(inbox)s works again"),
        text=_("The trouble lasted from %(since)s to %(until)s. E-mail of that time is being logged now."),
        action=_("See the inbox"),
        fields=FIELDS | {"until"},
        tone=Tone.OK,
        icon="circle-check",
    ),
    _about_inbox(
        code=QUARANTINED,
        title=_("Some e-mail in %(inbox)s could not be read"),
        text=_("It was tried several times and set aside; everything else goes on. You can have it tried again."),
        action=_("See which"),
        tone=Tone.WARN,
        icon="triangle-alert",
    ),
    _about_provider(
        code=PROVIDER_REFUSES,
        title=_("%(provider)s does not let this installation read mail"),
        text=_(
            "%(explanation)s No inbox there is read since %(since)s; we try again every ten minutes, and nothing is lost. "
            "Check the registration of this installation at %(provider)s (client id, secret, allowed requests) and our settings for it."
        ),
        action=_("See the inboxes"),
        tone=Tone.BAD,
        icon="plug",
    ),
    _about_provider(
        code=PROVIDER_WORKS,
        title=_("%(provider)s lets us read mail again"),
        text=_("The trouble lasted from %(since)s to %(until)s. E-mail of that time is being logged now."),
        action=_("See the inboxes"),
        fields=frozenset({"provider", "cause", "since", "until"}),
        tone=Tone.OK,
        icon="circle-check",
    ),
)
