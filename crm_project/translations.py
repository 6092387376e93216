"""The catalogues of translated texts: what code and templates ask for, and what a catalogue holds of it.

Each app has its own catalogue; templates outside the apps' folders (shared, errors, allauth) belong to crm_project.
"""

import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd%]|\{\w*\}|</?[a-z]+")
# No dates and no names: a catalogue changes only when a text does.
HEADER = r"""msgid ""
msgstr ""
"Language: {language}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: {plural}\n"

"""
Key = tuple[str, str]


class Translations:
    """One app's catalogue in one language, beside the texts that the app uses."""

    def __init__(self, project: Path, *, app: str, apps: Iterable[str], language: str) -> None:
        self.path = project / app / "locale" / language / "LC_MESSAGES" / "django.po"
        self.language = language
        self.used = Catalog()
        for message in _texts(project, app, set(apps)):
            # Adding a text again merges it; only its comments for translators grow.
            self.used.add(message.id, context=message.context, auto_comments=message.auto_comments)
        self.stored = _read(self.path, language)

    def problems(self) -> Iterator[str]:
        """What keeps the catalogue from being complete and right, one line each."""
        used, stored = _by_key(self.used), _by_key(self.stored)
        for key in sorted(used.keys() - stored.keys()):
            yield f"{self.path}: missing: {key[1]!r} (bin/manage messages adds it)"
        for key in sorted(stored.keys() - used.keys()):
            yield f"{self.path}: not used any more: {key[1]!r} (bin/manage messages drops it)"
        for key in sorted(used.keys() & stored.keys()):
            problem = _problem(stored[key])
            if problem:
                yield f"{self.path}: {problem}: {key[1]!r}"

    def write(self) -> None:
        """Adds what is used, drops what is not, keeps every translation. The order is that of the texts."""
        if not len(self.used) and not self.path.exists():
            return
        self.stored.update(self.used, no_fuzzy_matching=True, update_header_comment=False)
        body = io.BytesIO()
        write_po(
            body, self.stored, width=110, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True
        )
        header = HEADER.format(language=self.language, plural=self.stored.plural_forms)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(header + body.getvalue().decode().strip() + "\n", encoding="utf-8")


def _texts(project: Path, app: str, apps: set[str]) -> Iterator[Message]:
    for path in sorted((project / app).rglob("*.py")):
        if "migrations" not in path.parts:
            yield from _extract(path.read_text(encoding="utf-8"))
    for path in sorted((project / "templates").rglob("*.*")):
        owner = path.relative_to(project / "templates").parts[0]
        if path.suffix in {".html", ".txt"} and app == (owner if owner in apps else "crm_project"):
            code = templatize(path.read_text(encoding="utf-8"), origin=str(path))
            # Indentation of a template means nothing, but Python's tokenizer would refuse it.
            yield from _extract("\n".join(line.strip() for line in code.splitlines()))


def _extract(code: str) -> Iterator[Message]:
    """The texts of Python source, or of a template that Django turned into something like it."""
    for _line, text, comments, context in extract("python", io.BytesIO(code.encode()), KEYWORDS, ["Translators:"]):
        yield Message(text, context=context, auto_comments=comments)


def _read(path: Path, language: str) -> Catalog:
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language, ignore_obsolete=True)


def _by_key(catalogue: Catalog) -> dict[Key, Message]:
    return {(message.context or "", _singular(message)): message for message in catalogue if message.id}


def _singular(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _problem(message: Message) -> str | None:
    translations = [message.string] if isinstance(message.string, str) else list(message.string or ())
    if message.fuzzy:
        return "fuzzy"
    if not translations or not all(translations):
        return "not translated"
    wanted = {_placeholders(text) for text in ([message.id] if isinstance(message.id, str) else message.id)}
    if any(_placeholders(text) not in wanted for text in translations):
        return "other placeholders or tags than the English text"
    return None


def _placeholders(text: str) -> tuple[str, ...]:
    return tuple(sorted(PLACEHOLDER.findall(text)))
