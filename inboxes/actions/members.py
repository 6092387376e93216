"""Who reads a team inbox. Account access lets people manage members, a member may leave; nothing else makes anybody one."""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record
from inboxes import member_notices
from inboxes.actions.holding import held, owner_only
from inboxes.models import Inbox, InboxKind, InboxMember, InboxStatus
from users.models import User


@transaction.atomic
def add_members(*, inbox: Inbox, people: Iterable[User], by: User) -> list[User]:
    """Returns who was none before. They are told; before the inbox has started they are told when it does."""
    inbox = _team(inbox, by)
    before = set(InboxMember.objects.filter(inbox=inbox).values_list("person", flat=True))
    new = [person for person in people if person.is_active and person.pk not in before]
    for person in new:
        member = InboxMember.objects.create(inbox=inbox, person=person)
        record(by=by, action="inbox.member_added", target=inbox, details={"person": person.pk})
        if inbox.status != InboxStatus.CONNECTING:
            member_notices.tell_of_joining(member, by=by)
    return new


@transaction.atomic
def remove_member(*, inbox: Inbox, person: User, by: User) -> None:
    """By somebody with account access. Removing the last one is possible: then nobody can read the inbox."""
    _remove(_team(inbox, by), person, by)


@transaction.atomic
def leave(*, inbox: Inbox, by: User) -> None:
    """A member needs no permission for it."""
    inbox = held(inbox, _anybody, by)
    _refuse_personal(inbox)
    _remove(inbox, by, by)


@transaction.atomic
def choose_members(*, inbox: Inbox, people: Iterable[User], by: User) -> None:
    """Exactly these, as long as the inbox is being connected. Nobody is told yet."""
    inbox = _team(inbox, by)
    if inbox.status != InboxStatus.CONNECTING:
        raise ValidationError(_("This inbox has been started already."), code="started")
    wanted = list(people)
    for member in InboxMember.objects.filter(inbox=inbox).exclude(person__in=wanted).select_related("person"):
        _remove(inbox, member.person, by)
    add_members(inbox=inbox, people=wanted, by=by)


def welcome(inbox: Inbox, by: User) -> None:
    """Tells all members of an inbox that has just started. Inside its transaction; does nothing for a personal inbox."""
    for member in InboxMember.objects.filter(inbox=inbox).select_related("person", "inbox"):
        member_notices.tell_of_joining(member, by=by)


def _remove(inbox: Inbox, person: User, by: User) -> None:
    member = InboxMember.objects.filter(inbox=inbox, person=person).select_related("person", "inbox").first()
    if member is None:
        raise ValidationError(_("This person is no member of the inbox."), code="no_member")
    if inbox.status != InboxStatus.CONNECTING:
        member_notices.tell_of_removal(member, by=by)
    action = "inbox.member_left" if person == by else "inbox.member_removed"
    record(by=by, action=action, target=inbox, details={"person": person.pk})
    member.delete()


def _team(inbox: Inbox, by: User) -> Inbox:
    inbox = held(inbox, owner_only, by)
    _refuse_personal(inbox)
    return inbox


def _refuse_personal(inbox: Inbox) -> None:
    if inbox.kind != InboxKind.TEAM:
        raise PermissionDenied


def _anybody(inbox: Inbox, person: User) -> bool:
    """Whether they are a member shows when the membership is looked for."""
    return True
