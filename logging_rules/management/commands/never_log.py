"""`manage.py never_log`: the never-log lists from a shell."""

from argparse import ArgumentParser, Namespace
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from logging_rules.actions import add_never_log_entry, add_never_log_lines, remove_never_log_entry
from logging_rules.facts import NeverLogScope
from logging_rules.lists import NeverLogList
from logging_rules.models import NeverLogEntry
from logging_rules.never_log import parse_target
from logging_rules.never_log_lines import Outcome, decode, read_lines
from users.commands import Answer, JsonCommand, person_in


class Command(JsonCommand):
    help = "Addresses and domains whose mail is never logged: a person's own list, or the workspace's."

    def add_actions(self) -> None:
        add = self.add_action("add", add_entry, help="add an address, a domain, or *.domain with its subdomains")
        add.add_argument("text", metavar="ADDRESS-OR-DOMAIN")
        add.add_argument("--scope", choices=list(NeverLogScope), default=NeverLogScope.WHOLE_MESSAGE)
        add.add_argument("--note", default="")
        remove = self.add_action("remove", remove_entry, help="take an entry off a list")
        remove.add_argument("text", metavar="ADDRESS-OR-DOMAIN")
        many = self.add_action("import", import_file, help="add the lines of a CSV file, with a report about each")
        many.add_argument("file", type=Path)
        listing = self.add_action("list", list_entries, help="what is on a list, the newest first")
        for parser in (add, many):
            parser.add_argument("--covers-team", action="store_true", help="with --workspace: team inboxes, too")
            parser.add_argument("--certain", action="store_true", help="also free-mail domains and colleagues")
        for parser in (add, remove, many, listing):
            _add_list_arguments(parser)


def _add_list_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--as", dest="person", required=True, metavar="E-MAIL", help="the person who does it, by sign-in"
    )
    parser.add_argument("--workspace", action="store_true", help="the workspace's list instead of the person's own")


def add_entry(options: Namespace) -> Answer:
    person = person_in(options.person)
    entry = add_never_log_entry(
        text=options.text,
        by=person,
        owner=None if options.workspace else person,
        scope=NeverLogScope(options.scope),
        note=options.note,
        covers_team=options.covers_team,
        certain=options.certain,
    )
    return Answer(_row(entry), f"{entry.text} is on the list. It holds for mail that arrives from now on.")


def remove_entry(options: Namespace) -> Answer:
    person = person_in(options.person)
    target = parse_target(options.text)
    never_log = NeverLogList.of(person, shared=options.workspace)
    entry = never_log.entries().filter(kind=target.kind, value=target.value).first()
    if entry is None:
        raise CommandError(f"{options.text} is not on this list.")
    row = _row(entry)
    remove_never_log_entry(entry=entry, by=person)
    return Answer(row, f"{entry.text} is no longer on the list.")


def import_file(options: Namespace) -> Answer:
    try:
        content = options.file.read_bytes()
    except OSError as error:
        raise CommandError(f"{options.file} cannot be read: {error.strerror}.") from None
    person = person_in(options.person)
    results = add_never_log_lines(
        lines=read_lines(decode(content)),
        by=person,
        owner=None if options.workspace else person,
        covers_team=options.covers_team,
        certain=options.certain,
    )
    counts = Counter(result.outcome for result in results)
    left = [result for result in results if result.outcome not in (Outcome.ADDED, Outcome.ALREADY_THERE)]
    data = {
        **{outcome.value: counts[outcome] for outcome in Outcome},
        "lines": [
            {"line": result.line.number, "text": result.line.text, "outcome": result.outcome, "reason": result.reason}
            for result in left
        ],
    }
    text = [f"{counts[Outcome.ADDED]} added, {counts[Outcome.ALREADY_THERE]} there already, {len(left)} not added"]
    text += [f"line {result.line.number}: {result.line.text}: {result.reason}" for result in left]
    return Answer(data, "\n".join(text))


def list_entries(options: Namespace) -> Answer:
    rows = [_row(entry) for entry in NeverLogList.of(person_in(options.person), shared=options.workspace).entries()]
    lines = [f"{row['entry']}  {row['scope']}  {row['note']}".rstrip() for row in rows]
    return Answer(rows, "\n".join(lines) or "Nothing is on this list.")


def _row(entry: NeverLogEntry) -> dict[str, Any]:
    return {
        "entry": entry.text,
        "kind": entry.kind,
        "scope": entry.scope,
        "note": entry.note,
        "covers_team": entry.covers_team,
        "added_by": entry.created_by.email,
        "added_at": entry.created_at,
    }
