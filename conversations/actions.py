"""What members do in a team inbox: read, put off, take back what was filtered. Whoever is no member gets PermissionDenied."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record
from conversations.models import ReadMark, Restoral
from conversations.queries import unread
from inboxes.lookups import among_keys
from inboxes.models import Inbox, InboxMember, TeamMail, TeamThread
from logging_rules.actions.restoring import filter_again, restore_filtered
from users.models import User
from users.rows import keep_from_deletion

MARKS_AT_ONCE = 1000
A_MOMENT = timedelta(microseconds=1)


@transaction.atomic
def mark_read(*, thread: TeamThread, until: datetime, by: User) -> None:
    """`until`: the newest e-mail that the person saw; what came in since stays unread. What they read stays read. Idempotent."""
    _read(_member(thread.inbox, by), [thread.pk], until)


@transaction.atomic
def mark_unread(*, thread: TeamThread, by: User) -> None:
    """From its last incoming e-mail on. Does nothing where nothing came in."""
    member = _member(thread.inbox, by)
    if thread.newest_incoming_at and keep_from_deletion(TeamThread, [thread.pk]):
        before = thread.newest_incoming_at - A_MOMENT
        ReadMark.objects.update_or_create(member=member, team_thread=thread, defaults={"read_until": before})


@transaction.atomic
def mark_all_read(*, inbox: Inbox, until: datetime, by: User) -> int:
    """Threads whose newest e-mail had come in by `until`; returns how many they were."""
    member = _member(inbox, by)
    threads = unread(TeamThread.objects.filter(inbox=inbox, newest_incoming_at__lte=until), by)
    keys = [thread.pk for thread in threads.only("pk")]
    _read(member, keys, until)
    return len(keys)


def _read(member: InboxMember, threads: Collection[int], until: datetime) -> None:
    """Only ever forwards: a page that was drawn long ago takes back nothing that was read since."""
    until = max(until, member.added_at)
    # The sync drops threads whose last mail has gone.
    there = sorted(keep_from_deletion(TeamThread, threads))
    marks = [ReadMark(member=member, team_thread_id=thread, read_until=until) for thread in there]
    ReadMark.objects.bulk_create(marks, batch_size=MARKS_AT_ONCE, ignore_conflicts=True)
    behind = ReadMark.objects.filter(member=member, team_thread__in=among_keys(there), read_until__lt=until)
    behind.update(read_until=until)


def _member(inbox: Inbox, person: User) -> InboxMember:
    """Who stays one until the transaction ends."""
    members = InboxMember.objects.select_for_update(no_key=True).filter(inbox=inbox, person=person)
    member = members.first() if person.is_active else None
    if member is None:
        raise PermissionDenied
    return member


@transaction.atomic
def restore(*, inbox: Inbox, threads: Collection[TeamThread], by: User, now: datetime) -> Restoral:
    """Puts filtered threads into the list, where no sync filters their mail again. Raises ValidationError if none is filtered."""
    _member(inbox, by)
    settled = TeamThread.objects.filter(pk__in=[thread.pk for thread in threads]).exclude(filtered="").count()
    mails = TeamMail.objects.filter(inbox=inbox, team_thread__in=threads).values_list("pk", flat=True)
    causes = restore_filtered(inbox=inbox, mails=mails, by=by, now=now)
    if not causes:
        raise ValidationError(_("These conversations are in the list already."), code="nothing_filtered")
    record(by=by, action="team_mail.restored", target=inbox, details={"mails": len(causes)})
    return Restoral.objects.create(inbox=inbox, by=by, causes=causes, threads=settled, at=now)


@transaction.atomic
def undo_restoral(*, restoral: Restoral, by: User, now: datetime) -> None:
    """What was taken back is filtered again for the reason it was before. Raises ValidationError if it was undone already."""
    _member(restoral.inbox, by)
    restoral = Restoral.objects.select_for_update().get(pk=restoral.pk)
    if restoral.undone_at:
        raise ValidationError(_("This was undone already."), code="undone")
    causes = {int(key): cause for key, cause in restoral.causes.items()}
    filter_again(inbox=restoral.inbox, causes=causes, now=now)
    restoral.undone_at = now
    restoral.save(update_fields=["undone_at"])
    record(by=by, action="team_mail.filtered_again", target=restoral.inbox, details={"mails": len(restoral.causes)})
