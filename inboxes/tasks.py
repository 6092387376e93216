"""Housekeeping of inboxes, by the clock."""

from celery import shared_task
from django.utils import timezone

from inboxes import episodes, expiry, files, notices
from inboxes.oauth import keeping
from inboxes.push.keeping import keep_push, to_keep


@shared_task
def remind_of_disconnections() -> None:
    """Safe to run as often as one likes: people are reminded once."""
    notices.remind_of_disconnections(now=timezone.now())


@shared_task
def warn_of_expiries() -> None:
    """Safe to run as often as one likes: people are warned once per step."""
    expiry.warn(now=timezone.now())


@shared_task
def sweep_files() -> None:
    """Files that a killed worker had written and never referred to, and those an erasure left because they were fresh."""
    files.sweep(now=timezone.now())


@shared_task
def give_back_grants() -> None:
    """Access that no inbox uses any more. Nobody waits for it: a provider that is down is asked again."""
    keeping.give_back_grants(now=timezone.now())


@shared_task
def keep_all_push() -> None:
    """Every inbox whose provider should tell us of new mail. Safe to run as often as one likes."""
    for inbox_id in to_keep(now=timezone.now()):
        keep_push_of.delay(inbox_id=inbox_id)


@shared_task
def keep_push_of(*, inbox_id: int) -> None:
    keep_push(inbox_id, now=timezone.now())


@shared_task
def use_idle_grants() -> None:
    """Providers end what nobody uses; an inbox may be paused for longer than that."""
    keeping.use_idle_grants(now=timezone.now())


@shared_task
def forget_old_episodes() -> None:
    episodes.forget_old(now=timezone.now())
