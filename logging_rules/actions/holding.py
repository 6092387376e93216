"""Mail that is held for its owner: noted by the sync, decided by the owner."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from audit.actions import record
from inboxes.lookups import among
from inboxes.models import Folder, Inbox
from inboxes.signals import sync_wanted
from inboxes.sync.redeciding import RemoteKey, decide_again
from logging_rules.models import HandChoice, HeldMail, WorkspacePolicy
from logging_rules.tombstones import lay_tombstones_on
from users.models import User
from users.signals import send_on_commit

Place = tuple[str, str]
"""Folder id and remote id of a mail."""


def note_held(*, folder: Folder, causes: Mapping[str, str], skipped: Collection[str]) -> None:
    """Of the mails that were `skipped` (remote ids), those with a cause are held from now on, and the others no longer.

    Joins the transaction that records the decisions. Idempotent.
    """
    held = HeldMail.objects.filter(folder=folder)
    if causes.keys() != set(skipped) and held.exists():
        held.filter(remote_id__in=[remote_id for remote_id in skipped if remote_id not in causes]).delete()
    HeldMail.objects.bulk_create(
        (
            HeldMail(inbox_id=folder.inbox_id, folder=folder, remote_id=remote_id, cause=cause)
            for remote_id, cause in causes.items()
        ),
        ignore_conflicts=True,
    )


@transaction.atomic
def keep_private(*, inbox: Inbox, mails: Mapping[RemoteKey, bytes], by: User, now: datetime) -> int:
    """Never to be logged, from whatever inbox of the owner: like mail that was un-logged. Returns how many.

    `mails` with their identities (`tombstones.identity_of`).
    """
    _decided(inbox, by)
    lay_tombstones_on(mails.values(), inbox=inbox)
    taken_up = decide_again(inbox.pk, mails, now=now)
    forget_held(inbox=inbox, places=[key[:2] for key in mails])
    record(by=by, action="logging.kept_private", target=inbox)  # not how many: super admins read it
    send_on_commit(sync_wanted, inbox_id=inbox.pk)
    return len(taken_up)


@transaction.atomic
def set_sensitive_words(*, words: list[str], by: User) -> None:
    """Words in a subject that have mail held, where people chose that. For super admins."""
    if not by.is_super_admin:
        raise PermissionDenied
    policy = WorkspacePolicy.objects.current()
    policy.sensitive_words = words
    policy.save(update_fields=["sensitive_words"])
    record(by=by, action="logging.sensitive_words_set", target=policy, details={"words": len(words)})


@transaction.atomic
def decide_later(*, inbox: Inbox, keys: Iterable[RemoteKey], by: User) -> int:
    """They stay held, and are counted no more among what waits; returns how many."""
    _decided(inbox, by)
    places = [key[:2] for key in keys]
    return HeldMail.objects.filter(pk__in=at_places(HeldMail, inbox, places)).update(later=True)


def forget_held(*, inbox: Inbox, places: Collection[Place]) -> None:
    """They are decided by now, or the mailbox no longer holds them."""
    if held := at_places(HeldMail, inbox, places):
        HeldMail.objects.filter(pk__in=held).delete()


@transaction.atomic
def forget_keys(*, folder_id: int) -> None:
    """The folder was renumbered: the keys name nothing any more. What was held is listed again, and held again."""
    HeldMail.objects.filter(folder=folder_id).delete()
    HandChoice.objects.filter(folder=folder_id).delete()


def at_places(model: type[HeldMail] | type[HandChoice], inbox: Inbox, places: Collection[Place]) -> list[int]:
    """The keys of the rows about these mails."""
    rows = model.objects.filter(inbox=inbox, remote_id__in=among({remote_id for _, remote_id in places}))
    found = rows.values_list("pk", "folder__remote_id", "remote_id")
    return [pk for pk, folder_id, remote_id in found if (folder_id, remote_id) in places]


def _decided(inbox: Inbox, by: User) -> None:
    if not Inbox.objects.decided_by(by).filter(pk=inbox.pk).exists():
        raise PermissionDenied
