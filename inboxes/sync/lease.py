"""Who may write for an inbox: one worker at a time, and only under the generation it started with.

A lease is a fence number on the inbox's row. Every transaction of the worker begins with `guard`, a conditional UPDATE that
locks the row, renews the lease and refuses when another worker took over, or a person paused, disconnected or reconnected the
inbox meanwhile. Times are the database's: the clocks of workers may disagree.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Now

from inboxes.models import Inbox

DURATION = timedelta(seconds=120)
HEARTBEAT_SECONDS = 30


# Every slice begins and ends with these, and so does every transaction: the ORM would take longer to put them together than to answer.
HELD = "id = %(inbox_id)s AND lease_fence = %(fence)s AND generation = %(generation)s"
RELEASED = """
    lease_owner = '', lease_expires_at = NULL, next_due_at = CASE WHEN next_due_at = %(due_at)s
        THEN coalesce(%(next_due_at)s, next_due_at) ELSE least(next_due_at, %(next_due_at)s) END
"""
_RELEASE = f"UPDATE {Inbox._meta.db_table} SET {RELEASED} WHERE {HELD}"  # noqa: S608 - the name of our own table
_RENEWED = f"lease_expires_at = statement_timestamp() + interval '{DURATION.total_seconds()} seconds'"
_RENEW = f"UPDATE {Inbox._meta.db_table} SET {_RENEWED} WHERE {HELD}"  # noqa: S608
_TAKE = f"""
    UPDATE {Inbox._meta.db_table} SET lease_owner = %(worker)s, lease_fence = lease_fence + 1, {_RENEWED} WHERE {HELD}
"""  # noqa: S608


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
        if not self.write(_RENEW):
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

    def release(self, *, next_due_at: datetime | None = None) -> None:
        """Lets the next worker in, at the latest at `next_due_at`: somebody may have asked for a sync during this one.

        Does nothing when the lease was lost already.
        """
        self.write(_RELEASE, next_due_at=next_due_at)

    def write(self, statement: str, **values: str | int | datetime | None) -> bool:
        """Runs an UPDATE of the inbox that is made of `HELD`, and of `RELEASED` with `next_due_at`. False: it concerned nothing."""
        values |= {"inbox_id": self.inbox_id, "fence": self.fence, "generation": self.generation, "due_at": self.due_at}
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return bool(cursor.rowcount)


def shut_workers_out(inbox_ids: Iterable[int]) -> None:
    """Whoever syncs these inboxes now writes nothing more; the next tick goes on from their last commit. Call in a transaction.

    When this returns no worker is about to commit something: their rows are locked, in the order of their keys.
    """
    held = Inbox.objects.filter(pk__in=inbox_ids).order_by("pk").select_for_update(of=("self",))
    Inbox.objects.filter(pk__in=list(held.values_list("pk", flat=True))).update(
        generation=F("generation") + 1, lease_owner="", lease_expires_at=None
    )


def take_lease(inbox_id: int, *, worker: str) -> tuple[Inbox, Lease] | None:
    """The inbox and its lease, or None when it is not to be synced, or another worker is at it."""
    statement, values = _free_inboxes()
    found = Inbox.objects.raw(f"{statement} AND {Inbox._meta.db_table}.id = %s", [*values, inbox_id])
    # Not its credential: a secret that cannot be read is a trouble of the inbox, which has a name.
    inbox = next(iter(found.prefetch_related("servers")), None)
    if inbox is None:
        return None
    lease = Lease(inbox.pk, fence=inbox.lease_fence, generation=inbox.generation, due_at=inbox.next_due_at)
    if not lease.write(_TAKE, worker=worker[:80]):
        return None
    inbox.lease_fence = lease.fence = lease.fence + 1
    return inbox, lease


@cache
def _free_inboxes() -> tuple[str, tuple[Any, ...]]:
    """The query for inboxes that may be synced and that nobody holds, with its values. Put together once, for the reason above."""
    free = Q(lease_expires_at=None) | Q(lease_expires_at__lte=Now())
    statement, values = Inbox.objects.syncing().filter(free).order_by().query.sql_with_params()
    return statement, values
