"""Marks set in mail programs: what they are called, and which copies they speak for."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from contacts.actions import erase_withdrawn, settle_privacy, take_off_timelines, withdraw_contacts
from contacts.models import Contact
from inboxes.erasure import erase_messages
from inboxes.marks import Mark, MarkSource
from inboxes.models import Folder, Inbox, LedgerEntry, MarkedMail, MarkState, Message, Sighting
from inboxes.sync.ledger import pass_over


def note_private_copies(*, folder: Folder, remote_ids: Sequence[str], digests: Sequence[bytes]) -> None:
    """Remembers messages that were passed over because another copy of the same mail is marked private. Idempotent."""
    MarkedMail.objects.bulk_create(
        [
            MarkedMail(
                inbox_id=folder.inbox_id,
                folder=folder,
                remote_id=remote_id,
                mark=Mark.PRIVATE,
                source=MarkSource.COPY,
                state=MarkState.HELD,
                digest=digest,
            )
            for remote_id, digest in zip(remote_ids, digests, strict=True)
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def withdraw(*, inbox: Inbox, message_ids: Sequence[int], code: str) -> None:
    """The inbox logs these e-mails no longer, because their owner says so by a mark; with a `code` they are counted under it from now on.

    No tombstone and no undo period: taking the mark back has them decided again. What no other inbox holds is erased at once, with
    the contacts that came by it alone, unless somebody may still undo an un-logging of it. Idempotent. A constant number of statements.
    """
    # In this order, as whoever un-logs or deletes: first the contacts, then the messages.
    contacts = Contact.objects.filter(pk__in=Contact.objects.filter(timeline__message__in=message_ids).values("pk"))
    list(contacts.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    messages = Message.objects.filter(pk__in=message_ids).order_by("pk").select_for_update(of=("self",))
    list(messages.values_list("pk", flat=True))
    pass_over(LedgerEntry.objects.filter(inbox=inbox, message__in=message_ids), code=code)
    Sighting.objects.filter(inbox=inbox, message__in=message_ids).delete()
    held = set(Sighting.objects.filter(message__in=message_ids).values_list("message_id", flat=True))
    settle_privacy(message_ids=held)
    unheld = set(message_ids) - held
    now = timezone.now()
    left_alone = withdraw_contacts(contact_ids=take_off_timelines(message_ids=unheld), now=now)
    erase_withdrawn(contact_ids=left_alone, withdrawn_at=now)
    to_undo = set(messages.filter(unlogged_sightings__isnull=False).values_list("pk", flat=True))
    erase_messages(message_ids=unheld - to_undo)
