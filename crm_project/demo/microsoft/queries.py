"""Reading the query of a Graph request: only documented options, each checked."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request

from crm_project.demo.microsoft.filters import Filter
from crm_project.demo.microsoft.refusals import bad_request
from crm_project.demo.microsoft.rows import Look

MOST_ROWS = 1000
USUAL_ROWS = 10
MESSAGE_FILTERS = {
    "receivedDateTime", "sentDateTime", "createdDateTime", "lastModifiedDateTime", "subject", "isRead", "isDraft",
    "hasAttachments", "importance", "conversationId", "internetMessageId", "parentFolderId", "categories",
    "from/emailAddress/address", "from/emailAddress/name", "sender/emailAddress/address", "sender/emailAddress/name",
    "flag/flagStatus", "inferenceClassification",
}  # fmt: skip
MESSAGE_ORDERS = {
    "receivedDateTime", "sentDateTime", "createdDateTime", "lastModifiedDateTime", "subject", "isRead", "importance",
    "hasAttachments", "from/emailAddress/address", "from/emailAddress/name",
}  # fmt: skip
_PREFERENCE = re.compile(r'\s*([\w.-]+)\s*(?:=\s*"?([^",]*)"?)?\s*')
_PREFERENCES = {
    "idtype": {"immutableid"},
    "odata.maxpagesize": None,
    "outlook.body-content-type": {"text", "html"},
    "outlook.allow-unsafe-html": {""},
    "outlook.timezone": None,
    "include-unknown-enum-members": {""},
}


@dataclass(frozen=True)
class Query:
    select: tuple[str, ...] = ()
    filter: Filter | None = None
    order: tuple[tuple[str, bool], ...] = ()  # path, descending
    top: int | None = None
    skip: int = 0
    count: bool = False
    search: str = ""


@dataclass(frozen=True)
class Preferences:
    look: Look
    page_size: int | None
    applied: str


def preferences(request: Request, *, bodies: bool = True) -> Preferences:
    """What the Prefer headers ask for. Refuses those that are not documented for mail."""
    found: dict[str, str] = {}
    applied = []
    for part in ",".join(request.headers.getlist("Prefer")).split(","):
        match = _PREFERENCE.fullmatch(part)
        if not part.strip():
            continue
        name, value = (match[1].lower(), match[2] or "") if match else ("", "")
        allowed = _PREFERENCES.get(name, set())
        if allowed is not None and value.strip().lower() not in allowed:
            raise bad_request(f"The preference '{part.strip()}' is not documented.")
        found[name] = value.strip()
        applied.append(part.strip())
    size = found.get("odata.maxpagesize")
    if size is not None and not (size.isdigit() and 0 < int(size) <= MOST_ROWS):
        raise bad_request("Invalid page size specified: it must be between 1 and 1000.")
    look = Look(
        immutable_ids="idtype" in found,
        text_bodies=found.get("outlook.body-content-type", "").lower() == "text",
        bodies=bodies,
    )
    return Preferences(look, int(size) if size else None, ", ".join(applied))


def read_query(
    args: MultiDict[str, str],
    *,
    allowed: Collection[str],
    fields: Collection[str],
    filters: Collection[str] = (),
    orders: Collection[str] = (),
) -> Query:
    """Raises GraphRefusal for options and properties that are not documented for what is asked."""
    given = single(args, allowed)
    test = Filter(given["$filter"], set(filters)) if "$filter" in given else None
    order = _order(given.get("$orderby", ""), orders)
    _check_order(test, order)
    return Query(
        select=_select(given.get("$select", ""), fields),
        filter=test,
        order=order,
        top=number(given, "$top", least=1, most=MOST_ROWS) if "$top" in given else None,
        skip=number(given, "$skip", least=0, most=1_000_000) if "$skip" in given else 0,
        count=_boolean(given.get("$count", "false"), "$count"),
        search=given.get("$search", ""),
    )


def single(args: MultiDict[str, str], allowed: Collection[str]) -> dict[str, str]:
    """Each option once and none but the allowed."""
    for name in args:
        if name not in allowed:
            raise bad_request(f"The query parameter '{name}' is not supported here.", code="ErrorInvalidUrlQuery")
        if len(args.getlist(name)) > 1:
            raise bad_request(
                f"Query option '{name}' was specified more than once, but it must be specified at most once."
            )
    return args.to_dict()


def number(given: Mapping[str, str], name: str, *, least: int, most: int) -> int:
    text = given[name]
    if not text.isdigit() or not least <= int(text) <= most:
        raise bad_request(
            f"Invalid value '{text}' for {name} query option found. It must be between {least} and {most}."
        )
    return int(text)


def _boolean(text: str, name: str) -> bool:
    if text not in ("true", "false"):
        raise bad_request(f"Invalid value '{text}' for {name} query option found. Valid values are 'true', 'false'.")
    return text == "true"


def _select(text: str, fields: Collection[str]) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",")) if text else ()
    for name in names:
        if name not in fields:
            raise bad_request(f"Parsing OData Select and Expand failed: Could not find a property named '{name}'.")
    return names


def _order(text: str, orders: Collection[str]) -> tuple[tuple[str, bool], ...]:
    found = []
    for part in text.split(",") if text else []:
        path, _, direction = part.strip().partition(" ")
        if path not in orders or direction.strip() not in ("", "asc", "desc"):
            raise bad_request(f"The $orderby expression '{part}' is not supported.", code="ErrorInvalidUrlQuery")
        found.append((path, direction.strip() == "desc"))
    return tuple(found)


def _check_order(test: Filter | None, order: tuple[tuple[str, bool], ...]) -> None:
    """What is ordered by must be filtered by, first and in the same order."""
    if test is None or not order:
        return
    filtered = list(dict.fromkeys(test.paths))
    if filtered[: len(order)] != [path for path, _ in order]:
        raise bad_request("The restriction or sort order is too complex for this operation.", code="InefficientFilter")
