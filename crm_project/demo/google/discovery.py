"""The Gmail API as Google's own discovery document describes it: its methods, their parameters, bodies and scopes."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from crm_project.demo.google.answers import Refused, invalid, unknown_name

_MAX_RESULTS = 500
_INTEGERS = {"int32", "uint32", "int64", "uint64"}
_JSON_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": (int, str),
    "array": list,
    "object": dict,
}


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    type: str
    format: str
    is_repeated: bool
    choices: tuple[str, ...]

    def read(self, text: str) -> Any:
        if self.choices and text not in self.choices:
            raise Refused(invalid(f"Invalid value at '{self.name}' (TYPE_ENUM), \"{text}\""))
        if self.type == "boolean":
            if text not in {"true", "false"}:
                raise Refused(invalid(f"Invalid value at '{self.name}' (TYPE_BOOL), \"{text}\""))
            return text == "true"
        if self.type == "integer" or self.format in _INTEGERS:
            if not (text.isascii() and text.isdecimal()):
                raise Refused(invalid(f"Invalid value at '{self.name}' (TYPE_UINT64), \"{text}\""))
            return int(text)
        return text


@dataclass(frozen=True, slots=True)
class Method:
    """`operation` is the method's id without its prefix: "messages.get", "getProfile"."""

    operation: str
    http: str
    path: re.Pattern[str]
    query: Mapping[str, Parameter]
    body: str | None
    scopes: frozenset[str]

    def read_query(self, pairs: list[tuple[str, str]]) -> dict[str, Any]:
        """Raises `Refused` for everything that is not documented."""
        values: dict[str, Any] = {}
        for name, text in pairs:
            parameter = self.query.get(name)
            if parameter is None:
                raise Refused(unknown_name(name))
            if parameter.is_repeated:
                values.setdefault(name, []).append(parameter.read(text))
            elif name in values:
                raise Refused(invalid(f"Parameter '{name}' was given twice."))
            else:
                values[name] = parameter.read(text)
        if not 1 <= values.get("maxResults", 1) <= _MAX_RESULTS:
            raise Refused(invalid(f"maxResults must be between 1 and {_MAX_RESULTS}."))
        if values.get("alt", "json") != "json":
            raise Refused(invalid("Only alt=json is spoken here."))
        return values

    def read_body(self, data: bytes) -> dict[str, Any]:
        """Raises `Refused` for everything that is not documented."""
        if not self.body:
            if data.strip() not in {b"", b"{}"}:
                raise Refused(invalid("This method takes no request body."))
            return {}
        try:
            body = json.loads(data)
        except ValueError:
            raise Refused(invalid("Invalid JSON payload received.", reason="parseError")) from None
        _check(body, self.body, at="")
        return dict(body)


def find(http: str, path: str) -> tuple[Method, dict[str, str]] | None:
    """The method that is called so, and what its path holds."""
    for method in methods():
        match = method.path.fullmatch(path) if method.http == http else None
        if match:
            return method, match.groupdict()
    return None


@cache
def methods() -> tuple[Method, ...]:
    document = _document()
    shared = {name: _parameter(name, described) for name, described in document["parameters"].items()}
    return tuple(_method(described, shared) for described in _walk(document["resources"]))


@cache
def _document() -> dict[str, Any]:
    place = files("googleapiclient") / "discovery_cache" / "documents" / "gmail.v1.json"
    return dict(json.loads(place.read_text(encoding="utf-8")))


def _walk(resources: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in resources.values():
        yield from resource.get("methods", {}).values()
        yield from _walk(resource.get("resources", {}))


def _method(described: dict[str, Any], shared: dict[str, Parameter]) -> Method:
    own = {
        name: _parameter(name, parameter)
        for name, parameter in described.get("parameters", {}).items()
        if parameter["location"] == "query"
    }
    return Method(
        operation=described["id"].removeprefix("gmail.users."),
        http=described["httpMethod"],
        path=re.compile("/" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", described["path"])),
        query=shared | own,
        body=described.get("request", {}).get("$ref"),
        scopes=frozenset(described["scopes"]),
    )


def _parameter(name: str, described: dict[str, Any]) -> Parameter:
    return Parameter(
        name,
        described["type"],
        described.get("format", ""),
        described.get("repeated", False),
        tuple(described.get("enum", ())),
    )


def _check(value: Any, schema: str, *, at: str) -> None:
    if not isinstance(value, dict):
        raise Refused(invalid(f"Invalid value at '{at}': an object is expected."))
    properties = _document()["schemas"][schema]["properties"]
    for name, item in value.items():
        described = properties.get(name)
        if described is None:
            raise Refused(unknown_name(name, at=at))
        if "$ref" in described:
            _check(item, described["$ref"], at=name)
        elif not isinstance(item, _JSON_TYPES[described["type"]]):
            raise Refused(invalid(f"Invalid value at '{name}', {json.dumps(item)}"))
        elif item not in described.get("enum", [item]):
            raise Refused(invalid(f"Invalid value at '{name}' (TYPE_ENUM), {json.dumps(item)}"))
