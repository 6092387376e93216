"""What happens when a person or a mail server asks for a sync."""

from typing import Any

from django.dispatch import receiver

from inboxes.signals import sync_wanted
from logging_rules.tasks import enqueue


@receiver(sync_wanted)
def wake_a_worker(inbox_id: int, **kwargs: Any) -> None:
    enqueue([inbox_id])
