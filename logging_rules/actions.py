"""Every change to what is logged. A change holds for mail decided from now on; what was logged before stays.

Each action says who may do it and raises PermissionDenied for anybody else, ValidationError for what cannot be.
"""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from audit.actions import record
from contacts.models import Contact
from inboxes.models import SYNCING_STATUSES, Inbox, InboxKind
from inboxes.signals import sync_wanted
from inboxes.sync.rereading import read_again
from logging_rules import notices
from logging_rules.facts import NeverLogScope, Preset
from logging_rules.models import PRESET_LABELS, InboxPolicy, LookBack, NeverLogEntry, PersonPolicy, WorkspacePolicy
from logging_rules.never_log import parse_target, refuse_own
from logging_rules.queries import addresses_of, everybody_inside, mails_shared
from users.models import User
from users.signals import send_on_commit

JUST_READ = timedelta(minutes=5)
SETTLE_EVERY = timedelta(days=1)


@transaction.atomic
def set_inbox_policy(
    *, inbox: Inbox, preset: Preset | None, log_automatic_mail: bool | None = None, by: User
) -> InboxPolicy:
    """For the owner of a personal inbox, or whoever holds account access for a team inbox. None: as the next level says."""
    allowed = by.has_account_access if inbox.kind == InboxKind.TEAM else by.is_active and by == inbox.owner
    if not allowed:
        raise PermissionDenied
    _refuse_too_open(preset)
    policy, _created = InboxPolicy.objects.update_or_create(
        inbox=inbox, defaults={"preset": preset or "", "log_automatic_mail": log_automatic_mail}
    )
    _audit(by, "logging.inbox_policy_set", inbox, preset=preset, log_automatic_mail=log_automatic_mail)
    return policy


@transaction.atomic
def choose_preset(*, inbox: Inbox, preset: Preset, by: User) -> None:
    """Like `set_inbox_policy`, with everything else that is set for the inbox left as it is."""
    own = InboxPolicy.objects.filter(inbox=inbox).first() or InboxPolicy()
    set_inbox_policy(inbox=inbox, preset=preset, log_automatic_mail=own.log_automatic_mail, by=by)


@transaction.atomic
def apply_to_past(*, inbox: Inbox, by: User, now: datetime) -> None:
    """Has the window read once more, so that what the settings of today would have logged is logged. Takes nothing away."""
    if not by.is_active or by != inbox.owner:
        raise PermissionDenied
    read_again(inbox.pk, now=now)
    _audit(by, "inbox.read_again", inbox)
    send_on_commit(sync_wanted, inbox_id=inbox.pk)


@transaction.atomic
def look_back(*, contact: Contact, by: User, now: datetime) -> int:
    """Has the inboxes of `by` read once more, so that earlier mail with the contact is logged as the settings say; returns how many.

    What was found is told when each is through. Inboxes of other people are left alone.
    """
    if not contact.addresses.exists():
        raise ValidationError(_("This contact has no e-mail address to look for."), code="no_address")
    inboxes = list(Inbox.objects.visible_to(by).filter(status__in=SYNCING_STATUSES))
    if not inboxes:
        raise ValidationError(_("None of your inboxes is being synced at the moment."), code="no_inbox")
    for inbox in inboxes:
        asked = {"asked_at": now, "mails_before": mails_shared(inbox, contact)}
        LookBack.objects.update_or_create(inbox=inbox, contact=contact, defaults=asked)
        apply_to_past(inbox=inbox, by=by, now=now)
    return len(inboxes)


@transaction.atomic
def finish_look_backs(*, inbox_id: int) -> None:
    """Tells the owner what was found, once the whole window has been read."""
    through = LookBack.objects.filter(inbox=inbox_id, inbox__backfill_done_at__isnull=False)
    for asked in through.select_related("inbox__owner", "contact").select_for_update(of=("self",)):
        found = mails_shared(asked.inbox, asked.contact) - asked.mails_before
        notices.tell_of_look_back(asked, found=max(0, found))
        asked.delete()


@transaction.atomic
def set_person_policy(
    *, person: User, preset: Preset | None, log_automatic_mail: bool | None = None, by: User
) -> PersonPolicy:
    """For the person alone, about all their personal inboxes that have no setting of their own."""
    if not by.is_active or by != person:
        raise PermissionDenied
    _refuse_too_open(preset)
    policy, _created = PersonPolicy.objects.update_or_create(
        person=person, defaults={"preset": preset or "", "log_automatic_mail": log_automatic_mail}
    )
    _audit(by, "logging.person_policy_set", person, preset=preset, log_automatic_mail=log_automatic_mail)
    return policy


@transaction.atomic
def set_workspace_policy(
    *, default_preset: Preset, most_open_preset: Preset, log_automatic_mail: bool, by: User
) -> WorkspacePolicy:
    """For super admins. A narrower `most_open_preset` narrows every inbox at once; nobody's own choice is overwritten."""
    if not by.is_super_admin:
        raise PermissionDenied
    if default_preset.openness > most_open_preset.openness:
        raise ValidationError(
            {"default_preset": _("The default cannot be more open than the most open setting people may choose.")},
            code="default_too_open",
        )
    policy = WorkspacePolicy.objects.current()
    policy.default_preset = default_preset
    policy.most_open_preset = most_open_preset
    policy.log_automatic_mail = log_automatic_mail
    policy.save(update_fields=["default_preset", "most_open_preset", "log_automatic_mail"])
    _audit(
        by,
        "logging.workspace_policy_set",
        policy,
        default_preset=default_preset,
        most_open_preset=most_open_preset,
        log_automatic_mail=log_automatic_mail,
    )
    return policy


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


@transaction.atomic
def add_never_log_entry(
    *,
    text: str,
    by: User,
    owner: User | None,
    scope: NeverLogScope = NeverLogScope.WHOLE_MESSAGE,
    note: str = "",
) -> NeverLogEntry:
    """To a person's own list, or without `owner` to the workspace's (super admins). `text` as `parse_target` reads it."""
    _refuse_other_lists(owner, by)
    target = parse_target(text)
    refuse_own(target, addresses=addresses_of(owner) if owner else (), domains=everybody_inside().domains)
    entry, created = NeverLogEntry.objects.get_or_create(
        owner=owner,
        kind=target.kind,
        value=target.value,
        defaults={"scope": scope, "note": note.strip(), "created_by": by},
    )
    if not created:
        raise ValidationError(_("This is on the list already."), code="already_listed")
    # No address goes into the audit log, which everybody in charge can read and nobody can erase.
    _audit(by, "logging.never_log_added", entry, kind=target.kind, scope=scope, personal=owner is not None)
    return entry


@transaction.atomic
def remove_never_log_entry(*, entry: NeverLogEntry, by: User) -> None:
    _refuse_other_lists(entry.owner, by)
    _audit(by, "logging.never_log_removed", entry, kind=entry.kind, scope=entry.scope, personal=entry.owner is not None)
    entry.delete()


def _refuse_too_open(preset: Preset | None) -> None:
    most_open = Preset(WorkspacePolicy.objects.current().most_open_preset)
    if preset and preset.openness > most_open.openness:
        raise ValidationError(
            _("The most open setting your workspace allows is “%(preset)s”.") % {"preset": PRESET_LABELS[most_open]},
            code="preset_too_open",
        )


def _refuse_other_lists(owner: User | None, by: User) -> None:
    if not (by.is_super_admin if owner is None else by.is_active and by == owner):
        raise PermissionDenied


def _audit(by: User, action: str, target: models.Model, **details: Any) -> None:
    record(by=by, action=action, target=target, details=details)
