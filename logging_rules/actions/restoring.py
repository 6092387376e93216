"""Taking back what a team's list left out, and leaving it out again. Whoever calls has checked that the person reads the inbox.

Nobody asks the mailbox: the mails are stored, and decided by their originals.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from inboxes.envelope import Envelope
from inboxes.filtered import Filtered
from inboxes.models import Inbox, Sighting, TeamMail
from inboxes.originals import read_headers
from inboxes.signals import messages_stored
from inboxes.sync.intake import StoredMail
from inboxes.sync.lease import shut_workers_out
from inboxes.sync.storing import write_sightings
from inboxes.sync.team import count_threads, note_decisions
from logging_rules.actions.marks import withdraw
from logging_rules.engine import Code
from logging_rules.intake import InboxIntake
from users.models import User
from users.signals import send_on_commit

CODES = {Filtered.SPAM: Code.NOT_MAIL, Filtered.AUTOMATIC: Code.AUTOMATIC_MAIL}
BODIES = ("message__body_text", "message__quoted_text", "message__body_html")


@transaction.atomic
def restore_filtered(*, inbox: Inbox, mails: Iterable[int], by: User, now: datetime) -> dict[int, str]:
    """Puts filtered mail into the list of its team, for good: no sync filters it again. Then it is decided like any other mail, and
    logged if the rules say so.

    `mails` are keys of `TeamMail`; returns those that were filtered, with the cause. Idempotent.
    """
    shut_workers_out([inbox.pk])
    found = TeamMail.objects.filter(inbox=inbox, pk__in=list(mails)).exclude(filtered="")
    chosen = list(found.select_related("message").defer(*BODIES))
    causes = {mail.pk: mail.filtered for mail in chosen}
    TeamMail.objects.filter(pk__in=causes).update(filtered="", restored_by=by)
    _decide(inbox, chosen, now)
    count_threads({mail.team_thread_id for mail in chosen})
    return causes


@transaction.atomic
def filter_again(*, inbox: Inbox, causes: Mapping[int, str], now: datetime) -> None:
    """Undoes `restore_filtered`: the mails leave the list, and the timelines they came onto by it. Mail that a person logged stays."""
    shut_workers_out([inbox.pk])
    chosen = Sighting.objects.filter(inbox=inbox, reason=Code.CHOSEN_BY_OWNER).values("message")
    mails = list(TeamMail.objects.filter(inbox=inbox, pk__in=list(causes)).exclude(message__in=chosen))
    for cause in Filtered:
        theirs = [mail for mail in mails if causes[mail.pk] == cause]
        TeamMail.objects.filter(pk__in=[mail.pk for mail in theirs]).update(filtered=cause, restored_by=None)
        _take_off_log(inbox, [mail.message_id for mail in theirs], CODES[cause])
    count_threads({mail.team_thread_id for mail in mails})


def _take_off_log(inbox: Inbox, message_ids: Collection[int], code: Code) -> None:
    logged = set(Sighting.objects.filter(inbox=inbox, message__in=message_ids).values_list("message_id", flat=True))
    if logged:
        withdraw(inbox=inbox, message_ids=sorted(logged), code=code)
    note_decisions(inbox, dict.fromkeys(message_ids, code))


def _decide(inbox: Inbox, mails: Sequence[TeamMail], now: datetime) -> None:
    """Of mail whose original is gone nothing can be decided: it stays off timelines."""
    read = [(mail, envelope) for mail in mails if (envelope := _envelope(mail))]
    intake = InboxIntake(inbox)
    verdicts = intake.decide_anew([envelope for _, envelope in read])
    stored = [
        StoredMail(envelope, verdict, mail.message_id, mail.message.thread_id, is_new=False)
        for (mail, envelope), verdict in zip(read, verdicts, strict=True)
    ]
    logged = [mail for mail in stored if mail.verdict.log]
    sighted = write_sightings(inbox, logged, now)
    note_decisions(inbox, {mail.message_pk: mail.verdict.code for mail in stored})
    if logged:
        intake.record(logged)
    if sighted:
        send_on_commit(messages_stored, inbox_id=inbox.pk, message_ids=sighted)


def _envelope(mail: TeamMail) -> Envelope | None:
    envelope = read_headers(mail.message, outgoing=mail.outgoing)
    return envelope and envelope._replace(received_at=mail.received_at)
