"""Compiles the catalogues named on the command line (.po) to what gettext reads (.mo). Run by bin/setup."""

import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po


def compile_catalogue(source: Path) -> None:
    """Fuzzy translations are left out, so that the English text stands instead of a guess."""
    with source.open("rb") as text:
        catalogue = read_po(text, locale=source.parent.parent.name, abort_invalid=True)
    new = source.with_suffix(".mo.new")
    with new.open("wb") as binary:
        write_mo(binary, catalogue)
    new.replace(source.with_suffix(".mo"))


def main(sources: list[str]) -> int:
    for source in sources:
        try:
            compile_catalogue(Path(source))
        except PoFileError as error:
            print(f"{source}: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
