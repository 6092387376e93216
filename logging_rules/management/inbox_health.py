"""`manage.py inbox outages | check | replay`: how an inbox was, and what its health page can set going."""

from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from typing import Any

from django.utils import timezone

from inboxes import actions
from inboxes.health import Stretch, stretches_of
from inboxes.models import Inbox
from inboxes.outages import OutageReport, outages_of
from users.commands import Answer, between
from users.models import User

LATEST = 100


def add_outages_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("address")
    parser.add_argument(
        "--latest",
        type=between(1, 10_000),
        default=LATEST,
        metavar="N",
        help=f"no more than these; {LATEST} if not given",
    )


def add_acting_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("address")
    parser.add_argument("--by", metavar="E-MAIL", help="in whose name; the owner's if not given")


def add_replay_arguments(parser: ArgumentParser) -> None:
    add_acting_arguments(parser)
    parser.add_argument("--cause", default="", help="only messages in trouble for this cause")


def show_outages(inbox: Inbox, options: Namespace) -> Answer:
    reports = outages_of(inbox, latest=options.latest)
    stretches = stretches_of(inbox, now=timezone.now(), latest=options.latest)
    data = {
        "address": inbox.address,
        "outages": [_report(report) for report in reports],
        "episodes": [_stretch(stretch) for stretch in stretches],
    }
    lines = [f"{report.sentence} {report.problem.title if report.problem else ''}".rstrip() for report in reports]
    return Answer(data, "\n".join(lines) or f"{inbox.address}: no outage is known.")


def check(inbox: Inbox, by: User) -> Answer:
    due_at = actions.check_now(inbox=inbox, by=by)
    return Answer({"address": inbox.address, "due_at": due_at}, f"{inbox.address} is compared with its server next.")


def replay(inbox: Inbox, by: User, *, cause: str) -> Answer:
    count = actions.replay(inbox=inbox, by=by, cause=cause)
    return Answer({"address": inbox.address, "messages": count}, f"{count} messages are tried again.")


def _report(report: OutageReport) -> dict[str, Any]:
    numbers = {"recovered": report.recovered, "not_available": report.not_available}
    return {**asdict(report), **numbers}


def _stretch(stretch: Stretch) -> dict[str, Any]:
    return {
        "status": stretch.status,
        "cause": stretch.cause,
        "began_at": stretch.began_at,
        "ended_at": stretch.ended_at,
        "seconds": round(stretch.length.total_seconds()),
    }
