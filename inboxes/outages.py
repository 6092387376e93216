"""What an outage cost and what was recovered of it: from when to when, how many e-mails, and what is known to be lost."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Sum
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inboxes.causes import Cause, cause_of
from inboxes.models import DailyCount, Inbox, InboxStatus, LedgerEntry, LedgerState, Outage

WORTH_TELLING = timedelta(hours=1)
"""Shorter ones that end by themselves and lose nothing are nobody's concern."""

SHOWN_FOR = timedelta(days=3)
"""How long the report stands on the page of its inbox."""

USUAL_DAYS = 28


@dataclass(frozen=True, slots=True)
class OutageReport:
    """`until` is None while the mailbox cannot be read; until `caught_up_at` mail of the time is still being handled.

    Of the messages that came meanwhile, `logged` and `skipped` are handled, `waiting` are tried again, `set_aside` could not be read
    after several tries, and `gone` had left the mailbox before they could be. What came and went unseen nobody knows.
    """

    since: datetime
    until: datetime | None
    caught_up_at: datetime | None
    cause: str
    is_reconnected: bool
    logged: int
    skipped: int
    waiting: int
    set_aside: int
    gone: int

    @property
    def recovered(self) -> int:
        return self.logged + self.skipped

    @property
    def not_available(self) -> int:
        return self.set_aside + self.gone

    @property
    def duration(self) -> timedelta | None:
        return self.until - self.since if self.until else None

    @property
    def problem(self) -> Cause | None:
        return cause_of(self.cause) if self.cause else None

    @property
    def is_worth_telling(self) -> bool:
        is_long = self.duration is None or self.duration >= WORTH_TELLING
        return is_long or self.is_reconnected or bool(self.not_available)

    @property
    def sentence(self) -> str:
        """The whole report in the language and time zone that are active, once all is caught up."""
        recovered = ngettext("%(number)s e-mail recovered", "%(number)s e-mails recovered", self.recovered)
        words = {
            "since": _moment(self.since),
            "until": _moment(self.until),
            "recovered": recovered % {"number": self.recovered},
            "lost": _("%(number)s not available") % {"number": self.not_available},
            "waiting": _("%(number)s being tried again") % {"number": self.waiting},
        }
        if self.waiting:
            return _("Down from %(since)s to %(until)s: %(recovered)s, %(waiting)s, %(lost)s.") % words
        return _("Down from %(since)s to %(until)s: %(recovered)s, %(lost)s.") % words


def _moment(moment: datetime | None) -> str:
    return date_format(localtime(moment), "SHORT_DATETIME_FORMAT") if moment else _("now")


def outages_of(inbox: Inbox, *, latest: int) -> list[OutageReport]:
    """The latest first. Two queries."""
    return reports_of(Outage.objects.filter(inbox=inbox).order_by("-since", "-pk")[:latest])


def latest_report(inbox: Inbox) -> OutageReport | None:
    """Of its last outage, which may last still. Two queries."""
    return next(iter(outages_of(inbox, latest=1)), None)


def report_to_show(inbox: Inbox, *, now: datetime) -> OutageReport | None:
    """For the page of the inbox: an outage that ended a short while ago, if it was worth telling. Two queries at most."""
    report = latest_report(inbox)
    if report is None or report.until is None or now - report.until > SHOWN_FOR:
        return None
    return report if report.is_worth_telling else None


@dataclass(frozen=True, slots=True)
class Recovered:
    """Messages of one or several outages that are over: `handled` since then, `lost` as far as it is known."""

    handled: int
    lost: int


def recovered_since(inbox: Inbox, moment: datetime) -> Recovered | None:
    """Of all outages that ended since then; None if there was none, or mail of one is still being handled. Two queries."""
    reports = reports_of(Outage.objects.filter(inbox=inbox).exclude(until__lt=moment))
    if not reports or any(report.caught_up_at is None for report in reports):
        return None
    return Recovered(
        handled=sum(report.recovered for report in reports), lost=sum(report.not_available for report in reports)
    )


def reports_of(outages: Iterable[Outage]) -> list[OutageReport]:
    """One query, beside that for the outages."""
    found = list(outages)
    lost = LedgerEntry.objects.filter(outage__in=found, message=None).exclude(state=LedgerState.LOGGED)
    counted = {
        (outage, state): messages
        for outage, state, messages in lost.values_list("outage", "state").annotate(messages=Count("pk")).order_by()
    }
    return [
        OutageReport(
            since=outage.since,
            until=outage.until,
            caught_up_at=outage.caught_up_at,
            cause=outage.cause,
            is_reconnected=outage.is_reconnected,
            logged=outage.logged,
            skipped=outage.skipped,
            waiting=counted.get((outage.pk, LedgerState.RETRYING), 0),
            set_aside=counted.get((outage.pk, LedgerState.QUARANTINED), 0),
            gone=counted.get((outage.pk, LedgerState.GONE), 0),
        )
        for outage in found
    ]


@dataclass(frozen=True, slots=True)
class Standstill:
    """Why a mailbox is not read now. `since` is the moment up to which everything was; the sync goes on from there. `expected` is about
    how many e-mails have come meanwhile, None if nobody can tell."""

    since: datetime
    status: str
    problem: Cause | None
    expected: int | None


def standstill_of(inbox: Inbox, *, now: datetime) -> Standstill | None:
    """None for an inbox that is well, and for one that was never read. One query."""
    since = inbox.live_synced_at
    if inbox.status == InboxStatus.ACTIVE or since is None:
        return None
    problem = cause_of(inbox.cause) if inbox.cause else None
    return Standstill(since, inbox.status, problem, _expected_since(inbox, since, now=now))


def _expected_since(inbox: Inbox, moment: datetime, *, now: datetime) -> int | None:
    """By what came in the four weeks before; None if that is too little to tell."""
    first, last = moment.date() - timedelta(days=USUAL_DAYS), moment.date()
    days = DailyCount.objects.filter(folder__inbox=inbox, day__lt=last, day__gte=first)
    usual = days.aggregate(messages=Sum("messages"))["messages"] or 0
    if usual < USUAL_DAYS:
        return None
    return max(1, round(usual / USUAL_DAYS * ((now - moment) / timedelta(days=1))))


def goes_on(inbox: Inbox) -> str:
    """What to say to who has just reconnected it."""
    if inbox.live_synced_at is None:
        return _("Reconnected. The mailbox is being read now.")
    return _("Reconnected. The sync goes on with e-mail that arrived after %(moment)s.") % {
        "moment": _moment(inbox.live_synced_at)
    }
