"""What an owner says about single mails of their mailbox."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record
from inboxes.envelope import Envelope
from inboxes.models import Inbox
from inboxes.signals import sync_wanted
from inboxes.sync.redeciding import RemoteKey, decide_again
from logging_rules.actions.holding import at_places, forget_held
from logging_rules.models import HandChoice
from logging_rules.tombstones import identity_of, lift_tombstones
from users.models import User
from users.signals import send_on_commit


@transaction.atomic
def log_by_hand(*, inbox: Inbox, keys: Collection[RemoteKey], by: User, now: datetime) -> int:
    """Has mails of one's own mailbox fetched and logged at once, those un-logged before included; returns how many.

    Mail that is logged already is left as it is. What the mailbox's never-log lists or a mark of privacy keep out stays out.
    """
    if not Inbox.objects.decided_by(by).filter(pk=inbox.pk).exists():
        raise PermissionDenied
    if not inbox.is_syncing:
        raise ValidationError(
            _("Nothing can be fetched while this inbox is not syncing. Resume or reconnect it first."),
            code="not_syncing",
        )
    for key, folder in (chosen := decide_again(inbox.pk, keys, now=now)).items():
        HandChoice.objects.update_or_create(
            folder=folder,
            remote_id=key.remote_id,
            defaults={"inbox": inbox, "chosen_by": by, "chosen_at": now},
        )
    forget_held(inbox=inbox, places=[key[:2] for key in chosen])
    record(by=by, action="logging.chosen_by_hand", target=inbox, details={"messages": len(chosen)})
    send_on_commit(sync_wanted, inbox_id=inbox.pk)
    return len(chosen)


def note_logged_by_hand(*, inbox: Inbox, mails: Sequence[Envelope]) -> None:
    """They are logged now: they wait no longer, and are un-logged no longer. Joins the transaction that stores them."""
    if not mails:
        return
    HandChoice.objects.filter(
        pk__in=at_places(HandChoice, inbox, [(mail.folder_id, mail.remote_id) for mail in mails])
    ).delete()
    lift_tombstones([identity_of(mail) for mail in mails], inbox=inbox)
