"""Somebody leaves the workspace: everything that has to happen, in one transaction, and a record of it."""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.actions import record
from contacts.actions import hand_over_contacts
from inboxes.actions import add_members, disconnect_who_left, hand_over, remove_member
from inboxes.models import Departure, Inbox, InboxMember
from logging_rules.actions.access import end_requests
from logging_rules.leaving import Handover, Leaving, kinds_of_access, leaving_of
from users.actions import deactivate_person
from users.models import User


@transaction.atomic
def leave(*, person: User, handover: Handover, by: User, now: datetime | None = None) -> Departure:
    """Ends the person's access at once, purges what opens their mailboxes, hands over the rest. What was logged stays.

    Idempotent: for somebody who has left, it is the record of that. Grants are given back by the worker. Raises ValidationError for
    oneself, for the last super admin, and with the code `nobody_chosen` for a team inbox that nobody would take over, `successor_left`
    for a successor who has left or is leaving.
    """
    if not by.is_super_admin:
        raise PermissionDenied
    now = now or timezone.now()
    found = leaving_of(person, now=now)
    _refuse_gaps(found, handover)
    held = _held(found, handover)
    is_new = deactivate_person(person=person, by=by)
    if not is_new and (done := Departure.objects.filter(person=person).order_by("-left_at").first()):
        return done
    _refuse_successors_who_left(handover)
    disconnect_who_left(person=person, by=by, now=now)
    end_requests(of=person, by=by, now=now)
    for part in found.owned:
        hand_over(inbox=part.inbox, to=handover.owners[part.inbox.pk], by=by, now=now)
    _leave_teams(person, found, handover, by)
    hand_over_contacts(of=person, to=handover.contacts, by=by)
    departure = Departure.objects.create(person=person, by=by, left_at=now, held=held)
    record(by=by, action="person.left", target=person, details={"departure": departure.pk})
    return departure


def _refuse_gaps(found: Leaving, handover: Handover) -> None:
    for part in found.owned:
        if part.inbox.pk not in handover.owners:
            raise ValidationError(
                _("Choose who takes over %(inbox)s."), params={"inbox": part.inbox.label}, code="nobody_chosen"
            )


def _refuse_successors_who_left(handover: Handover) -> None:
    """Asks the database, where `person` has left by now: what was read before may say otherwise."""
    chosen = {one.pk: one for one in (handover.contacts, *handover.owners.values(), *handover.readers.values()) if one}
    staying = set(User.objects.active().filter(pk__in=chosen).values_list("pk", flat=True))
    for key, one in chosen.items():
        if key not in staying:
            raise ValidationError(
                _("%(name)s cannot take over anything: only people who stay in the workspace can."),
                params={"name": one.name},
                code="successor_left",
            )


def _leave_teams(person: User, found: Leaving, handover: Handover, by: User) -> None:
    for part in found.orphaned:
        if reader := handover.readers.get(part.inbox.pk):
            add_members(inbox=part.inbox, people=[reader], by=by)
    # Of a removed one the worker is about to delete them all.
    memberships = InboxMember.objects.filter(person=person, inbox__removed_at=None)
    for member in memberships.select_related("inbox").order_by("pk"):
        remove_member(inbox=member.inbox, person=person, by=by)


def _held(found: Leaving, handover: Handover) -> dict[str, Any]:
    """What the record says, for `Departure.held`."""
    access = kinds_of_access(found.personal)
    return {
        "personal": [_named(inbox) | {"access": access.get(inbox.pk, "")} for inbox in found.personal],
        "teams": [
            _named(part.inbox) | {"to": handover.owners[part.inbox.pk].name, "signs_in_again": part.signs_in_again}
            for part in found.owned
        ],
        "readers": [
            _named(part.inbox) | {"to": reader.name if (reader := handover.readers.get(part.inbox.pk)) else ""}
            for part in found.orphaned
        ],
        "contacts": found.contacts,
        "contacts_to": handover.contacts.name if handover.contacts else "",
        "invitations": len(found.invitations),
        "requests": found.requests,
        "unloggings": len(found.unloggings),
        "logged": found.logged,
        "notes": found.notes,
    }


def _named(inbox: Inbox) -> dict[str, str]:
    return {"address": inbox.address, "name": inbox.name, "provider": inbox.provider}
