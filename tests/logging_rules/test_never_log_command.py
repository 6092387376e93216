"""`manage.py never_log`, as an operator types it."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from logging_rules.models import NeverLogEntry

pytestmark = pytest.mark.django_db
ALICE, ADMIN = "alice@genkan.example", "admin@genkan.example"


def run(*arguments):
    out = StringIO()
    call_command("never_log", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_entries_are_added_listed_and_removed(alice, bob):
    run("add", "*.Clinic.example", "--as", ALICE, "--note", "doctor", "--scope", "address_only")

    [row] = run("list", "--as", ALICE)
    assert {name: row[name] for name in row if name != "added_at"} == {
        "entry": "*.clinic.example",
        "kind": "subdomains",
        "scope": "address_only",
        "note": "doctor",
        "covers_team": False,
        "added_by": ALICE,
    }
    assert run("list", "--as", bob.email) == []
    assert run("remove", "*.clinic.example", "--as", ALICE)["entry"] == "*.clinic.example"
    assert not NeverLogEntry.objects.exists()
    with pytest.raises(CommandError, match="not on this list"):
        run("remove", "*.clinic.example", "--as", ALICE)


def test_the_list_of_the_workspace_takes_a_super_admin(alice, admin):
    with pytest.raises(CommandError):
        run("add", "bank.example", "--as", ALICE, "--workspace")

    assert run("add", "bank.example", "--as", ADMIN, "--workspace", "--covers-team")["covers_team"] is True
    assert [row["entry"] for row in run("list", "--as", ALICE, "--workspace")] == ["bank.example"]


def test_a_file_is_imported_with_a_report(alice, tmp_path):
    file = tmp_path / "list.csv"
    file.write_bytes("a.example,,採用\nnonsense\ngmail.com\n".encode("cp932"))

    report = run("import", str(file), "--as", ALICE)

    counts = {name: value for name, value in report.items() if name != "lines"}
    assert counts == {"added": 1, "already_there": 0, "unsure": 1, "refused": 0, "not_understood": 1}
    assert [(line["line"], line["text"], line["outcome"]) for line in report["lines"]] == [
        (2, "nonsense", "not_understood"),
        (3, "gmail.com", "unsure"),
    ]
    again = run("import", str(file), "--as", ALICE, "--certain")
    assert (again["added"], again["already_there"]) == (1, 1)


def test_what_cannot_be_is_said_in_a_line(alice, tmp_path):
    for arguments in (
        ("add", "nonsense", "--as", ALICE),
        ("add", "a.example", "--as", "nobody@x.example"),
        ("import", str(tmp_path / "missing.csv"), "--as", ALICE),
    ):
        with pytest.raises(CommandError) as refusal:
            run(*arguments)
        assert len(str(refusal.value).splitlines()) == 1
