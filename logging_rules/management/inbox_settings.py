"""`inbox settings`: every setting in force for one inbox, and changes to its own."""

from argparse import ArgumentParser, Namespace

from inboxes.models import Inbox
from logging_rules.actions import set_inbox_policy
from logging_rules.assignments import parse_assignments
from logging_rules.facts import SETTING_NAMES
from logging_rules.rules import rules_of
from logging_rules.standing import Standing, standings_of
from users.commands import Answer


def add_settings_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("address")
    parser.add_argument(
        "--set",
        dest="assignments",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change one of its own settings, in the name of its owner; “default”: as the owner’s default says",
    )


def show_settings(inbox: Inbox, options: Namespace) -> Answer:
    if options.assignments:
        values = parse_assignments(options.assignments, names=SETTING_NAMES, may_be_open=True)
        set_inbox_policy(inbox=inbox, by=inbox.owner, **values)
    standings = standings_of(rules_of(inbox)).values()
    data = {
        standing.name: {
            "value": standing.in_force.value,
            "level": standing.in_force.level,
            "chosen": standing.chosen.value,
            "kept": standing.is_kept,
        }
        for standing in standings
    }
    return Answer(data, "\n".join(map(_line, standings)))


def _line(standing: Standing) -> str:
    return (
        f"{standing.name:<20} {standing.label}: {standing.value} ({standing.in_force.level}) {standing.note}".rstrip()
    )
