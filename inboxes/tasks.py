"""Housekeeping of inboxes, by the clock."""

from celery import shared_task
from django.utils import timezone

from inboxes import files, notices
from inboxes.erasure import drop_unwanted_attachments


@shared_task
def remind_of_disconnections() -> None:
    """Safe to run as often as one likes: people are reminded once."""
    notices.remind_of_disconnections(now=timezone.now())


@shared_task
def sweep_files() -> None:
    """Files that a killed worker had written and never referred to, and what an erasure left because it was fresh or was cut short."""
    drop_unwanted_attachments()
    files.sweep(now=timezone.now())
