"""`user add` and `user list`."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.factories.users import PASSWORD
from users.models import User

pytestmark = pytest.mark.django_db


def run(*words: str, password: str = "") -> Any:
    out = io.StringIO()
    call_command("user", *words, "--json", stdout=out, stdin=io.StringIO(f"{password}\n"))
    return json.loads(out.getvalue())


def test_a_person_is_added_with_the_password_from_standard_input():
    given = ["Hana@Kita.example", "--name", "Hana", "--role", "super_admin", "--language", "ja"]
    added = run("add", *given, password=PASSWORD)
    person = User.objects.get()
    assert (person.email, person.is_super_admin, person.language) == ("hana@kita.example", True, "ja")
    assert person.check_password(PASSWORD)
    assert (added["email"], added["role"], added["account_access"]) == ("hana@kita.example", "super_admin", True)
    assert "password" not in added


@pytest.mark.parametrize(
    ("address", "password", "message"),
    [
        ("alice@genkan.example", PASSWORD, "already in the workspace"),
        ("hana@kita.example", "short", "too short"),
        ("not an address", PASSWORD, "valid email address"),
        ("hana@kita.example", "", "No password given"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(alice: User, address: str, password: str, message: str):
    with pytest.raises(CommandError, match=message) as refusal:
        run("add", address, "--name", "Hana", password=password)
    assert "\n" not in str(refusal.value)
    assert User.objects.count() == 1


def test_the_list_has_everybody_who_is_or_was_in(alice: User, charlie: User):
    assert [(row["email"], row["active"]) for row in run("list")] == [(alice.email, True), (charlie.email, False)]
