"""What removing an inbox would leave and what it would erase, in numbers; and the inboxes that were removed. Reads only.

Whoever calls has checked with `decided_by` that the inbox is the person's to decide about.
"""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from contacts.models import TimelineEntry
from contacts.queries import left_alone
from inboxes.models import Inbox, InboxKind, Sighting, TeamMail
from logging_rules.models import UnloggedSighting
from users.models import User


@dataclass(frozen=True, slots=True)
class Holdings:
    """What an inbox holds: `mails` that it logged, on the timelines of so many `contacts`.

    `shared` of the mails stay whatever is chosen, because another inbox holds them too; erasing the others takes `made` contacts with
    it, on whom there is nothing else. `unplaced` mails of a team lie in its list alone: they go in any case. `undoable` un-logged mails
    could be brought back until now.
    """

    mails: int
    contacts: int
    shared: int
    made: int
    unplaced: int
    undoable: int
    is_team: bool

    @property
    def erasable(self) -> int:
        return self.mails - self.shared


def holdings_of(inbox: Inbox) -> Holdings:
    """A constant number of queries."""
    logged = Sighting.objects.filter(inbox=inbox)
    mails = logged.count()
    entries = TimelineEntry.objects.filter(message__in=logged.values("message"))
    concerned = set(entries.values_list("contact_id", flat=True).distinct())
    alone = logged.exclude(_is_held_elsewhere(inbox))
    gone = set(alone.values_list("message_id", flat=True))
    undoable = UnloggedSighting.objects.filter(row__inbox_id=inbox.pk, unlogging__expires_at__gt=Now())
    return Holdings(
        mails=mails,
        contacts=len(concerned),
        shared=mails - len(gone),
        made=left_alone(concerned, without=gone).count() if gone else 0,
        unplaced=_unplaced(inbox),
        undoable=undoable.values("message").distinct().count(),
        is_team=inbox.kind == InboxKind.TEAM,
    )


def _is_held_elsewhere(inbox: Inbox) -> Q:
    others = Sighting.objects.filter(message=OuterRef("message")).exclude(inbox=inbox)
    teams = TeamMail.objects.filter(message=OuterRef("message")).exclude(inbox=inbox)
    return Q(Exists(others)) | Q(Exists(teams))


def _unplaced(inbox: Inbox) -> int:
    mails = TeamMail.objects.filter(inbox=inbox)
    logged = Sighting.objects.filter(message=OuterRef("message"))
    elsewhere = TeamMail.objects.filter(message=OuterRef("message")).exclude(inbox=inbox)
    return mails.exclude(Exists(logged)).exclude(Exists(elsewhere)).count()


def removed_inboxes(person: User) -> "QuerySet[Inbox]":
    """Those that were the person's, and of teams if they manage these; the last one first. Not those that became another inbox."""
    found = Inbox.with_removed.decided_by(person).filter(removal__isnull=False, became=None)
    return found.select_related("owner", "removal__by").order_by("-removed_at", "-pk")
