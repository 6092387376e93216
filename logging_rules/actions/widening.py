"""What logs more than before logs it from now on: mail that was passed over stays private until somebody asks for the past.

However often a mailbox is read again (for a new contact, a conversation, a renumbered folder), that holds.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.utils import timezone

from inboxes.models import Inbox
from logging_rules.facts import Policy
from logging_rules.in_force import policies_of
from logging_rules.models import InboxPolicy, WorkspacePolicy


@contextmanager
def from_now_on(inboxes: Collection[Inbox]) -> Iterator[None]:
    """Around a change of settings that these inboxes may follow. Seven queries, however many."""
    before = policies_of(inboxes, WorkspacePolicy.objects.current())
    yield
    after = policies_of(inboxes, WorkspacePolicy.objects.current())
    note_widening([inbox for inbox in inboxes if is_wider(after[inbox.pk], before[inbox.pk])])


def is_wider(after: Policy, before: Policy) -> bool:
    """Whether mail may be logged that was not before, though other mail may be logged no more."""
    return any(now > then for now, then in zip(_openness(after), _openness(before), strict=True))


def _openness(policy: Policy) -> tuple[int, ...]:
    return (
        policy.preset.value.openness,
        policy.create_contacts.value.openness,
        policy.log_incoming.value,
        policy.log_outgoing.value,
        policy.log_automatic_mail.value,
    )


def note_widening(inboxes: Collection[Inbox]) -> None:
    """From the moment up to which each inbox has been read: what arrived since, while it was paused for instance, is new.

    While the past is being read for the first time, the rest of it is decided by the new rules; not so when it is read once more.
    """
    now = timezone.now()
    InboxPolicy.objects.bulk_create(
        [
            InboxPolicy(inbox=inbox, wider_since=inbox.live_synced_at or now)
            for inbox in inboxes
            if inbox.past_read_at is not None
        ],
        update_conflicts=True,
        unique_fields=["inbox"],
        update_fields=["wider_since"],
    )
