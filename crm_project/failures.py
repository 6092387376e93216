"""What may be said in a log about an exception: its types, its places in the code, and facts that are codes or numbers."""

import sysconfig
import traceback
from pathlib import Path
from typing import Any, TypeGuard

PROJECT = f"{Path(__file__).resolve().parent.parent}/"
LIBRARIES = tuple(f"{sysconfig.get_path(name)}/" for name in ("purelib", "platlib", "stdlib"))
MOST_FRAMES = 25
MOST_LINKS = 5
# Attributes by which exceptions name their cause without quoting anything: errno, SQLSTATE, SMTP reply, our own cause codes.
FACTS = ("errno", "pgcode", "smtp_code", "cause", "code", "retry_after", "status_code")


def describe(failure: BaseException) -> list[dict[str, Any]]:
    """The exception and those behind it, the outermost first."""
    chain: list[dict[str, Any]] = []
    link: BaseException | None = failure
    while link is not None and len(chain) < MOST_LINKS:
        chain.append(_link(link))
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return chain


def _link(failure: BaseException) -> dict[str, Any]:
    kind = type(failure)
    link: dict[str, Any] = {"type": f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")}
    if facts := _facts(failure):
        link["facts"] = facts
    if isinstance(failure, BaseExceptionGroup):
        link["inside"] = [_link(inner) for inner in failure.exceptions[:MOST_LINKS]]
    link["frames"] = _frames(failure)
    return link


def _facts(failure: BaseException) -> dict[str, int | str]:
    found: dict[str, object] = {name: getattr(failure, name, None) for name in FACTS}
    return {name: fact for name, fact in found.items() if isinstance(fact, int) or _is_cause_code(fact)}


def _is_cause_code(fact: object) -> TypeGuard[str]:
    """`bad_credentials`, `23505`; a word of a mail could be one too, but no exception of ours or a library keeps it there."""
    return isinstance(fact, str) and 0 < len(fact) <= 60 and fact.isascii() and fact.replace("_", "").isalnum()


def _frames(failure: BaseException) -> list[str]:
    frames = traceback.walk_tb(failure.__traceback__)
    places = [f"{_short(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}" for frame, line in frames]
    return places[-MOST_FRAMES:]


def _short(path: str) -> str:
    for folder in (PROJECT, *LIBRARIES):
        path = path.removeprefix(folder)
    return path
