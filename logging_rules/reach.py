"""What a change of the workspace would mean for other people, from what everybody in charge may know: never from their mail.

Mail that is not logged is read by its owner alone, so how many more or fewer e-mails their inboxes would log cannot be known here.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, Func, Q, TextField, Value
from django.db.models.functions import Concat

from inboxes.models import Inbox, InboxKind, InboxStatus, Message
from logging_rules.changes import Change, Entry
from logging_rules.consequences import consequences_of
from logging_rules.facts import Level, NeverLogKind
from logging_rules.in_force import typed
from logging_rules.models import WorkspacePolicy
from users.models import User


@dataclass(frozen=True, slots=True)
class Reach:
    """`inboxes` of other `people` would log, keep or show less; `logged`: e-mails the viewer may know of that a new never-log entry
    names and that others logged, None where no entry is new."""

    inboxes: int
    people: int
    logged: int | None


def reach_of(change: Change, *, viewer: User) -> Reach | None:
    """None for a change that holds for nobody else, and for whoever may not make it. A constant number of queries."""
    if change.level is not Level.WORKSPACE or not viewer.is_super_admin:
        return None
    inboxes = _reached(change, viewer)
    logged = _logged(change.listed, inboxes, viewer) if change.listed else None
    return Reach(len(inboxes), len({inbox.owner_id for inbox in inboxes}), logged)


def _reached(change: Change, viewer: User) -> list[Inbox]:
    if change.settings:
        values = {name: typed(name, value) for name, value in change.settings}
        narrowed = consequences_of(values, WorkspacePolicy.objects.current()).narrowed
        return [one.inbox for one in narrowed if one.inbox.owner_id != viewer.pk]
    others = Inbox.objects.exclude(status=InboxStatus.DISABLED).exclude(owner=viewer)
    if not any(entry.covers_team for entry in (*change.listed, *change.unlisted)):
        others = others.exclude(kind=InboxKind.TEAM)
    return list(others)


def _logged(entries: Iterable[Entry], inboxes: list[Inbox], viewer: User) -> int:
    joined = Func(F("participants"), Value(" "), function="array_to_string", output_field=TextField())
    addresses = Concat(joined, Value(" "), output_field=TextField())
    mails = Message.objects.visible_to(viewer).filter(sightings__inbox__in=inboxes).annotate(addresses=addresses)
    named = Q()
    for entry in entries:
        named |= _names(entry)
    return mails.filter(named).distinct().count()


def _names(entry: Entry) -> Q:
    """Condition on messages: somebody takes part whom the entry names."""
    if entry.kind is NeverLogKind.ADDRESS:
        return Q(participants__contains=[entry.value])
    domain = Q(addresses__contains=f"@{entry.value} ")
    below = Q(addresses__contains=f".{entry.value} ") if entry.kind is NeverLogKind.SUBDOMAINS else Q()
    return domain | below
