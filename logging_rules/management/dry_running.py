"""`manage.py inbox dry-run`: what a change would mean for one inbox, in numbers. No e-mail is shown: operators are not its owner."""

from argparse import ArgumentParser, Namespace
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from inboxes.causes import cause_of
from inboxes.connections import look_into
from inboxes.models import Inbox
from inboxes.providers.base import ProviderError
from logging_rules import actions
from logging_rules.change_words import before_and_after, sentences
from logging_rules.changes import Change, Entry, Value
from logging_rules.facts import SETTING_NAMES, Level
from logging_rules.in_force import typed
from logging_rules.never_log import parse_target
from logging_rules.what_if import WhatIf, what_if_step
from users.commands import Answer, days_ago, number_of_days

BOOLEANS = {"yes": True, "no": False}
AS_DEFAULT = "default"


def add_dry_run_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("address")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help=f"one of {', '.join(SETTING_NAMES)}"
    )
    parser.add_argument(
        "--never-log", action="append", default=[], metavar="ENTRY", help="an address, domain or *.domain"
    )
    parser.add_argument("--no-longer-never-log", action="append", default=[], metavar="ENTRY")
    parser.add_argument(
        "--for", dest="level", choices=["inbox", "person"], default="inbox", help="whose setting --set is"
    )
    parser.add_argument("--days", type=number_of_days, help="count mail of so many days; without it, all of it")
    parser.add_argument(
        "--apply", choices=["now", "past"], help="make the change, from now on or for the counted mail too"
    )


def dry_run(options: Namespace, inbox: Inbox) -> Answer:
    change = _change(options, inbox)
    since = days_ago(options.days)
    state = _ask(inbox, change, since)
    if options.apply:
        inboxes = [inbox] if change.level is Level.INBOX else list(Inbox.objects.personal_of(inbox.owner))
        past = options.apply == "past"
        actions.apply_change(change=change, inboxes=inboxes, by=inbox.owner, now=timezone.now(), since=since, past=past)
    lines = [
        *sentences(change),
        f"more: {state.more.mails}, fewer: {state.fewer.mails}, of {state.decided}",
        *(f"{'' if row.is_sum else '  '}{row.label}: {row.before} -> {row.after}" for row in before_and_after(state)),
    ]
    return Answer(_numbers(state, applied=options.apply), "\n".join(lines))


def _change(options: Namespace, inbox: Inbox) -> Change:
    settings = dict(_setting(text) for text in options.set)
    listed, unlisted = ([_entry(text) for text in texts] for texts in (options.never_log, options.no_longer_never_log))
    if bool(settings) == bool(listed or unlisted):
        raise CommandError("Give either --set, or --never-log and --no-longer-never-log.")
    if settings and options.level == "inbox":
        return Change.of_inbox(inbox, **settings)
    return Change.of_person(listed=listed, unlisted=unlisted, **settings)


def _setting(text: str) -> tuple[str, Value]:
    name, _, value = text.partition("=")
    if name not in SETTING_NAMES:
        raise CommandError(f"There is no setting {name}. There are: {', '.join(SETTING_NAMES)}.")
    if value == AS_DEFAULT:
        return name, None
    try:
        return name, BOOLEANS[value] if isinstance(typed(name, value), bool) else typed(name, value)
    except (KeyError, ValueError):
        raise CommandError(f"{value} is no value of {name}.") from None


def _entry(text: str) -> Entry:
    target = parse_target(text)
    return Entry(target.kind, target.value)


def _ask(inbox: Inbox, change: Change, since: datetime | None) -> WhatIf:
    state = WhatIf.start(inbox, change, since=since)
    try:
        with look_into(inbox) as provider:
            while not state.scan.done:
                state = what_if_step(provider, inbox, change, state).state
    except ProviderError as error:
        cause = cause_of(error.cause)
        raise CommandError(f"{cause.title}. {cause.fix}") from None
    return state


def _numbers(state: WhatIf, *, applied: str | None) -> dict[str, Any]:
    return {
        "mails": state.decided,
        "more": {"mails": state.more.mails, "contacts": len(state.more.contacts)},
        "fewer": {"mails": state.fewer.mails, "contacts": len(state.fewer.contacts)},
        "before": state.before,
        "after": state.after,
        "chosen": state.chosen,
        "waiting": state.waiting,
        "applied": applied,
    }
