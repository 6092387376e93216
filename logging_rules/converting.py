"""What would be seen, and by whom, once an inbox is the team's, or personal: numbers alone."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Exists, OuterRef, Sum

from inboxes.models import DailyCount, FolderState, Inbox, LedgerEntry, LedgerState, Sighting, TeamMail
from logging_rules.models import NeverLogEntry, Tombstone
from logging_rules.reasons import LOGGING_CODES


@dataclass(frozen=True, slots=True)
class SeenByTeam:
    """`newly`: e-mails of the mailbox that are private today and that members could read; `logged` ones they can see already.

    `never_log`: entries of the owner's list, which no team inbox obeys; `unlogged`: e-mails that stay off the timelines; `unread`: that
    could not be read yet.
    """

    newly: int
    logged: int
    never_log: int
    unlogged: int
    unread: int


def seen_by_team(inbox: Inbox, *, since: datetime | None) -> SeenByTeam:
    """If the personal inbox became the team's. By the day mails were sent (UTC). Five queries."""
    return SeenByTeam(
        newly=_private_since(inbox, since) if since else 0,
        logged=Sighting.objects.filter(inbox=inbox).count(),
        never_log=NeverLogEntry.objects.filter(owner=inbox.owner_id).count(),
        unlogged=Tombstone.objects.of(inbox).count(),
        unread=_unread(inbox),
    )


def _private_since(inbox: Inbox, since: datetime) -> int:
    counts = DailyCount.objects.filter(folder__inbox=inbox, day__gte=since.astimezone(UTC).date())
    unlogged = counts.exclude(folder__state=FolderState.RETIRED).exclude(code__in=LOGGING_CODES)
    return unlogged.aggregate(mails=Sum("messages"))["mails"] or 0


@dataclass(frozen=True, slots=True)
class LostByTeam:
    """`logged` e-mails stay on timelines, `erased` ones are stored for members only and go, `unread` ones could not be read yet."""

    logged: int
    erased: int
    unread: int


def lost_by_team(inbox: Inbox) -> LostByTeam:
    """If the team inbox became personal. Three queries."""
    elsewhere = Sighting.objects.filter(message=OuterRef("message"))
    return LostByTeam(
        logged=Sighting.objects.filter(inbox=inbox).count(),
        erased=TeamMail.objects.filter(~Exists(elsewhere), inbox=inbox).count(),
        unread=_unread(inbox),
    )


def _unread(inbox: Inbox) -> int:
    """Nobody tries them again once the inbox has another holder."""
    return LedgerEntry.objects.filter(inbox=inbox, state=LedgerState.RETRYING).count()
