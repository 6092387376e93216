"""Settings as an operator types them: `name=value`, with `default` for “as the next level says”."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError

from logging_rules.setting_words import choices_of

SWITCHES = {"yes": True, "no": False}
OPEN = "default"


def parse_assignments(texts: Iterable[str], *, names: Iterable[str], may_be_open: bool) -> dict[str, Any]:
    """The values by name. Raises ValidationError, which names what would be possible."""
    return dict(_parse(text, set(names), may_be_open) for text in texts)


def _parse(text: str, names: set[str], may_be_open: bool) -> tuple[str, Any]:
    name, _, word = text.partition("=")
    if name not in names:
        raise ValidationError(f"There is no setting “{name}”. There are: {', '.join(sorted(names))}.")
    if may_be_open and word == OPEN:
        return name, None
    values = {_word(value): value for value in choices_of(name)}
    if word not in values:
        possible = [*values, *([OPEN] if may_be_open else [])]
        raise ValidationError(f"“{word}” is no value of {name}. Possible: {', '.join(possible)}.")
    return name, values[word]


def _word(value: Any) -> str:
    return next((word for word, switch in SWITCHES.items() if switch is value), str(value))
