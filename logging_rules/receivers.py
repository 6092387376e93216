"""What happens when a person or a mail server asks for something that a worker does."""

from typing import Any

from django.dispatch import receiver

from contacts.models import Contact
from contacts.signals import contact_merging
from inboxes.models import Inbox
from inboxes.signals import folder_renumbered, inbox_removed, mailbox_left, sync_wanted
from logging_rules.actions import follow_merge, forget_keys, settle_marks
from logging_rules.signals import erasure_wanted, past_change_asked, visibility_wanted
from logging_rules.tasks import apply_visibility, clear_removed, enqueue, erase_unlogged, finish_past_changes


@receiver(sync_wanted)
def wake_a_worker(inbox_id: int, **kwargs: Any) -> None:
    enqueue([inbox_id])


@receiver(erasure_wanted)
def have_it_erased(unlogging_id: int, **kwargs: Any) -> None:
    erase_unlogged.delay()


@receiver(past_change_asked)
def have_the_past_decided(past_change_id: int, **kwargs: Any) -> None:
    finish_past_changes.delay()


@receiver(visibility_wanted)
def have_it_applied(inbox_id: int, **kwargs: Any) -> None:
    apply_visibility.delay(inbox_id=inbox_id)


@receiver(folder_renumbered)
def forget_old_keys(folder_id: int, **kwargs: Any) -> None:
    forget_keys(folder_id=folder_id)


@receiver(inbox_removed)
def have_it_cleared(inbox_id: int, **kwargs: Any) -> None:
    clear_removed.delay(inbox_id=inbox_id)


@receiver(contact_merging)
def keep_looking_back(into: Contact, other: Contact, **kwargs: Any) -> None:
    follow_merge(into=into, other=other)


@receiver(mailbox_left)
def keep_what_was_private(inbox: Inbox, **kwargs: Any) -> None:
    settle_marks(inbox=inbox)
