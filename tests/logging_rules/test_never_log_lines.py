"""Many never-log entries at once: what a pasted text or a file says, and what becomes of each line of it."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from audit.models import AuditEvent
from logging_rules.actions import add_never_log_entry, add_never_log_lines
from logging_rules.facts import NeverLogKind, NeverLogScope
from logging_rules.models import NeverLogEntry
from logging_rules.never_log_lines import (
    LARGEST_FILE,
    MOST_LINES,
    Line,
    Outcome,
    as_csv,
    decode,
    exported,
    read_lines,
    understand,
)
from users.models import WorkspaceDomain

WHOLE, ADDRESS = NeverLogScope.WHOLE_MESSAGE, NeverLogScope.ADDRESS_ONLY


def targets(text):
    return [line.target for line in read_lines(text)]


def test_a_pasted_column_is_one_entry_a_line():
    assert read_lines("doctor@clinic.example\n\n  *.bank.example \r\n") == [
        Line(1, "doctor@clinic.example"),
        Line(3, "*.bank.example"),
    ]


def test_several_addresses_in_a_line_are_several_entries():
    assert targets("a@x.example, b@y.example,*.z.example") == ["a@x.example", "b@y.example", "*.z.example"]


def test_a_line_may_add_a_scope_a_note_and_team_inboxes():
    [line] = read_lines('clinic.example,address_only,"family, doctor",yes')

    wanted = understand(line)

    assert (wanted.target.kind, wanted.scope, wanted.note, wanted.covers_team) == (
        NeverLogKind.DOMAIN,
        ADDRESS,
        "family, doctor",
        True,
    )


def test_a_second_cell_that_is_no_scope_is_the_note():
    assert read_lines("clinic.example\tfamily doctor") == [Line(1, "clinic.example", note="family doctor")]


@pytest.mark.parametrize(
    "header", ["address_or_domain,note,scope", "Domain,Comment,Scope", "ドメイン;メモ;範囲", "アドレス\t理由\t範囲"]
)
def test_a_line_of_column_names_says_their_order(header):
    delimiter = next(each for each in ",;\t" if each in header)
    row = delimiter.join(["clinic.example", "doctor", "address_only"])
    assert read_lines(f"{header}\n{row}\n") == [Line(2, "clinic.example", "address_only", "doctor")]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("clinic.example,,主治医\n", "utf-8"),
        ("clinic.example,,主治医\n", "utf-8-sig"),
        ("clinic.example,,主治医\r\n", "cp932"),
        ("clinic.example\t\t主治医\r\n", "utf-16"),
        ("clinic.example,,①主治医\r\n", "cp932"),
    ],
)
def test_files_of_every_spreadsheet_are_read(text, encoding):
    [line] = read_lines(decode(text.encode(encoding)))
    assert (line.target, line.note) == ("clinic.example", text.rstrip()[-len(line.note) :])
    assert line.note.endswith("主治医")


@pytest.mark.parametrize("content", [b"PK\x03\x04\x00\x00\x00\x00", b"\xff\xd8\xff\xe0\x00\x10JFIF", b"\xff\xfe\x00"])
def test_what_is_no_text_is_refused(content):
    with pytest.raises(ValidationError, match="not a text file"):
        decode(content)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("\n , ,\n", "empty"),
        ("address,scope,note\n", "empty"),
        ("a.example\n" * (MOST_LINES + 1), "too_many"),
        ("a" * (LARGEST_FILE + 1), "too_large"),
        ('"' + "a" * 200_000, "not_csv"),
    ],
)
def test_too_much_and_too_little_is_said(text, code):
    with pytest.raises(ValidationError) as refusal:
        read_lines(text)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("cell", "scope"),
    [
        ("", WHOLE),
        ("whole_message", WHOLE),
        ("Block the whole message", WHOLE),
        ("ADDRESS", ADDRESS),
        ("アドレスのみ", ADDRESS),
        ("メール全体", WHOLE),
    ],
)
def test_a_scope_is_understood_by_its_code_its_label_and_a_short_word(cell, scope):
    assert understand(Line(1, "clinic.example", cell)).scope is scope


def test_a_scope_is_understood_as_the_screen_calls_it():
    with translation.override("ja"):
        label = str(NeverLogEntry(scope=ADDRESS).get_scope_display())
        assert understand(Line(1, "clinic.example", label)).scope is ADDRESS


@pytest.mark.parametrize(
    "line",
    [
        Line(1, "clinic"),
        Line(1, "clinic.example", "sometimes"),
        Line(1, "clinic.example", note="x" * 201),
        Line(1, "clinic.example", covers_team="perhaps"),
    ],
)
def test_what_is_not_understood_is_said(line):
    with pytest.raises(ValidationError):
        understand(line)


def test_no_cell_is_a_formula_to_a_spreadsheet_and_all_come_back_as_they_were():
    cells = ["+819012345678@docomo.ne.jp", "address_only", "=1+1"]
    text = as_csv([cells])
    assert text == "'+819012345678@docomo.ne.jp,address_only,'=1+1\n"
    assert read_lines(text) == [Line(1, *cells)]


def test_a_name_before_an_address_does_not_matter():
    assert (
        understand(read_lines('"Okafor, Sarah" <sarah@meridian.example>')[0]).target.value == "sarah@meridian.example"
    )


# Adding them


@pytest.mark.django_db
def test_good_lines_are_added_and_the_others_come_back_with_the_reason(alice, bob):
    WorkspaceDomain.objects.create(domain="firm.example")
    add_never_log_entry(text="bank.example", owner=alice, by=alice)
    text = (
        "clinic.example,,doctor\nBANK.example\nclinic.example\nnonsense\nfirm.example\ngmail.com\nbob@genkan.example\n"
    )

    results = add_never_log_lines(lines=read_lines(text), by=alice, owner=alice)

    assert [(result.line.number, result.outcome, bool(result.reason)) for result in results] == [
        (1, Outcome.ADDED, False),
        (2, Outcome.ALREADY_THERE, False),
        (3, Outcome.ALREADY_THERE, False),
        (4, Outcome.NOT_UNDERSTOOD, True),
        (5, Outcome.REFUSED, True),
        (6, Outcome.UNSURE, True),
        (7, Outcome.UNSURE, True),
    ]
    rows = NeverLogEntry.objects.order_by("pk").values_list("value", "note", "owner", "created_by")
    assert list(rows) == [("bank.example", "", alice.pk, alice.pk), ("clinic.example", "doctor", alice.pk, alice.pk)]
    event = AuditEvent.objects.get(action="logging.never_log_imported")
    assert (event.details, event.actor) == ({"added": 1, "personal": True}, alice)


@pytest.mark.django_db
def test_who_is_certain_adds_what_hardly_anybody_means_but_never_the_workspace_itself(alice, bob):
    WorkspaceDomain.objects.create(domain="firm.example")
    lines = read_lines("gmail.com\nbob@genkan.example\nfirm.example")

    results = add_never_log_lines(lines=lines, by=alice, owner=alice, certain=True)

    assert [result.outcome for result in results] == [Outcome.ADDED, Outcome.ADDED, Outcome.REFUSED]


@pytest.mark.django_db
def test_a_line_says_itself_whether_team_inboxes_are_covered_or_all_are_as_asked(admin):
    lines = read_lines("address,team\na.example,\nb.example,no\nc.example,yes")

    add_never_log_lines(lines=lines, by=admin, owner=None, covers_team=True)

    rows = NeverLogEntry.objects.order_by("value").values_list("value", "covers_team")
    assert dict(rows) == {"a.example": True, "b.example": False, "c.example": True}


@pytest.mark.django_db
def test_only_those_a_list_belongs_to_add_to_it(alice, bob, admin, charlie):
    lines = read_lines("clinic.example")
    for owner, strangers in ((alice, (bob, admin)), (None, (alice, charlie)), (charlie, (charlie,))):
        for by in strangers:
            with pytest.raises(PermissionDenied):
                add_never_log_lines(lines=lines, by=by, owner=owner)
    assert not NeverLogEntry.objects.exists()


@pytest.mark.django_db
def test_a_list_that_would_become_too_long_stays_as_it_was(alice, monkeypatch):
    monkeypatch.setattr("logging_rules.actions.never_log.LONGEST_LIST", 2)
    add_never_log_entry(text="bank.example", owner=alice, by=alice)

    with pytest.raises(ValidationError, match="at most 2"):
        add_never_log_lines(lines=read_lines("a.example\nb.example"), by=alice, owner=alice)

    assert NeverLogEntry.objects.count() == 1


@pytest.mark.django_db
def test_a_thousand_lines_cost_as_many_queries_as_one(alice, django_assert_num_queries):
    with CaptureQueriesContext(connection) as one:
        add_never_log_lines(lines=read_lines("a.example"), by=alice, owner=alice)
    many = read_lines("\n".join(f"name@clinic{number}.example" for number in range(1_000)))
    with django_assert_num_queries(len(one)):
        add_never_log_lines(lines=many, by=alice, owner=alice)


@pytest.mark.django_db
def test_an_exported_list_can_be_imported_again(alice, bob):
    add_never_log_entry(text="+81@docomo.ne.jp", owner=alice, by=alice, scope=ADDRESS, note="=doctor, 主治医")
    add_never_log_entry(text="*.clinic.example", owner=alice, by=alice)

    text = exported(NeverLogEntry.objects.filter(owner=alice).order_by("pk").select_related("created_by"))
    add_never_log_lines(lines=read_lines(text), by=bob, owner=bob)

    fields = ("kind", "value", "scope", "note", "covers_team")
    assert list(NeverLogEntry.objects.filter(owner=bob).order_by("pk").values(*fields)) == list(
        NeverLogEntry.objects.filter(owner=alice).order_by("pk").values(*fields)
    )
