"""Un-logging e-mails, undoing it, and erasing them once it can no longer be undone."""

from collections import Counter
from collections.abc import Collection, Set
from datetime import UTC, datetime, timedelta

import structlog
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import InterfaceError, OperationalError, transaction
from django.utils.translation import gettext as _

from audit.actions import record
from contacts.actions import (
    MailEntry,
    bring_back_contacts,
    erase_withdrawn,
    record_mail_entries,
    settle_privacy,
    take_off_timelines,
    withdraw_contacts,
)
from contacts.models import Contact
from contacts.queries import survivors_of
from inboxes.erasure import erase_messages
from inboxes.lookups import among_keys
from inboxes.models import Attachment, Inbox, InboxKind, LedgerEntry, Message, Sighting
from inboxes.sync.counting import recount
from inboxes.sync.lease import shut_workers_out
from inboxes.sync.ledger import pass_over
from inboxes.sync.team import note_decisions
from logging_rules.actions.unlogged_rows import put_ledger_back, put_sightings_back, take_snapshot
from logging_rules.engine import Code
from logging_rules.models import Unlogging, UnloggingState
from logging_rules.signals import erasure_wanted
from logging_rules.tombstones import identity_of_stored, lay_tombstones, lift_tombstones
from logging_rules.unlogging import Selection, inboxes_reached
from users.models import User
from users.signals import send_on_commit

logger = structlog.get_logger(__name__)

UNDO_PERIOD = timedelta(days=7)
ERASED_AT_ONCE = 500


@transaction.atomic
def unlog(*, selection: Selection, by: User, now: datetime, by_rules: bool = False) -> Unlogging:
    """The mails disappear at once, for everybody, from every inbox of the owner; a mail that a colleague's inbox logged too stays
    for that one. They are kept for seven days, in which `undo_unlogging` brings all of it back.

    Neither a sync nor another inbox of the owner logs them again. With `by_rules` it is the rules of the inbox that do not log them:
    other inboxes stay as they are, and mail that other rules log again comes back. Raises `ValidationError` when nothing is
    selected. A constant number of statements.
    """
    _decided(selection.inbox, by)
    return unlog_undisputed(selection=selection, by=by, now=now, by_rules=by_rules)


@transaction.atomic
def unlog_undisputed(*, selection: Selection, by: User, now: datetime, by_rules: bool = False) -> Unlogging:
    """As `unlog`, in the name of somebody whom nobody asks whether they may: a mailbox was told to."""
    inbox = selection.inbox
    reached = [inbox.pk] if by_rules else list(inboxes_reached(inbox).order_by("pk").values_list("pk", flat=True))
    shut_workers_out(reached)
    messages = _held(selection, reached)
    if not messages:
        raise ValidationError(_("No logged e-mail fits this choice."), code="nothing_chosen")
    keys = [message.pk for message in messages]
    unlogging = Unlogging.objects.create(
        inbox=inbox,
        by=by,
        at=now,
        chosen=selection.in_codes | ({"rules": True} if by_rules else {}),
        messages=len(keys),
        expires_at=now + UNDO_PERIOD,
    )
    take_snapshot(unlogging, inbox_ids=reached, message_ids=keys)
    Sighting.objects.filter(inbox__in=reached, message__in=among_keys(keys)).delete()
    listed = note_decisions(inbox, dict.fromkeys(keys, Code.UNLOGGED_BY_OWNER))
    unlisted = among_keys(key for key in keys if key not in listed)
    pass_over(LedgerEntry.objects.filter(inbox__in=reached, message__in=unlisted), code=Code.UNLOGGED_BY_OWNER)
    shared = set(Sighting.objects.filter(message__in=among_keys(keys)).values_list("message_id", flat=True))
    settle_privacy(message_ids=shared)
    _hide(unlogging, [message for message in messages if message.pk not in shared], listed, now=now)
    if not by_rules:
        lay_tombstones(messages, inbox=inbox)
    unlogging.shared = len(shared)
    unlogging.save()
    _record(unlogging, "logging.unlogged", by=by, messages=len(keys), chosen=unlogging.chosen)
    return unlogging


