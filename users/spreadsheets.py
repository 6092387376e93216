"""Tables for people's spreadsheet programs."""

FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")


def guarded(cell: str) -> str:
    """No spreadsheet takes it for a formula: an apostrophe stands before what it could."""
    return f"'{cell}" if cell.startswith(FORMULA_BEGINS) else cell
