"""What goes dark when somebody leaves, what can be handed over, and what stays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from contacts.models import Contact, Note
from inboxes.models import (
    AccessRequest,
    Credential,
    CredentialKind,
    Departure,
    Inbox,
    InboxKind,
    InboxMember,
    InboxStatus,
    Revocation,
    Sighting,
)
from logging_rules.models import Unlogging
from users.models import Invitation, User


@dataclass(frozen=True, slots=True)
class TeamPart:
    """What somebody is to a team inbox: its connection is theirs, or they are the only one who reads it, or both."""

    inbox: Inbox
    is_owner: bool
    is_only_member: bool
    signs_in_again: bool


@dataclass(frozen=True, slots=True)
class Leaving:
    """All of it, before anything happens. Inboxes that are disabled and have no credential any more are not among `personal`."""

    person: User
    personal: list[Inbox]
    teams: list[TeamPart]
    unloggings: list[Unlogging]
    invitations: list[Invitation]
    contacts: int
    requests: int
    logged: int
    notes: int

    @property
    def owned(self) -> list[TeamPart]:
        return [part for part in self.teams if part.is_owner]

    @property
    def orphaned(self) -> list[TeamPart]:
        """Without them nobody reads it."""
        return [part for part in self.teams if part.is_only_member]


@dataclass(frozen=True, slots=True)
class Handover:
    """Who takes over: the contacts (None: nobody), the connection of each team inbox, the reading of those nobody else reads."""

    contacts: User | None = None
    owners: Mapping[int, User] = field(default_factory=dict)
    readers: Mapping[int, User] = field(default_factory=dict)


def leaving_of(person: User, *, now: datetime) -> Leaving:
    """A constant number of queries."""
    has_credential = Exists(Credential.objects.filter(inbox=OuterRef("pk")))
    own = Inbox.objects.filter(kind=InboxKind.PERSONAL, owner=person).select_related("owner")
    running = Unlogging.objects.filter(inbox__owner=person, inbox__kind=InboxKind.PERSONAL, undone_at=None)
    return Leaving(
        person=person,
        personal=list(own.filter(~Q(status=InboxStatus.DISABLED) | has_credential).order_by("address")),
        teams=_teams(person),
        unloggings=list(
            running.filter(erased_at=None, expires_at__gt=now).select_related("inbox").order_by("expires_at")
        ),
        invitations=list(Invitation.objects.open().filter(invited_by=person).order_by("email")),
        contacts=Contact.objects.filter(owner=person).count(),
        requests=AccessRequest.objects.asked_of(person).waiting().count(),
        logged=Sighting.objects.filter(inbox__in=Inbox.with_removed.filter(owner=person)).count(),
        notes=Note.objects.filter(author=person).count(),
    )


def _teams(person: User) -> list[TeamPart]:
    """Those with which something has to happen."""
    reads = set(InboxMember.objects.filter(person=person).values_list("inbox", flat=True))
    others = InboxMember.objects.filter(inbox__in=reads, person__is_active=True).exclude(person=person)
    alone = reads - set(others.values_list("inbox", flat=True))
    teams = Inbox.objects.filter(kind=InboxKind.TEAM)
    concerned = list(teams.filter(Q(owner=person) | Q(pk__in=alone)).order_by("name", "address"))
    grants = Credential.objects.filter(inbox__in=concerned).exclude(kind=CredentialKind.PASSWORD)
    granted = set(grants.values_list("inbox", flat=True))
    return [
        TeamPart(
            inbox,
            is_owner=inbox.owner_id == person.pk,
            is_only_member=inbox.pk in alone,
            signs_in_again=inbox.owner_id == person.pk and inbox.pk in granted,
        )
        for inbox in concerned
    ]


def account_holders(leaving: User) -> QuerySet[User]:
    """Who can take over the connection of a team inbox."""
    found: QuerySet[User] = User.objects.holders_of_account_access().exclude(pk=leaving.pk).order_by("name", "email")
    return found


def colleagues(leaving: User) -> QuerySet[User]:
    found: QuerySet[User] = User.objects.active().exclude(pk=leaving.pk).order_by("name", "email")
    return found


def departures(reader: User) -> QuerySet[Departure]:
    return Departure.objects.visible_to(reader).select_related("person", "by").order_by("-left_at", "-pk")


def access_by_now(departure: Departure) -> list[Revocation]:
    """What has become since then of the access that was purged, where there was any: the first of each inbox. One query.

    The clock of the database may be some seconds behind that of who wrote the record.
    """
    held = departure.held
    own = {inbox["address"] for inbox in held["personal"] if inbox["access"]}
    teams = {inbox["address"] for inbox in held["teams"] if inbox["signs_in_again"]}
    concerned = Q(inbox__kind=InboxKind.PERSONAL, inbox__owner=departure.person_id, inbox__address__in=own)
    concerned |= Q(inbox__kind=InboxKind.TEAM, inbox__address__in=teams)
    since = departure.left_at - timedelta(minutes=1)
    found = Revocation.objects.filter(concerned, asked_at__gte=since).select_related("inbox").order_by("-pk")
    first = {revocation.inbox_id: revocation for revocation in found}
    return sorted(first.values(), key=lambda revocation: revocation.inbox.address)


def kinds_of_access(inboxes: list[Inbox]) -> dict[int, str]:
    """What kind of credential each has, by key; those without are left out."""
    return dict(Credential.objects.filter(inbox__in=inboxes).values_list("inbox", "kind"))
