"""Reading the past of an inbox once more, because other settings, contacts or conversations hold now."""

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from audit.actions import record
from contacts.actions import ContactGone
from contacts.models import Contact
from inboxes.models import SYNCING_STATUSES, Inbox
from inboxes.signals import sync_wanted
from inboxes.sync.rereading import read_again
from logging_rules import notices
from logging_rules.models import InboxPolicy, LookBack
from logging_rules.queries import mails_shared
from users.models import User
from users.rows import keep_from_deletion
from users.signals import send_on_commit

JUST_READ = timedelta(minutes=5)
SETTLE_EVERY = timedelta(days=1)


@transaction.atomic
def apply_to_past(*, inbox: Inbox, by: User, now: datetime, since: datetime | None = None) -> None:
    """Has the window read once more, so that what the settings of today would have logged of mail since then is logged.

    `since` empty: of all mail. Takes nothing away.
    """
    InboxPolicy.objects.update_or_create(inbox=inbox, defaults={"wider_since": since})
    _read_again(inbox, by=by, now=now)


def _read_again(inbox: Inbox, *, by: User, now: datetime) -> None:
    if not Inbox.objects.decided_by(by).filter(pk=inbox.pk).exists():
        raise PermissionDenied
    read_again(inbox.pk, now=now)
    record(by=by, action="inbox.read_again", target=inbox)
    send_on_commit(sync_wanted, inbox_id=inbox.pk)


@transaction.atomic
def look_back(*, contact: Contact, by: User, now: datetime) -> int:
    """Has the inboxes that `by` manages read once more, so that earlier mail with the contact is logged as the settings say; returns
    how many.

    What was found is told when each is through. Personal inboxes of other people are left alone. Raises `ContactGone`.
    """
    if not keep_from_deletion(Contact, [contact.pk]):
        raise ContactGone
    if not contact.addresses.exists():
        raise ValidationError(_("This contact has no e-mail address to look for."), code="no_address")
    inboxes = list(Inbox.objects.decided_by(by).filter(status__in=SYNCING_STATUSES))
    if not inboxes:
        raise ValidationError(_("None of your inboxes is being synced at the moment."), code="no_inbox")
    for inbox in inboxes:
        asked = {"asked_at": now, "mails_before": mails_shared(inbox, contact)}
        LookBack.objects.update_or_create(inbox=inbox, contact=contact, defaults=asked)
        _read_again(inbox, by=by, now=now)
    return len(inboxes)


def follow_merge(*, into: Contact, other: Contact) -> None:
    """Whoever waits for the look back at `other` is told what was found of `into`."""
    for asked in LookBack.objects.filter(contact=other).select_related("inbox"):
        also_asked = LookBack.objects.filter(inbox=asked.inbox, contact=into)
        if not also_asked.update(mails_before=F("mails_before") + asked.mails_before):
            asked.contact, asked.mails_before = into, asked.mails_before + mails_shared(asked.inbox, into)
            asked.save()


@transaction.atomic
def finish_look_backs(*, inbox_id: int) -> None:
    """Tells the owner what was found, once the whole window has been read."""
    through = LookBack.objects.filter(inbox=inbox_id, inbox__backfill_done_at__isnull=False)
    for asked in through.select_related("inbox__owner", "contact").select_for_update(of=("self",)):
        found = mails_shared(asked.inbox, asked.contact) - asked.mails_before
        notices.tell_of_look_back(asked, found=max(0, found))
        asked.delete()


def note_open_conversations(*, inbox: Inbox) -> None:
    """The mailbox is to be read once more: mails passed over may belong to a conversation that is logged by now."""
    InboxPolicy.objects.update_or_create(inbox=inbox, defaults={"conversations_open": True})


@transaction.atomic
def settle_conversations(*, inbox_id: int, now: datetime) -> bool:
    """Has the mailbox read once more if need be; True when it will. Ends by itself: each reading must log something new.

    Right after the past was read, and otherwise at most once a day.
    """
    flagged = InboxPolicy.objects.filter(inbox=inbox_id, conversations_open=True)
    just_read = Q(inbox__backfill_done_at__gte=now - JUST_READ)
    if not flagged.filter(just_read | Q(inbox__backfill_done_at__lte=now - SETTLE_EVERY)).exists():
        return False
    flagged.update(conversations_open=False)
    read_again(inbox_id, now=now)
    return True
