"""Housekeeping of inboxes, by the clock."""

from celery import shared_task
from django.utils import timezone

from inboxes import files, notices
from inboxes.oauth import keeping


@shared_task
def remind_of_disconnections() -> None:
    """Safe to run as often as one likes: people are reminded once."""
    notices.remind_of_disconnections(now=timezone.now())


@shared_task
def sweep_files() -> None:
    """Files that a killed worker had written and never referred to, and those an erasure left because they were fresh."""
    files.sweep(now=timezone.now())


@shared_task
def give_back_grants() -> None:
    """Access that no inbox uses any more. Nobody waits for it: a provider that is down is asked again."""
    keeping.give_back_grants(now=timezone.now())
