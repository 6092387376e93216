"""Which inbox a person's new mail is sent from."""

from collections.abc import Sequence

from django.db.models import Case, Value, When

from inboxes.models import DefaultInbox, Inbox, InboxKind, InboxQuerySet, InboxStatus
from users.models import User

NOT_USABLE = (InboxStatus.CONNECTING, InboxStatus.DISABLED)


def possible_defaults(person: User) -> InboxQuerySet:
    """The person's own inboxes, then those of their teams, the oldest first. None that is not started, or that was disabled."""
    own_first = Case(When(kind=InboxKind.PERSONAL, then=Value(0)), default=Value(1))
    return Inbox.objects.read_by(person).exclude(status__in=NOT_USABLE).order_by(own_first, "created_at", "pk")


def default_of(person: User) -> Inbox | None:
    """The one that was chosen as long as it can be used, else the first that can. Two queries."""
    return default_among(list(possible_defaults(person)), person)


def default_among(possible: Sequence[Inbox], person: User) -> Inbox | None:
    """As `default_of`, for who has read `possible_defaults`. One query."""
    chosen = DefaultInbox.objects.filter(person=person).values_list("inbox", flat=True).first()
    return next((inbox for inbox in possible if inbox.pk == chosen), next(iter(possible), None))
