"""The part of OData's `$filter` that Outlook answers: comparisons, and/or/not, startswith, contains, any."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from crm_project.demo.microsoft.refusals import GraphRefusal, bad_request

Values = Callable[[str], Any]
Test = Callable[[Values], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<date>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?)"
    r"|(?P<number>-?\d+)|(?P<word>[A-Za-z_@][\w./]*)|(?P<mark>[(),:]))"
)
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "gt": lambda a, b: a is not None and a > b,
    "ge": lambda a, b: a is not None and a >= b,
    "lt": lambda a, b: a is not None and a < b,
    "le": lambda a, b: a is not None and a <= b,
}
_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": lambda text, part: part in text,
}
_WORDS = {"true": True, "false": False, "null": None}


class Filter:
    """`paths` are the properties named, in order."""

    def __init__(self, text: str, allowed: set[str]) -> None:
        self.text = text
        self.paths: list[str] = []
        self._allowed = allowed
        self._tokens = self._read(text)
        self._at = 0
        self._test = self._either()
        if self._at != len(self._tokens):
            raise self._wrong()

    def __call__(self, values: Values) -> bool:
        return self._test(values)

    def _read(self, text: str) -> list[tuple[str, str]]:
        tokens, at = [], 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None or found.lastgroup is None:
                raise self._wrong()
            tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()
        return tokens

    def _wrong(self) -> GraphRefusal:
        return bad_request(f"Invalid filter clause: {self.text}", code="ErrorInvalidUrlQueryFilter")

    def _next(self, kind: str = "", value: str = "") -> str:
        if self._at >= len(self._tokens):
            raise self._wrong()
        found_kind, found = self._tokens[self._at]
        if (kind and kind != found_kind) or (value and value != found):
            raise self._wrong()
        self._at += 1
        return found

    def _is_next(self, value: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at][1] == value

    def _either(self) -> Test:
        tests = [self._both()]
        while self._is_next("or"):
            self._next()
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda values: any(test(values) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._is_next("and"):
            self._next()
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda values: all(test(values) for test in tests)

    def _one(self) -> Test:
        if self._is_next("not"):
            self._next()
            negated = self._one()
            return lambda values: not negated(values)
        if self._is_next("("):
            self._next()
            inner = self._either()
            self._next("mark", ")")
            return inner
        word = self._next("word")
        if word in _FUNCTIONS:
            return self._function(word)
        if word.endswith("/any"):
            return self._any(word.removesuffix("/any"))
        return self._comparison(self._path(word))

    def _path(self, path: str) -> str:
        if path not in self._allowed:
            raise bad_request(f"The property '{path}' does not support filtering.", code="ErrorInvalidUrlQueryFilter")
        self.paths.append(path)
        return path

    def _comparison(self, path: str) -> Test:
        compare = _COMPARISONS.get(self._next("word"))
        if compare is None:
            raise self._wrong()
        wanted = self._literal()
        return lambda values: compare(comparable(values(path), like=wanted), wanted)

    def _function(self, name: str) -> Test:
        self._next("mark", "(")
        path = self._path(self._next("word"))
        self._next("mark", ",")
        wanted = str(self._literal())
        self._next("mark", ")")
        return lambda values: _FUNCTIONS[name](str(values(path) or "").casefold(), wanted)

    def _any(self, path: str) -> Test:
        self._path(path)
        self._next("mark", "(")
        variable = self._next("word")
        self._next("mark", ":")
        self._next("word", variable)
        self._next("word", "eq")
        wanted = self._literal()
        self._next("mark", ")")
        return lambda values: any(comparable(value, like=wanted) == wanted for value in values(path))

    def _literal(self) -> Any:
        if self._at >= len(self._tokens):
            raise self._wrong()
        kind, found = self._tokens[self._at]
        self._at += 1
        if kind == "text":
            return found[1:-1].replace("''", "'").casefold()
        if kind == "date":
            return _moment(found)
        if kind == "number":
            return int(found)
        if found not in _WORDS:
            raise self._wrong()
        return _WORDS[found]


def comparable(value: Any, *, like: Any) -> Any:
    """As Exchange compares: text without regard to case, dates as moments."""
    if isinstance(like, datetime):
        return value if value is None or isinstance(value, datetime) else _moment(str(value))
    return value.casefold() if isinstance(value, str) else value


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise bad_request(f"Invalid date: {text}", code="ErrorInvalidUrlQueryFilter") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
