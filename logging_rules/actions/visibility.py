"""How much colleagues see of what was logged: of one e-mail, of a conversation, of everything an inbox has logged."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet

from audit.actions import record
from contacts.actions import hold_mails, settle_privacy
from inboxes.models import Inbox, Message, Sighting, Visibility
from logging_rules.models import InboxPolicy
from logging_rules.signals import visibility_wanted
from logging_rules.visibility import out_of_step
from users.models import User
from users.signals import send_on_commit

SLICE_MAILS = 2_000
LOST_AFTER = timedelta(minutes=10)


@transaction.atomic
def set_visibility(*, message: Message, visibility: Visibility, whole_thread: bool = False, by: User) -> int:
    """Chooses it by hand, for all inboxes of `by` that logged the e-mail, or anything of its conversation; returns how many mails.

    Raises PermissionDenied if none did. Inboxes of other people keep their own wish, and the strictest still wins.
    """
    mails = Message.objects.filter(thread=message.thread_id) if whole_thread else Message.objects.filter(pk=message.pk)
    own = Sighting.objects.filter(message__in=mails, inbox__in=Inbox.with_removed.decided_by(by))
    keys = sorted(set(own.values_list("message_id", flat=True)))
    if not keys:
        raise PermissionDenied
    _see_as(own, keys, visibility, chosen=True)
    record(
        by=by,
        action="mail.visibility_set",
        target=message,
        details={"visibility": visibility, "whole_thread": whole_thread, "mails": len(keys)},
    )
    return len(keys)


@transaction.atomic
def apply_visibility(*, inbox: Inbox, by: User, now: datetime) -> None:
    """Has everything the inbox has logged follow its setting, in the background. What was chosen by hand stays."""
    if not Inbox.objects.decided_by(by).filter(pk=inbox.pk).exists():
        raise PermissionDenied
    InboxPolicy.objects.update_or_create(inbox=inbox, defaults={"visibility_wanted_at": now})
    record(by=by, action="inbox.visibility_applied", target=inbox)
    send_on_commit(visibility_wanted, inbox_id=inbox.pk)


def pick_waiting_visibility(*, now: datetime) -> list[int]:
    """The keys of inboxes in which `apply_visibility` was asked for, and that a worker has not come to the end of for a while."""
    waiting = InboxPolicy.objects.filter(inbox__in=Inbox.objects.all(), visibility_wanted_at__lte=now - LOST_AFTER)
    return list(waiting.order_by("visibility_wanted_at").values_list("inbox_id", flat=True))


@transaction.atomic
def apply_visibility_slice(*, inbox: Inbox) -> bool:
    """The next 2,000 e-mails of `apply_visibility`; returns whether there may be more. Idempotent."""
    policy = InboxPolicy.objects.filter(inbox=inbox).first()
    visibility, sightings = out_of_step(inbox)
    found = sightings.order_by("message_id").values_list("pk", "message_id")[:SLICE_MAILS]
    keys = dict(found)
    _see_as(Sighting.objects.filter(pk__in=keys), sorted(keys.values()), visibility, chosen=False)
    if len(keys) == SLICE_MAILS:
        return True
    if policy:  # whoever asks again in this moment has changed the setting once more, and is not done with
        asked = InboxPolicy.objects.filter(pk=policy.pk, visibility_wanted_at=policy.visibility_wanted_at)
        asked.update(visibility_wanted_at=None)
    return False


def _see_as(
    sightings: "QuerySet[Sighting]", message_ids: Collection[int], visibility: Visibility, *, chosen: bool
) -> None:
    hold_mails(message_ids)
    sightings.update(visibility=visibility, visibility_chosen=chosen)
    settle_privacy(message_ids=message_ids)
