"""The base of the product's own management commands: named actions, an answer as text or JSON, one line on error."""

import getpass
import json
import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TextIO

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, OperationalError
from django.utils import timezone

from users.days import DayField
from users.models import User

REFUSALS = (ValidationError, ObjectDoesNotExist, PermissionDenied, CommandError)
OUTDATED = {"42P01", "42703"}  # SQLSTATE: no such table, no such column


@dataclass(frozen=True, slots=True)
class Answer:
    """What an action found: `data` for `--json` (anything Django's JSON encoder takes), `text` for a person.

    With `failure`, one line, the command ends with exit 1 after it has said what it found.
    """

    data: dict[str, Any] | list[Any]
    text: str
    failure: str = ""


def day_in(text: str | None) -> date | None:
    """The day that somebody wrote, if any. Raises CommandError for what is none."""
    try:
        day: date | None = DayField().clean(text)
    except ValidationError:
        raise CommandError(f"{text} is not a day such as 2026-03-01.") from None
    return day


def person_in(email: str) -> User:
    """Who signs in with this address. Raises CommandError if nobody does."""
    try:
        return User.objects.get_by_natural_key(email)
    except User.DoesNotExist:
        raise CommandError(f"Nobody signs in as {email}.") from None


def between(least: int, most: int) -> Callable[[str], int]:
    """For `type=` of an argument: a whole number within these bounds."""

    def number(text: str) -> int:
        with suppress(ValueError):
            if least <= int(text) <= most:
                return int(text)
        raise ArgumentTypeError(f"{text} is not a whole number from {least} to {most}.")

    return number


number_of_days = between(0, 36_500)


def days_ago(days: int | None) -> datetime | None:
    """None for no bound."""
    return None if days is None else timezone.now() - timedelta(days=days)


class JsonCommand(BaseCommand):
    """`manage.py NOUN ACTION … [--json]`.

    Subclasses call `add_action` for each of their actions inside `add_actions`. An action takes the parsed options and returns
    an `Answer`. ValidationError, ObjectDoesNotExist, PermissionDenied, CommandError and a database that is away or outdated end
    the command with a non-zero exit and one line on stderr; with `--json` stdout then holds `{"error": line}`.
    """

    stealth_options = ("stdin",)

    def add_actions(self) -> None:
        raise NotImplementedError(f"{type(self).__module__} has no actions")

    def add_action(self, name: str, run: Callable[[Namespace], Answer], *, help: str) -> CommandParser:
        """Returns the action's own parser, for its arguments."""
        parser: CommandParser = self._actions.add_parser(name, help=help, description=help)
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        parser.set_defaults(run=run)
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        self._actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
        self.add_actions()

    def handle(self, *args: Any, **options: Any) -> None:
        self._stdin: TextIO = options.get("stdin") or sys.stdin
        try:
            answer: Answer = options["run"](Namespace(**options))
        except (*REFUSALS, DatabaseError) as error:
            line = one_line(error)
            if options["json"]:
                self.write_json({"error": line})
            raise CommandError(line, returncode=getattr(error, "returncode", 1)) from error
        if options["json"]:
            self.write_json(answer.data)
        else:
            self.stdout.write(answer.text)
        if answer.failure:
            raise CommandError(answer.failure)

    def write_json(self, data: Any) -> None:
        self.stdout.write(json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2))

    def read_password(self, prompt: str = "Password: ") -> str:
        """The first line of stdin, or typed unseen on a terminal; never an argument, which other accounts can read."""
        typed = getpass.getpass(prompt) if self._stdin.isatty() else self._stdin.readline().rstrip("\r\n")
        if not typed:
            raise CommandError("No password given: write it to standard input.")
        return typed


def one_line(error: Exception) -> str:
    """Raises `error` again if it is a database error that the operator cannot mend."""
    if isinstance(error, DatabaseError):
        return trouble_of_database(error)
    text = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
    return " ".join(text.split()) or type(error).__name__


def trouble_of_database(error: DatabaseError) -> str:
    state = getattr(error.__cause__, "pgcode", None)
    if isinstance(error, OperationalError) and state is None:
        return "The database cannot be reached. Is it running, and is DATABASE_URL right?"
    if state in OUTDATED:
        return "The database is not up to date. Run: bin/manage migrate"
    raise error
