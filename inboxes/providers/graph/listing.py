"""Listing a folder by time of arrival, newest first.

The links Graph gives for such lists count rows to skip, so a message that is deleted meanwhile makes the next page miss another.
Pages are therefore asked for by time. Many messages may have arrived in one second (an import): a page never ends within one.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from inboxes.providers.base import TemporarilyUnavailable
from inboxes.providers.graph.client import GraphClient, path_of, rows_of
from inboxes.providers.graph.cursors import arrival, second_after, written
from inboxes.providers.graph.errors import Asked

Json = dict[str, Any]

LIST_ROWS = 1_000
"""The most that Graph gives at once."""


class Listed(NamedTuple):
    """Rows, newest first. `until` is where to go on, "" at the end; `remaining` an estimate of how many follow."""

    rows: list[Json]
    until: str
    remaining: int


def list_page(
    client: GraphClient, folder_id: str, *, until: str, since: datetime | None, select: str, expand: str = "", top: int
) -> Listed:
    """Messages that arrived from `since` (None: ever) to `until` ("": now), both included. Raises `FolderGone`."""
    query: dict[str, str | int] = {"$select": select, "$top": top, "$count": "true"}
    if window := _window(until, since):
        query["$filter"] = window
    if expand:
        query["$expand"] = expand
    query["$orderby"] = "receivedDateTime desc"
    body = client.get(client.url(path_of("mailFolders", folder_id, "messages", query=query)), Asked.FOLDER)
    total = body.get("@odata.count")
    rows = _rows(body)
    seconds = set(map(arrival, rows))
    while (link := body.get("@odata.nextLink")) and len(seconds) <= 1:
        body = client.get(client.checked(link), Asked.FOLDER)
        more = _rows(body)
        rows += more
        seconds.update(map(arrival, more))
    rows = sorted({row["id"]: row for row in rows}.values(), key=arrival, reverse=True)
    last = arrival(rows[-1]) if link and rows else ""
    taken = [row for row in rows if arrival(row) > last]
    return Listed(taken, last, max(total - len(taken), 0) if isinstance(total, int) and last else 0)


def newest(client: GraphClient, folder_id: str) -> str:
    """When the newest message of the folder arrived, "" if it is empty. Raises `FolderGone`."""
    query: dict[str, str | int] = {"$select": "receivedDateTime", "$top": 1, "$orderby": "receivedDateTime desc"}
    body = client.get(client.url(path_of("mailFolders", folder_id, "messages", query=query)), Asked.FOLDER)
    return max(map(arrival, _rows(body)), default="")


def all_ids(client: GraphClient, folder_id: str, *, since: datetime | None) -> Iterator[str]:
    """The ids of everything in the folder that arrived in the window. Raises `FolderGone`."""
    page = Listed([], "", 0)
    while True:
        page = list_page(client, folder_id, until=page.until, since=since, select="receivedDateTime", top=LIST_ROWS)
        yield from (row["id"] for row in page.rows)
        if not page.until:
            return


def count(client: GraphClient, folder_id: str, *, until: str, since: datetime | None) -> int:
    """How many `list_page` would list. Raises `TemporarilyUnavailable` if Graph does not say: that is not the same as none."""
    query: dict[str, str | int] = {"$select": "receivedDateTime", "$top": 1, "$count": "true"}
    if window := _window(until, since):
        query["$filter"] = window
    url = client.url(path_of("mailFolders", folder_id, "messages", query=query))
    total = client.get(url, Asked.FOLDER, headers={"ConsistencyLevel": "eventual"}).get("@odata.count")
    if not isinstance(total, int):
        raise TemporarilyUnavailable("answer_not_understood")
    return total


def _window(until: str, since: datetime | None) -> str:
    bounds = [f"receivedDateTime ge {written(since)}"] if since else []
    return " and ".join([*bounds, f"receivedDateTime lt {second_after(until)}"] if until else bounds)


def _rows(body: Json) -> list[Json]:
    return [row for row in rows_of(body) if arrival(row)]
