"""Who is told what about inboxes: once per episode (`inboxes.trouble`), never mail content. The words are in `inboxes.notice_kinds`.

Of a personal inbox its owner is told; of a team inbox its super admins, the holders of account access and the person who connected it.
Whoever did something on purpose is not told of it: they saw what they did, here and in the audit log. Only a reminder three days later
reaches them like everybody else.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.urls import reverse
from django.utils.timezone import localtime

from audit.models import AuditEvent
from inboxes import notice_kinds as kinds
from inboxes.causes.rules import ACCESS_DELETED
from inboxes.models import CredentialKind, Inbox, InboxKind, InboxStatus, ProviderHealth
from inboxes.outages import recovered_since
from inboxes.trouble import name_of_trouble
from notifications.actions import notify
from notifications.queries import people_told
from users.models import User

REMIND_AFTER = timedelta(days=3)
PAUSED_FOR_GOOD = timedelta(hours=1)
"""A pause that is over sooner was some work on the mailbox, and nobody's business."""
LOOK_BACK = timedelta(days=2)
"""So long the hourly run may have been away and still finds every pause that nobody was told of."""


def people_to_tell(inbox: Inbox) -> list[User]:
    """The owner of a personal inbox; for a team inbox everybody who could mend it."""
    if inbox.kind == InboxKind.PERSONAL:
        return [inbox.owner]
    holders = User.objects.holders_of_account_access()
    return list({person.pk: person for person in (*holders, inbox.connected_by)}.values())


def tell_of_change(inbox: Inbox, *, before: str, by: User | None) -> None:
    """Called by `life.move` inside its transaction, for whatever moved the inbox on from the status `before`.

    A stop that is the first half of a deletion, of the inbox or of what opens it, is told together with that.
    """
    if inbox.status == before:
        return
    if inbox.status == InboxStatus.NEEDS_RECONNECT:
        tell_of_disconnection(inbox, by=by)
    elif inbox.status == InboxStatus.DISABLED and inbox.cause not in (kinds.BEING_DELETED, ACCESS_DELETED):
        _tell_of_stop(inbox, kinds.DISABLED, by=by)
    elif inbox.status == InboxStatus.PAUSED and inbox.kind == InboxKind.PERSONAL:
        _tell_of_stop(inbox, kinds.PAUSED, by=by)


def tell_of_disconnection(inbox: Inbox, *, by: User | None = None) -> None:
    """At once: nothing is logged until somebody reconnects the inbox. `by` is who brought it about, if a person did."""
    since = inbox.live_synced_at or inbox.status_since
    _tell(inbox, kinds.NEEDS_RECONNECT, besides=by, since=since.isoformat(), by=by.name if by else "")


def tell_of_removal(inbox: Inbox, *, by: User, erases: bool) -> None:
    """`erases`: what it logged goes too."""
    _tell_of_stop(inbox, kinds.ERASED if erases else kinds.DELETED, by=by)


def tell_of_lost_access(inbox: Inbox, *, by: User) -> None:
    """A super admin stopped a personal inbox and deleted its password or grant."""
    _tell_of_stop(inbox, kinds.ACCESS_DELETED, by=by)


def tell_of_outage(inbox: Inbox) -> None:
    """The mailbox could not be read for a while. It heals by itself; people should know that the timeline lags."""
    _tell(inbox, kinds.UNREACHABLE)


def tell_of_recovery(inbox: Inbox, *, until: datetime) -> None:
    """To exactly those who were told of the trouble or the stop. Call before `trouble_since` is forgotten."""
    name = name_of_trouble(inbox)
    if told := people_told(f"inbox:{inbox.pk}:{name}:"):
        found = recovered_since(inbox, inbox.trouble_since or inbox.status_since)
        recovered, lost = (str(found.handled), str(found.lost)) if found else ("", "")
        _tell(inbox, kinds.RECOVERED, people=told, since=name, until=until.isoformat(), recovered=recovered, lost=lost)


def tell_of_quarantine(inbox: Inbox, *, now: datetime) -> None:
    """At most once a day and inbox, however many messages it is."""
    _tell(inbox, kinds.QUARANTINED, episode=f"quarantine:{inbox.pk}:{localtime(now):%Y-%m-%d}")


