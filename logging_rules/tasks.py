"""Syncing inboxes in the background. PostgreSQL knows what is due; a message only wakes a worker, so losing one costs time alone."""

from celery import Task, shared_task
from django.utils import timezone

from inboxes.erasure import drop_unwanted_attachments
from inboxes.models import Inbox, Message
from inboxes.sync.due import LOST_AFTER, pick_due
from inboxes.sync.engine import Outcome
from logging_rules import actions
from logging_rules.actions import erase_expired
from logging_rules.slices import sync_slice


@shared_task
def sync_due_inboxes() -> None:
    """The tick: one task for each inbox that is due."""
    enqueue(pick_due(now=timezone.now()))


@shared_task(bind=True)
def sync_inbox(self: "Task[..., None]", *, inbox_id: int) -> None:
    """One slice, and another one when there is more to do. Harmless when it is run twice at once: one of the two finds no lease."""
    report = sync_slice(inbox_id=inbox_id, worker=str(self.request.hostname or ""))
    if report.outcome is Outcome.MORE:
        enqueue([inbox_id])


@shared_task
def erase_unlogged() -> None:
    """What was un-logged and can no longer be undone, and attachments that only an inbox which no longer holds the mail wanted.

    Safe to run as often as one likes.
    """
    erase_expired(now=timezone.now())
    drop_unwanted_attachments(Message.objects.filter(unlogged_sightings=None))


@shared_task
def finish_past_changes() -> None:
    """Every change that is to hold for the past. Safe to run as often as one likes."""
    actions.finish_past_changes(now=timezone.now())


@shared_task
def apply_visibility(*, inbox_id: int) -> None:
    """One slice, and another one when there is more to do."""
    inbox = Inbox.objects.filter(pk=inbox_id).first()
    if inbox is not None and actions.apply_visibility_slice(inbox=inbox):
        apply_visibility.delay(inbox_id=inbox_id)


@shared_task
def apply_all_visibility() -> None:
    """Goes on where a worker was killed, or its wake-up was lost."""
    for inbox_id in actions.pick_waiting_visibility(now=timezone.now()):
        apply_visibility.delay(inbox_id=inbox_id)


@shared_task
def clear_removed(*, inbox_id: int) -> None:
    """One slice of what a removed inbox held, and another one when there is more. Safe to run as often as one likes."""
    if actions.clear_some(inbox_id=inbox_id, now=timezone.now()):
        clear_removed.delay(inbox_id=inbox_id)
    else:
        actions.erase_expired(now=timezone.now())


@shared_task
def clear_all_removed() -> None:
    """Goes on where a worker was killed, or its wake-up was lost; what a worker is at goes on by itself."""
    for inbox_id in actions.pick_lost(now=timezone.now()):
        clear_removed.delay(inbox_id=inbox_id)


def enqueue(inbox_ids: list[int]) -> None:
    """Inboxes whose past is still being read wait in a queue of their own, so that new mail of the others does not wait for them.

    What no worker took in time is worth nothing: the inbox has been picked again. Else workers that cannot keep up would have ever more
    to do, the same again and again.
    """
    reading_past = set(Inbox.objects.filter(pk__in=inbox_ids, backfill_done_at=None).values_list("pk", flat=True))
    for inbox_id in inbox_ids:
        queue = "backfill" if inbox_id in reading_past else "live"
        sync_inbox.apply_async(kwargs={"inbox_id": inbox_id}, queue=queue, expires=LOST_AFTER.total_seconds())
