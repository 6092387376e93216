"""Many never-log entries at once: lines that were pasted, and CSV files as spreadsheets write them.

A line is an address or domain, then, if one likes, a scope, a note and whether team inboxes are covered. A first line of column
names is understood and may put them in another order. Several addresses in one line are several entries.
"""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from logging_rules.facts import NeverLogScope
from logging_rules.models import NEVER_LOG_SCOPE_LABELS, NeverLogEntry
from logging_rules.never_log import Target, parse_target
from users.spreadsheets import FORMULA_BEGINS, as_csv

LARGEST_FILE = 1_000_000
MOST_LINES = 5_000
LONGEST_NOTE = 200

COLUMNS = ("address_or_domain", "scope", "note", "covers_team")
_COLUMN_NAMES = {
    "address_or_domain": {
        "address",
        "domain",
        "address or domain",
        "e-mail",
        "email",
        "e-mail address",
        "entry",
        "アドレス",
    }
    | {"ドメイン", "メールアドレス", "アドレスまたはドメイン"},
    "scope": {"範囲", "対象"},
    "note": {"notes", "comment", "reason", "メモ", "備考", "理由"},
    "covers_team": {"team", "team inboxes", "チーム", "チームのeメール", "チームの受信トレイ"},
}
_SCOPES = {
    "": NeverLogScope.WHOLE_MESSAGE,
    "message": NeverLogScope.WHOLE_MESSAGE,
    "whole message": NeverLogScope.WHOLE_MESSAGE,
    "メール全体": NeverLogScope.WHOLE_MESSAGE,
    "address": NeverLogScope.ADDRESS_ONLY,
    "address only": NeverLogScope.ADDRESS_ONLY,
    "アドレスのみ": NeverLogScope.ADDRESS_ONLY,
}
_YES = {"yes", "true", "1", "x", "はい", "○"}
_NO = {"no", "false", "0", "いいえ", "×"}
_NAMED = re.compile(r".*<([^<>]+)>\s*")


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was written, cell by cell."""

    number: int
    target: str
    scope: str = ""
    note: str = ""
    covers_team: str = ""

    @property
    def text(self) -> str:
        """As CSV, ready to be corrected and handed in again."""
        cells = [self.target, self.scope, self.note, self.covers_team]
        while len(cells) > 1 and not cells[-1]:
            cells.pop()
        return as_csv([cells]).rstrip("\n")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line that was understood. `covers_team` is None where it says nothing about that."""

    target: Target
    scope: NeverLogScope
    note: str
    covers_team: bool | None


class Outcome(StrEnum):
    """What became of a line. Unsure: it is added once the person says that they mean it."""

    ADDED = "added"
    ALREADY_THERE = "already_there"
    UNSURE = "unsure"
    REFUSED = "refused"
    NOT_UNDERSTOOD = "not_understood"


@dataclass(frozen=True, slots=True)
class LineResult:
    """A line and what became of it; `reason` says why it was not added."""

    line: Line
    outcome: Outcome
    reason: str = ""


def decode(content: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 with it, else Shift_JIS as Excel writes it in Japan. Raises ValidationError."""
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp932"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise ValidationError(
        _("This is not a text file. Save the table as CSV (UTF-8 or Shift_JIS) and choose that file."), code="not_text"
    )


def read_lines(text: str) -> list[Line]:
    """Empty lines and a first line of column names are left out. Raises ValidationError when there is too much or nothing to read."""
    if len(text) > LARGEST_FILE:
        raise ValidationError(_("This is too much at once. Split it into parts of up to 1 MB."), code="too_large")
    try:
        rows = list(_rows(text))
    except csv.Error as error:
        raise ValidationError(_("This is not a table that can be read as CSV."), code="not_csv") from error
    columns = _columns(rows[0][1]) if rows else None
    lines = [line for number, cells in (rows[1:] if columns else rows) for line in _lines(number, cells, columns)]
    if not lines:
        raise ValidationError(_("There is no address or domain in it."), code="empty")
    if len(lines) > MOST_LINES:
        raise ValidationError(
            _("These are %(lines)d lines. Add at most %(most)d at once.") % {"lines": len(lines), "most": MOST_LINES},
            code="too_many",
        )
    return lines


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    text = text.removeprefix("\ufeff")
    first = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), skipinitialspace=True)
    for row in reader:
        cells = [_unguarded(cell.strip()) for cell in row]
        if any(cells):
            yield reader.line_num, cells


def _columns(cells: Sequence[str]) -> list[str] | None:
    """The columns in the order of a line of column names; None for any other line."""
    columns = [_column_named(cell) for cell in cells]
    return columns if COLUMNS[0] in columns else None


def _column_named(cell: str) -> str:
    name = cell.casefold()
    return next((column for column in COLUMNS if name == column or name in _COLUMN_NAMES[column]), "")


def _lines(number: int, cells: list[str], columns: list[str] | None) -> Iterator[Line]:
    if columns:
        by_name = dict(zip(columns, cells, strict=False))
        yield Line(number, *(by_name.get(column, "") for column in COLUMNS))
    elif len(cells) > 1 and all(_is_target(cell) for cell in cells if cell):
        yield from (Line(number, cell) for cell in cells if cell)
    elif len(cells) == 2 and scope_named(cells[1]) is None:
        yield Line(number, cells[0], note=cells[1])
    else:
        yield Line(number, *cells[: len(COLUMNS)])


def _is_target(cell: str) -> bool:
    try:
        parse_target(_bare(cell))
    except ValidationError:
        return False
    return True


def _bare(cell: str) -> str:
    """“Sarah Okafor <sarah@meridian.example>” names sarah@meridian.example."""
    named = _NAMED.fullmatch(cell)
    return named[1] if named else cell


def scope_named(cell: str) -> NeverLogScope | None:
    """By its code, by what the screens call it in the active language, or by a short word for it."""
    word = cell.casefold()
    labels = {str(label).casefold(): scope for scope, label in NEVER_LOG_SCOPE_LABELS.items()}
    return (_SCOPES | labels | {scope.value: scope for scope in NeverLogScope}).get(word)


def understand(line: Line) -> Wanted:
    """Raises ValidationError."""
    target = parse_target(_bare(line.target))
    scope = scope_named(line.scope)
    if scope is None:
        raise ValidationError(
            _("“%(text)s” is no scope. Write whole_message or address_only.") % {"text": line.scope[:60]},
            code="no_scope",
        )
    answer = line.covers_team.casefold()
    if answer not in {"", *_YES, *_NO}:
        raise ValidationError(
            _("“%(text)s” does not say whether team inboxes are covered. Write yes or no.")
            % {"text": line.covers_team[:60]},
            code="no_answer",
        )
    if len(line.note) > LONGEST_NOTE:
        raise ValidationError(
            _("The note is longer than %(most)d characters.") % {"most": LONGEST_NOTE}, code="note_too_long"
        )
    return Wanted(target, scope, line.note, answer in _YES if answer else None)


def exported(entries: Iterable[NeverLogEntry]) -> str:
    """A list as CSV that can be imported again."""
    rows = [
        (entry.text, entry.scope, entry.note, "yes" if entry.covers_team else "no", str(entry.created_by),
         entry.created_at.date().isoformat())
        for entry in entries
    ]  # fmt: skip
    return as_csv([(*COLUMNS, "added_by", "added_on"), *rows])


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_BEGINS) else cell
