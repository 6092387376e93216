"""Who may write for an inbox: one worker at a time, and only under the generation it started with.

A lease is a fence number on the inbox's row. Every transaction of the worker begins with `guard`, a conditional UPDATE that
locks the row, renews the lease and refuses when another worker took over, or a person paused, disconnected or reconnected the
inbox meanwhile. Times are the database's: the clocks of workers may disagree.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Least, Now

from inboxes.models import Inbox

DURATION = timedelta(seconds=120)
HEARTBEAT_SECONDS = 30


class LeaseLost(Exception):
    """Somebody else holds the inbox now; nothing of the current transaction may be kept."""


@dataclass(slots=True)
class Lease:
    """The right to write for one inbox, as long as `guard` says so."""

    inbox_id: int
    fence: int
    generation: int
    due_at: datetime
    _renewed_at: float = field(default_factory=time.monotonic)

    def guard(self) -> None:
        """Call first in every transaction that writes. Raises `LeaseLost`."""
        held = Inbox.objects.filter(pk=self.inbox_id, lease_fence=self.fence, generation=self.generation)
        if not held.update(lease_expires_at=Now() + DURATION):
            raise LeaseLost
        self._renewed_at = time.monotonic()

    def lock(self) -> Inbox:
        """Call first in a transaction that writes the inbox itself: as `guard`, and the inbox as it is now. Raises `LeaseLost`."""
        held = Inbox.objects.filter(pk=self.inbox_id, lease_fence=self.fence, generation=self.generation)
        inbox = held.select_for_update(no_key=True).first()
        if inbox is None:
            raise LeaseLost
        return inbox

    def keep(self) -> None:
        """Renews a lease that was not renewed for a while; cheap otherwise. Raises `LeaseLost`."""
        if time.monotonic() - self._renewed_at > HEARTBEAT_SECONDS:
            self.guard()

    def release(
        self,
        *,
        next_due_at: datetime | None = None,
        provided: Mapping[str, Any] = MappingProxyType({}),
        also: Mapping[str, Any] = MappingProxyType({}),
    ) -> bool:
        """Lets the next worker in, at the latest at `next_due_at`: somebody may have asked for a sync during this one.

        Writes fields of the inbox `also`. Does nothing, and says so, when the lease was lost already, or when the inbox is
        not as `provided`.
        """
        changes: dict[str, Any] = {**also, "lease_owner": "", "lease_expires_at": None}
        if next_due_at is not None:
            undisturbed = When(next_due_at=self.due_at, then=Value(next_due_at))
            changes["next_due_at"] = Case(undisturbed, default=Least("next_due_at", Value(next_due_at)))
        held = Inbox.objects.filter(pk=self.inbox_id, lease_fence=self.fence, generation=self.generation, **provided)
        return held.update(**changes) > 0


def shut_workers_out(inbox_ids: Iterable[int]) -> None:
    """Whoever syncs these inboxes now writes nothing more; the next tick goes on from their last commit. Call in a transaction.

    When this returns no worker is about to commit something: their rows are locked, in the order of their keys.
    """
    held = Inbox.objects.filter(pk__in=inbox_ids).order_by("pk").select_for_update(of=("self",))
    Inbox.objects.filter(pk__in=list(held.values_list("pk", flat=True))).update(
        generation=F("generation") + 1, lease_owner="", lease_expires_at=None
    )


@transaction.atomic
def take_lease(inbox_id: int, *, worker: str) -> tuple[Inbox, Lease] | None:
    """The inbox and its lease, or None when it is not to be synced, or another worker is at it."""
    free = Q(lease_expires_at=None) | Q(lease_expires_at__lte=Now())
    taken = (
        Inbox.objects.syncing()
        .filter(free, pk=inbox_id)
        .update(lease_owner=worker[:80], lease_fence=F("lease_fence") + 1, lease_expires_at=Now() + DURATION)
    )
    if not taken:
        return None
    # Not its credential: a secret that cannot be read is a trouble of the inbox, which has a name.
    inbox = Inbox.objects.select_related("owner").prefetch_related("servers").get(pk=inbox_id)
    return inbox, Lease(inbox.pk, fence=inbox.lease_fence, generation=inbox.generation, due_at=inbox.next_due_at)
