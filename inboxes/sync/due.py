"""Which inboxes are to be synced now."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now

from inboxes.models import Inbox
from inboxes.signals import sync_wanted

LOST_AFTER = timedelta(minutes=2)
"""An inbox whose task was lost on its way is picked again after this."""

BATCH = 1_000


@transaction.atomic
def pick_due(*, now: datetime) -> list[int]:
    """The keys of due inboxes, longest waiting first. Each is picked once: it is not due again until it was synced, or its task lost."""
    due = Inbox.objects.due(now).order_by("next_due_at").select_for_update(skip_locked=True, no_key=True)
    keys = list(due.values_list("pk", flat=True)[:BATCH])
    Inbox.objects.filter(pk__in=keys).update(next_due_at=now + LOST_AFTER)
    return keys


def wake(inbox_ids: Iterable[int]) -> None:
    """Their servers have news. A server that asked us to wait is let wait; what it has is found then."""
    inboxes = Inbox.objects.syncing().filter(pk__in=list(inbox_ids)).exclude(retry_at__gt=Now())
    awake = list(inboxes.values_list("pk", flat=True))
    Inbox.objects.syncing().filter(pk__in=awake).update(next_due_at=Now())
    for inbox_id in awake:
        sync_wanted.send_robust(sender=Inbox, inbox_id=inbox_id)
