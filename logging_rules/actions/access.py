"""Letting single colleagues open an e-mail that is not open to everyone."""

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from audit.actions import record
from inboxes.models import AccessRequest, InboxKind, Message, Sighting, Visibility
from logging_rules import access_notices
from users.models import User

PATIENCE = timedelta(days=1)
"""Whoever was declined may ask again after it."""
LONGEST_GRANT = timedelta(days=366)


@transaction.atomic
def ask_access(*, message: Message, note: str = "", by: User, now: datetime) -> list[AccessRequest]:
    """Asks everybody who keeps the e-mail from `by`. Raises ValidationError when there is nobody (left) to ask."""
    if not Message.objects.visible_to(by).filter(pk=message.pk).exists():
        raise PermissionDenied
    if Message.objects.readable_by(by).filter(pk=message.pk).exists():
        raise ValidationError(_("You can open this e-mail already."), code="readable")
    answered = Q(inbox__owner__is_active=True) | Q(inbox__kind=InboxKind.TEAM)
    strict = Sighting.objects.filter(answered, message=message)
    strict = strict.exclude(visibility=Visibility.EVERYONE).closed_to(by)
    # Locked before anything else is read: who asks at the same moment is through by now, or waits.
    closed = list(strict.select_for_update(of=("self",)))
    lately = AccessRequest.objects.filter(person=by, sighting__message=message, ended_at=None)
    waiting = set(lately.waiting().values_list("sighting", flat=True))
    declined = set(lately.filter(answered_at__gt=now - PATIENCE, granted_until=None).values_list("sighting", flat=True))
    wanted = [sighting for sighting in closed if sighting.pk not in waiting | declined]
    if not wanted:
        text = _("You have asked already.") if waiting else _("Your request was declined. You can ask again tomorrow.")
        raise ValidationError(text, code="asked")
    text = note.replace("\0", "").strip()[:500]  # PostgreSQL takes no such character
    asked = [AccessRequest.objects.create(sighting=sighting, person=by, note=text, asked_at=now) for sighting in wanted]
    for request in asked:
        record(by=by, action="mail.access_asked", target=request, details={"message": message.pk})
        access_notices.tell_owner(request)
    return asked


@transaction.atomic
def grant_access(*, request: AccessRequest, until: datetime, by: User, now: datetime) -> None:
    """Lets the person open the e-mail until then, at most a year; also after having declined, or for longer than before."""
    if not now < until <= now + LONGEST_GRANT:
        raise ValidationError(_("Choose a day within the next year."), code="until")
    request = _own(request, by)
    if not request.person.is_active:
        raise ValidationError(_("This person has left the workspace."), code="left")
    request.answered_at, request.granted_until, request.ended_at = now, until, None
    request.save(update_fields=["answered_at", "granted_until", "ended_at"])
    record(by=by, action="mail.access_granted", target=request, details={"until": until.isoformat()})
    access_notices.tell_asker(request)


@transaction.atomic
def decline_access(*, request: AccessRequest, by: User, now: datetime) -> None:
    """Answers a waiting request; does nothing to one that is answered."""
    request = _own(request, by)
    if request.answered_at:
        return
    request.answered_at = now
    request.save(update_fields=["answered_at"])
    record(by=by, action="mail.access_declined", target=request)
    access_notices.tell_asker(request)


@transaction.atomic
def end_access(*, request: AccessRequest, by: User, now: datetime) -> None:
    """At once. Idempotent."""
    request = _own(request, by)
    if request.granted_until is None or request.ended_at:
        return
    request.ended_at = now
    request.save(update_fields=["ended_at"])
    record(by=by, action="mail.access_ended", target=request)


def end_requests(*, of: User, by: User, now: datetime) -> None:
    """Somebody leaves: what they were asked and what they asked is answered no more, and what they were let into is closed again.

    Who still waits for their answer is told. Call inside a transaction. Idempotent.
    """
    asked = AccessRequest.objects.asked_of(of).waiting()
    theirs = AccessRequest.objects.filter(person=of)
    ending = asked | theirs.waiting() | theirs.in_force()
    for request in ending.select_related("sighting__inbox__owner", "sighting__message", "person").select_for_update(
        of=("self",)
    ):
        request.answered_at, request.ended_at = request.answered_at or now, now
        request.save(update_fields=["answered_at", "ended_at"])
        record(by=by, action="mail.access_ended", target=request)
        if request.person != of:
            access_notices.tell_of_leaving(request)


def _own(request: AccessRequest, by: User) -> AccessRequest:
    """Locked, as it is now."""
    own = AccessRequest.objects.answered_by(by).filter(pk=request.pk)
    locked = own.select_related("person", "sighting__inbox__owner", "sighting__message")
    try:
        return locked.select_for_update(of=("self",)).get()
    except AccessRequest.DoesNotExist:
        raise PermissionDenied from None
