"""Marks set in mail programs: what they are called, what is shown in the mailbox itself, and which copies they speak for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.actions import record
from contacts.actions import erase_withdrawn, settle_privacy, take_off_timelines, withdraw_contacts
from contacts.models import Contact
from inboxes.connections import is_writable, open_writer
from inboxes.marks import Mark, MarkSource, keywords_for
from inboxes.models import Folder, Inbox, LedgerEntry, MarkedMail, MarkState, Message, Sighting
from inboxes.providers.base import MailboxWriter
from inboxes.signals import sync_wanted
from inboxes.sync.ledger import pass_over
from inboxes.sync.team import note_decisions
from logging_rules.actions.unlogging import erase_unheld, unlog_undisputed
from logging_rules.models import MarkSettings
from logging_rules.unlogging import Selection
from users.models import User
from users.signals import send_on_commit


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkChoices:
    """See `MarkSettings`."""

    log_name: str
    private_name: str
    logged_name: str
    writes_label: bool
    removing_unlogs: bool


@transaction.atomic
def set_marks(*, inbox: Inbox, choices: MarkChoices, by: User) -> MarkSettings:
    """For the owner. The next sync reads the marks under their new names; what was marked by the old ones is decided again.

    Raises ValidationError, by field.
    """
    _refuse_others(inbox, by)
    names = {name: _checked(getattr(choices, name)) for name in ("log_name", "private_name", "logged_name")}
    _refuse_alike(names)
    if choices.writes_label and not is_writable(inbox):
        raise ValidationError(_("Nothing is written into this mailbox: we only asked to read it."), code="read_only")
    values = {**names, "writes_label": choices.writes_label, "removing_unlogs": choices.removing_unlogs}
    settings, _created = MarkSettings.objects.update_or_create(inbox=inbox, defaults={**values, "label_refused": False})
    details = {"writes_label": choices.writes_label, "removing_unlogs": choices.removing_unlogs}
    record(by=by, action="logging.marks_set", target=inbox, details=details)
    _want_sync(inbox)
    return settings


def create_mark_folders(*, inbox: Inbox, by: User, open_writer: Callable[[Inbox], MailboxWriter] = open_writer) -> None:
    """Creates the folders in the mailbox that are not there yet. Talks to the mail server: call outside transactions.

    Raises `ProviderError`.
    """
    _refuse_others(inbox, by)
    settings = MarkSettings.objects.filter(inbox=inbox).first() or MarkSettings(inbox=inbox)
    with open_writer(inbox) as writer:
        writer.create_folders([settings.log_name, settings.private_name])
    record(by=by, action="logging.mark_folders_created", target=inbox)
    _want_sync(inbox)


def _refuse_others(inbox: Inbox, by: User) -> None:
    if not Inbox.objects.decided_by(by).filter(pk=inbox.pk).exists():
        raise PermissionDenied


def _checked(name: str) -> str:
    """Without white space around it, and levels that are empty."""
    levels = [level.strip() for level in name.split("/") if level.strip()]
    if not levels:
        raise ValidationError(_("Enter a name."), code="empty")
    joined = "/".join(levels)
    if any(char in '%*\\"' or not char.isprintable() for char in joined):
        raise ValidationError(_("A name cannot contain %, *, \\ or quotation marks."), code="not_a_name")
    return joined


def _refuse_alike(names: Mapping[str, str]) -> None:
    """Three things need three names, and mail programs shorten them to keywords."""
    taken: set[str] = set()
    for field, name in names.items():
        if taken & keywords_for(name):
            raise ValidationError({field: _("This name is too much like one of the others.")}, code="alike")
        taken |= keywords_for(name)


def _want_sync(inbox: Inbox) -> None:
    if inbox.is_syncing:
        send_on_commit(sync_wanted, inbox_id=inbox.pk)


def note_label(*, inbox: Inbox, written: str, refused: bool) -> None:
    """What the messages carry by now, as the sync found out."""
    MarkSettings.objects.filter(inbox=inbox).update(written_name=written, label_refused=refused)


def unlog_unlabelled(*, inbox: Inbox, message_ids: Sequence[int]) -> None:
    """The owner took the label off these in the mailbox: as good as un-logging them here, and undone in the same way."""
    held = list(Sighting.objects.filter(inbox=inbox, message__in=message_ids).values_list("message_id", flat=True))
    if held:
        unlog_undisputed(selection=Selection(inbox=inbox, message_ids=held), by=inbox.owner, now=timezone.now())


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
    the contacts that came by it alone, unless somebody may still undo an un-logging of it, or a team has it in its list. Idempotent.
    A constant number of statements.
    """
    # In this order, as whoever un-logs or deletes: first the contacts, then the messages.
    contacts = Contact.objects.filter(pk__in=Contact.objects.filter(timeline__message__in=message_ids).values("pk"))
    list(contacts.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    messages = Message.objects.filter(pk__in=message_ids).order_by("pk").select_for_update(of=("self",))
    list(messages.values_list("pk", flat=True))
    Sighting.objects.filter(inbox=inbox, message__in=message_ids).delete()
    listed = note_decisions(inbox, dict.fromkeys(message_ids, code))
    unlisted = [key for key in message_ids if key not in listed]
    pass_over(LedgerEntry.objects.filter(inbox=inbox, message__in=unlisted), code=code)
    held = set(Sighting.objects.filter(message__in=message_ids).values_list("message_id", flat=True))
    settle_privacy(message_ids=held)
    unheld = set(message_ids) - held
    now = timezone.now()
    left_alone = withdraw_contacts(contact_ids=take_off_timelines(message_ids=unheld), now=now)
    erase_withdrawn(contact_ids=left_alone, withdrawn_at=now)
    erase_unheld(unheld)
