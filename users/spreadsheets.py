"""Tables for people's spreadsheet programs."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")


def guarded(cell: str) -> str:
    """No spreadsheet takes it for a formula: an apostrophe stands before what it could."""
    return f"'{cell}" if cell.startswith(FORMULA_BEGINS) else cell


def as_csv(rows: Iterable[Sequence[str]]) -> str:
    """No cell is taken for a formula."""
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([guarded(cell) for cell in row] for row in rows)
    return text.getvalue()
