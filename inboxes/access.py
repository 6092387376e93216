"""Who can open a logged e-mail and why, and what stands between it and a person who cannot."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Count, Min, Prefetch, Q

from inboxes.addresses import as_in_headers
from inboxes.models import AccessRequest, Inbox, InboxKind, InboxMember, Message, ProviderKind, Sighting, Visibility
from users.models import User


class Entitlement(StrEnum):
    """Why somebody may open a restricted e-mail. The first that holds counts."""

    OWNER = "owner"
    TEAM = "team"
    PARTICIPANT = "participant"
    GRANTED = "granted"


@dataclass(frozen=True, slots=True)
class Reader:
    """`until`: when it ends for somebody who was let in."""

    person: User
    entitlement: Entitlement
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Readers:
    """Who may open an e-mail: all `colleagues` active people if its `visibility` is everyone, else only the `people` named."""

    visibility: Visibility
    colleagues: int
    people: list[Reader]


def readers_of(message: Message, *, viewer: User) -> Readers:
    """The other way round of `Message.objects.readable_by`, as far as the viewer may know. Constant queries.

    People who have left cannot sign in and are left out. Who logged it privately, and whom they let in, is not told to those who know
    the e-mail from a team inbox alone: they are told that not everybody may know of it.
    """
    everywhere = Sighting.objects.filter(message=message)
    known = list(everywhere.known_to(viewer).select_related("inbox"))
    is_secret = everywhere.count() > len(known)
    strict = [sighting for sighting in known if sighting.visibility != Visibility.EVERYONE]
    active: list[User] = list(User.objects.active().order_by("name", "email"))
    if known and not strict and not is_secret:
        return Readers(Visibility.EVERYONE, len(active), [])
    entitled = _entitled(message, known, active)
    granted = _granted(strict) if strict and not is_secret else {}
    people = [Reader(person, entitled[person.pk]) for person in active if person.pk in entitled]
    people += [
        Reader(person, Entitlement.GRANTED, granted[person.pk])
        for person in active
        if person.pk in granted.keys() - entitled.keys()
    ]
    people.sort(key=lambda reader: tuple(Entitlement).index(reader.entitlement))
    visibility = Visibility.PRIVATE if is_secret else _strictest(strict)
    return Readers(visibility, len(active), people)


def _strictest(strict: Sequence[Sighting]) -> Visibility:
    levels = (Visibility(sighting.visibility) for sighting in strict)
    return max(levels, key=lambda level: level.strictness, default=Visibility.PRIVATE)


def _entitled(message: Message, sightings: Sequence[Sighting], active: Sequence[User]) -> dict[int, Entitlement]:
    """Whom nobody has to let in. Taking part opens what is logged; what is not logged is the team's alone."""
    teams = Inbox.objects.filter(kind=InboxKind.TEAM, team_mail__message=message)
    members = InboxMember.objects.filter(inbox__in=teams).values_list("person", flat=True)
    personal = [sighting.inbox for sighting in sightings if sighting.inbox.kind == InboxKind.PERSONAL]
    named = _participants(message, active) if sightings else set()
    return (
        dict.fromkeys(named, Entitlement.PARTICIPANT)
        | dict.fromkeys(members, Entitlement.TEAM)
        | {inbox.owner_id: Entitlement.OWNER for inbox in personal}
    )


def _participants(message: Message, people: Iterable[User]) -> set[int]:
    """As `inboxes.models.message.names` has it."""
    by_own_address = {person.pk for person in people if as_in_headers(person.email) in message.participants}
    named = Q(address__in=message.participants) | Q(aliases__overlap=message.participants)
    said = Inbox.objects.filter(named, kind=InboxKind.PERSONAL).exclude(provider=ProviderKind.IMAP)
    connected = said.values_list("owner", "address")
    holders = dict(User.objects.filter(email__in=[address for _, address in connected]).values_list("email", "pk"))
    return by_own_address | {owner for owner, address in connected if holders.get(address, owner) == owner}


def _granted(strict: list[Sighting]) -> dict[int, datetime]:
    """Who was let in by each of those who restrict the e-mail, and until when."""
    grants = AccessRequest.objects.in_force().filter(sighting__in=strict).values("person")
    by_all = grants.annotate(doors=Count("sighting", distinct=True), until=Min("granted_until")).filter(
        doors=len(strict)
    )
    return dict(by_all.values_list("person", "until"))


def let_in_until(message: Message, person: User) -> datetime | None:
    """When it ends for somebody who may open the e-mail only because its owners let them in; None for everybody else."""
    readers = {reader.person: reader for reader in readers_of(message, viewer=person).people}
    return readers[person].until if person in readers else None


@dataclass(frozen=True, slots=True)
class Closure:
    """An inbox that keeps an e-mail from a person, and what came of the last time the person asked."""

    inbox: Inbox
    request: AccessRequest | None

    @property
    def is_answered(self) -> bool:
        """Nobody answers for somebody who has left; for a team, whoever holds account access does."""
        return self.inbox.kind == InboxKind.TEAM or self.inbox.owner.is_active

    @property
    def is_waiting(self) -> bool:
        return self.request is not None and self.request.answered_at is None

    @property
    def can_be_asked(self) -> bool:
        return self.is_answered and not self.is_waiting


def closures(message: Message, person: User) -> list[Closure]:
    """Two queries; empty if nothing keeps the person from it but, perhaps, being no participant."""
    asked = AccessRequest.objects.filter(person=person).order_by("asked_at", "pk")
    strict = Sighting.objects.filter(message=message).exclude(visibility=Visibility.EVERYONE).closed_to(person)
    found = strict.select_related("inbox__owner").prefetch_related(Prefetch("access_requests", asked)).order_by("pk")
    return [Closure(sighting.inbox, next(reversed(sighting.access_requests.all()), None)) for sighting in found]
