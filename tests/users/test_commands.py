"""The base of the product's own commands."""

import io
import json
from argparse import Namespace
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import DataError, connection, transaction

from users.commands import Answer, JsonCommand, day_in


class Greeter(JsonCommand):
    def add_actions(self) -> None:
        greet = self.add_action("greet", self.greet, help="Say hello.")
        greet.add_argument("name")
        self.add_action("count", self.count, help="Ask the database for a table that is not there.")
        self.add_action("divide", self.divide, help="Make a mistake of our own in SQL.")
        self.add_action("login", self.login, help="Read a password.")

    def greet(self, options: Namespace) -> Answer:
        if options.name == "nobody":
            raise ValidationError(["There is nobody.", "Name\nsomebody."])
        return Answer({"hello": options.name}, f"Hello {options.name}")

    def count(self, options: Namespace) -> Answer:
        return self.ask("SELECT count(*) FROM table_of_tomorrow")

    def divide(self, options: Namespace) -> Answer:
        return self.ask("SELECT 1/0")

    def ask(self, sql: str) -> Answer:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
            return Answer([], str(cursor.fetchone()))

    def login(self, options: Namespace) -> Answer:
        return Answer({"length": len(self.read_password())}, "read")


def run(*words: str, stdin: str = "") -> str:
    out = io.StringIO()
    options: dict[str, Any] = {"stdout": out, "stdin": io.StringIO(stdin)}
    call_command(Greeter(), *words, **options)
    return out.getvalue()


def test_an_answer_is_text_for_people():
    assert run("greet", "Aiko") == "Hello Aiko\n"


def test_an_answer_is_one_json_document_with_json():
    assert json.loads(run("greet", "愛子", "--json")) == {"hello": "愛子"}


def test_bad_input_ends_with_one_line_and_a_failing_exit():
    with pytest.raises(CommandError) as failure:
        run("greet", "nobody")
    assert (str(failure.value), failure.value.returncode) == ("There is nobody. Name somebody.", 1)


def test_bad_input_is_a_json_document_too():
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command(Greeter(), "greet", "nobody", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"error": "There is nobody. Name somebody."}


def test_a_password_is_read_from_standard_input_without_its_line_end():
    assert json.loads(run("login", "--json", stdin="s e c r e t\r\n")) == {"length": 11}


def test_an_empty_standard_input_is_not_a_password():
    with pytest.raises(CommandError, match="No password given"):
        run("login", stdin="")


@pytest.mark.django_db
def test_a_database_that_is_not_up_to_date_is_said_in_one_line():
    with pytest.raises(CommandError, match="Run: bin/manage migrate"):
        run("count")


@pytest.mark.django_db
def test_a_mistake_of_ours_stays_visible():
    with pytest.raises(DataError):
        run("divide")


def test_an_unknown_action_is_refused():
    with pytest.raises(CommandError, match="invalid choice: 'dance'"):
        run("dance")


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "0001-01-01", "9999-12-31", "03/01/2026", "2026-03-01\0"])
def test_what_is_no_day_is_named(text):
    with pytest.raises(CommandError, match="is not a day such as 2026-03-01"):
        day_in(text)


def test_a_day_may_be_left_out():
    assert (day_in(None), day_in("2026-03-01")) == (None, date(2026, 3, 1))
