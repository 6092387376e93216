"""Partial answers: the `fields` parameter, such as `messages(id,threadId),nextPageToken`."""

import re
from typing import Any

from crm_project.demo.google.answers import Refused, invalid

_TOKENS = re.compile(r"[(),/]|[^(),/\s]+")
Mask = dict[str, "Mask"]


def keep_only(value: Any, fields: str) -> Any:
    """Raises `Refused` for what is no mask."""
    tokens = _TOKENS.findall(fields)
    mask, rest = _read(tokens)
    if rest or not mask:
        raise Refused(invalid(f"Invalid field selection {fields}", reason="invalidParameter"))
    return _apply(value, mask)


def _read(tokens: list[str]) -> tuple[Mask, list[str]]:
    """The mask up to a closing bracket, and what follows."""
    mask: Mask = {}
    rest = tokens
    while rest and rest[0] not in {")", "(", ",", "/"}:
        inner = mask.setdefault(rest[0], {})
        rest = rest[1:]
        while len(rest) > 1 and rest[0] == "/":
            inner = inner.setdefault(rest[1], {})
            rest = rest[2:]
        if rest and rest[0] == "(":
            below, rest = _read(rest[1:])
            inner.update(below)
            rest = rest[1:]
        if rest and rest[0] == ",":
            rest = rest[1:]
    return mask, rest


def _apply(value: Any, mask: Mask) -> Any:
    if isinstance(value, list):
        return [_apply(item, mask) for item in value]
    if not isinstance(value, dict) or not mask:
        return value
    below = {name: mask.get(name, mask.get("*")) for name in value}
    return {name: _apply(value[name], inner) for name, inner in below.items() if inner is not None}