def remind_of_disconnections(*, now: datetime) -> int:
    """Tells people again of inboxes that wait for them since three days, and of teams' inboxes whose pause has become one for good;
    returns how many were told. For an hourly run.
    """
    return _remind(now) + _tell_of_pauses(now)


def _remind(now: datetime) -> int:
    """Once for each time that an inbox waits. A stop on purpose asks nobody for anything, so nobody is reminded of it."""
    waiting = Inbox.objects.filter(status=InboxStatus.NEEDS_RECONNECT, status_since__lte=now - REMIND_AFTER)
    return sum(
        _tell(
            inbox,
            kinds.REMINDER,
            since=(inbox.live_synced_at or inbox.status_since).isoformat(),
            by="",
            once=inbox.status_since.isoformat(),
        )
        for inbox in waiting.select_related("owner", "connected_by")
    )


def _tell_of_pauses(now: datetime) -> int:
    paused = Inbox.objects.filter(kind=InboxKind.TEAM, status=InboxStatus.PAUSED)
    since = (now - LOOK_BACK, now - PAUSED_FOR_GOOD)
    found = paused.filter(status_since__range=since).select_related("owner", "connected_by")
    return sum(_tell_of_stop(inbox, kinds.PAUSED, by=_who_paused(inbox)) for inbox in found)


def _who_paused(inbox: Inbox) -> User | None:
    events = AuditEvent.objects.filter(
        action="inbox.paused", target_type=inbox._meta.label_lower, target_id=str(inbox.pk)
    )
    event = events.select_related("actor").order_by("-pk").first()
    return event.actor if event else None


def tell_of_ending_access(inbox: Inbox, *, at: CredentialKind, ends_at: datetime, days: int) -> int:
    """Once for each of the steps that `inboxes.expiry` warns at: so many `days` before."""
    ends = ends_at.isoformat()
    return _tell(inbox, kinds.ACCESS_ENDS, episode=f"access:{inbox.pk}:{ends}:{days}", at=at, until=ends)


def tell_of_ending_secret(kind: CredentialKind, *, day: date, days: int) -> int:
    """Super admins: nobody else could get a new one."""
    return notify(
        recipients=User.objects.super_admins(),
        kind=kinds.SECRET_ENDS,
        context={"provider": kind, "day": day.isoformat()},
        url=reverse("inboxes:oauth-set-up", args=[kind]),
        episode=f"secret:{kind}:{day}:{days}",
    )


def tell_of_shared_trouble(health: ProviderHealth) -> None:
    """Those who run this installation, once: no owner of an inbox could mend it."""
    _tell_super_admins(kinds.PROVIDER_REFUSES, health)


def tell_of_shared_recovery(health: ProviderHealth, *, now: datetime) -> None:
    _tell_super_admins(kinds.PROVIDER_WORKS, health, until=now.isoformat())


def _tell_super_admins(kind: str, health: ProviderHealth, **more: str) -> None:
    since = health.since.isoformat()
    notify(
        recipients=User.objects.super_admins(),
        kind=kind,
        context={"provider": health.kind, "cause": health.cause, "since": since, **more},
        url=reverse("inboxes:inbox-list"),
        episode=f"provider:{health.kind}:{kind}:{since}",
    )


def _tell_of_stop(inbox: Inbox, kind: str, *, by: User | None) -> int:
    return _tell(inbox, kind, besides=by, by=by.name if by else "")


def _tell(
    inbox: Inbox,
    kind: str,
    *,
    people: Iterable[User] | None = None,
    besides: User | None = None,
    once: str = "",
    episode: str = "",
    **more: str,
) -> int:
    """`once` tells several of a kind within one episode of trouble apart."""
    recipients = people_to_tell(inbox) if people is None else people
    context = {"inbox": _known_as(inbox), "cause": inbox.cause, "since": inbox.status_since.isoformat()}
    return notify(
        recipients=[person for person in recipients if person != besides],
        kind=kinds.variant(kind, InboxKind(inbox.kind)),
        context=context | more,
        url=reverse("inboxes:next-step", args=[inbox.code]),
        episode=episode or f"inbox:{inbox.pk}:{name_of_trouble(inbox)}:{kind}{once}",
    )


def _known_as(inbox: Inbox) -> str:
    return f"{inbox.name} ({inbox.address})" if inbox.name else inbox.address