def _decided(inbox: Inbox, by: User) -> Inbox:
    found = Inbox.with_removed.decided_by(by).filter(pk=inbox.pk).first()
    if found is None:
        raise PermissionDenied
    return found


def _held(selection: Selection, inbox_ids: Collection[int]) -> list[Message]:
    """The messages, and the contacts they stand with, locked until the transaction ends: first the contacts, as whoever deletes one.

    A colleague's worker that is about to log one of the messages is through by now, or waits.
    """
    keys = set(selection.sightings().values_list("message_id", flat=True))
    contacts = Contact.objects.filter(
        pk__in=Contact.objects.filter(timeline__message__in=among_keys(keys)).values("pk")
    )
    list(contacts.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    messages = Message.objects.filter(pk__in=among_keys(keys)).order_by("pk").select_for_update(of=("self",))
    found = messages.only("fingerprint", "message_id", "from_email", "sent_at", "subject", "size", "thread_id")
    still = set(
        Sighting.objects.filter(
            inbox__in=inbox_ids, message__in=among_keys(message.pk for message in found)
        ).values_list("message_id", flat=True)
    )
    return [message for message in found if message.pk in still]


def _hide(unlogging: Unlogging, messages: list[Message], listed: Set[int], *, now: datetime) -> None:
    """Nobody logs these any more: off the timelines, out of the search, and with them the contacts that came by them alone.

    What the members of the team have in their list (`listed`) stays stored.
    """
    keys = [message.pk for message in messages]
    contact_ids = take_off_timelines(message_ids=keys)
    unlogging.withdrawn_contacts = withdraw_contacts(contact_ids=contact_ids, now=now)
    disappearing = [message for message in messages if message.pk not in listed]
    files = Attachment.objects.filter(message__in=among_keys(message.pk for message in disappearing))
    unlogging.files, unlogging.size = files.count(), sum(message.size for message in disappearing)


@transaction.atomic
def undo_unlogging(*, unlogging: Unlogging, by: User, now: datetime) -> Unlogging:
    """Everything is as it was, but for mails that stood on nobody's timeline except of contacts deleted meanwhile: those are erased and
    counted as `lost`. Raises `ValidationError` when it is too late.
    """
    inbox = _decided(unlogging.inbox, by)
    reached = list(inboxes_reached(inbox).order_by("pk").values_list("pk", flat=True))
    shut_workers_out(reached)
    unlogging = _pending(unlogging, now)
    entries, lost = _entries_to_put_back(unlogging)
    bring_back_contacts(contact_ids={entry.contact_id for entry in entries})
    messages = Message.objects.filter(unlogged_sightings__unlogging=unlogging).exclude(pk__in=lost).distinct()
    back = list(messages.only("fingerprint", "message_id", "from_email", "sent_at", "subject"))
    keys = [message.pk for message in back]
    lift_tombstones([identity_of_stored(message) for message in back], inbox=inbox)
    put_sightings_back(unlogging, keys)
    note_decisions(inbox, _reasons(inbox, keys))
    days = {message.pk: message.sent_at.astimezone(UTC).date() for message in back}
    rows = put_ledger_back(unlogging, keys)
    recount(Counter((folder, days[message], Code.UNLOGGED_BY_OWNER, code) for folder, message, code in rows))
    record_mail_entries(entries)
    settle_privacy(message_ids=keys)
    unlogging.sightings.all().delete()
    erase_unheld(lost)
    unlogging.undone_at, unlogging.lost = now, len(lost)
    unlogging.save(update_fields=["undone_at", "lost"])
    _record(unlogging, "logging.unlogging_undone", by=by, messages=len(keys), lost=len(lost))
    return unlogging


def _pending(unlogging: Unlogging, now: datetime) -> Unlogging:
    """As it is now, locked until the transaction ends."""
    locked = Unlogging.objects.select_for_update(of=("self",)).select_related("inbox").get(pk=unlogging.pk)
    if locked.state(now) != UnloggingState.PENDING:
        raise ValidationError(_("This can no longer be undone."), code="too_late")
    return locked


def _entries_to_put_back(unlogging: Unlogging) -> tuple[list[MailEntry], set[int]]:
    """Entries on the timelines of contacts that are still there, and the messages that had some, would have none, and
    that nobody else holds."""
    kept = unlogging.sightings.values_list("message_id", "message__thread_id", "message__sent_at", "contact_ids")
    survivors = survivors_of({pk for *_, contact_ids in kept for pk in contact_ids})
    entries = {
        MailEntry(survivors[pk], message_id, thread_id, sent_at)
        for message_id, thread_id, sent_at, contact_ids in kept
        for pk in contact_ids
        if pk in survivors
    }
    placed = {entry.message_id for entry in entries}
    placed |= set(
        Sighting.objects.filter(message__unlogged_sightings__unlogging=unlogging).values_list("message_id", flat=True)
    )
    return sorted(entries, key=lambda entry: entry.message_id), {
        message_id for message_id, *_, on in kept if on
    } - placed


def _reasons(inbox: Inbox, keys: Collection[int]) -> dict[int, str]:
    """Why the inbox logged each of them. Asked of a team inbox only: the list of nobody else has to say so."""
    if inbox.kind != InboxKind.TEAM:
        return {}
    return dict(Sighting.objects.filter(inbox=inbox, message__in=among_keys(keys)).values_list("message_id", "reason"))


@transaction.atomic
def erase_now(*, unlogging: Unlogging, by: User, now: datetime) -> None:
    """Gives up the rest of the undo period; the next `erase_expired` erases the mails, and one is asked for on commit."""
    _decided(unlogging.inbox, by)
    unlogging = _pending(unlogging, now)
    unlogging.expires_at = now
    unlogging.save(update_fields=["expires_at"])
    _record(unlogging, "logging.erasure_asked", by=by, messages=unlogging.messages)
    send_on_commit(erasure_wanted, unlogging_id=unlogging.pk)


def erase_expired(*, now: datetime) -> int:
    """Erases for good what can no longer be undone; returns how many mails. In transactions of 500 mails: safe to interrupt and to
    run at several places at once. One that cannot be erased is left to the next time.
    """
    erased, failed = 0, set[int]()
    expired = Unlogging.objects.expired(now).order_by("expires_at", "pk")
    while unlogging := expired.exclude(pk__in=failed).first():
        try:
            erased += _erase_some(unlogging, now=now)
        except (OperationalError, InterfaceError):
            raise  # the database, not this one
        except Exception:  # whatever is wrong with it, the others' mails must go
            logger.error("unlogging_not_erased", unlogging_id=unlogging.pk, exc_info=True)
            failed.add(unlogging.pk)
    return erased


@transaction.atomic
def _erase_some(unlogging: Unlogging, *, now: datetime) -> int:
    """The last call has nothing left, and says that it is done."""
    unlogging = Unlogging.objects.select_for_update(of=("self",)).select_related("inbox").get(pk=unlogging.pk)
    kept = unlogging.sightings.order_by("message_id").values_list("message_id", flat=True).distinct()
    if keys := set(kept[:ERASED_AT_ONCE]):
        unlogging.sightings.filter(message__in=among_keys(keys)).delete()
        return erase_unheld(keys)
    if unlogging.erased_at is None:
        erase_withdrawn(contact_ids=unlogging.withdrawn_contacts, withdrawn_at=unlogging.at)
        unlogging.erased_at = now
        unlogging.save(update_fields=["erased_at"])
        _record(unlogging, "logging.unlogged_erased", by=None, messages=unlogging.messages - unlogging.shared)
    return 0


def erase_unheld(message_ids: Collection[int]) -> int:
    """Those that no inbox holds, as logged or as a team's, and that nobody else may still bring back; returns how many.

    Call inside a transaction. They are locked first: nobody begins to hold one meanwhile.
    """
    messages = Message.objects.filter(pk__in=message_ids).order_by("pk").select_for_update(of=("self",))
    list(messages.values_list("pk", flat=True))
    unheld = Message.objects.filter(pk__in=message_ids, sightings=None, unlogged_sightings=None, team_mail=None)
    return erase_messages(message_ids=list(unheld.values_list("pk", flat=True)))


def _record(unlogging: Unlogging, action: str, *, by: User | None, **details: object) -> None:
    record(by=by, action=action, target=unlogging.inbox, details={"unlogging": unlogging.pk, **details})
