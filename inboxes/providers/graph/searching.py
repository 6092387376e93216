"""A live look into a folder for its owner, by Exchange's own search (KQL) or by a filter. Nothing that is found is kept."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from inboxes.providers.base import CursorExpired, MessageGone, RemoteFolder, SearchQuery
from inboxes.providers.graph.client import GraphClient, path_of, rows_of
from inboxes.providers.graph.cursors import arrival, moment, second_after, written
from inboxes.providers.graph.errors import Asked
from inboxes.providers.graph.messages import EXPAND, SELECT

Json = dict[str, Any]

_DAY = timedelta(days=1)
_ROWS_AT_ONCE = 100
MOST_ROWS = 1_000
"""Of what Exchange finds so many are looked at."""


def find_rows(client: GraphClient, folder: RemoteFolder, query: SearchQuery) -> Iterator[Json]:
    """Messages that match, newest first, asked for as far as they are taken; `limit` is for the caller to heed.

    What Exchange takes for a match of words may be looked at again. Raises `CursorExpired` when `below` names nothing any more,
    `FolderGone`.
    """
    below = _place_of(client, folder, query.below) if query.below else None
    for rows in _pages(client, folder, _options(query, moment(below[0]) if below else None)):
        # Messages of one second come in any order.
        for row in sorted(rows, key=_place, reverse=True):
            if (below is None or _place(row) < below) and _is_within(row, query):
                yield row


def _options(query: SearchQuery, until: datetime | None) -> dict[str, str | int]:
    words = _words(query)
    options = _searched(query, words, until) if words and not query.message_id else _filtered(query, until)
    return options | {"$select": SELECT, "$expand": EXPAND, "$top": _ROWS_AT_ONCE}


def _pages(client: GraphClient, folder: RemoteFolder, options: dict[str, str | int]) -> Iterator[list[Json]]:
    body = client.get(client.url(path_of("mailFolders", folder.remote_id, "messages", query=options)), Asked.FOLDER)
    for _ in range(MOST_ROWS // _ROWS_AT_ONCE):
        yield [row for row in rows_of(body) if arrival(row)]
        if "@odata.nextLink" not in body:
            return
        body = client.get(client.checked(body["@odata.nextLink"]), Asked.FOLDER)


def _place(row: Json) -> tuple[str, str]:
    return arrival(row), row["id"]


def _place_of(client: GraphClient, folder: RemoteFolder, remote_id: str) -> tuple[str, str]:
    query = {"$select": "receivedDateTime"}
    try:
        row = client.get(
            client.url(path_of("mailFolders", folder.remote_id, "messages", remote_id, query=query)), Asked.MESSAGE
        )
    except MessageGone:
        raise CursorExpired from None
    return arrival(row), remote_id


def _is_within(row: Json, query: SearchQuery) -> bool:
    received_at = moment(row.get("receivedDateTime"))
    return received_at is not None and (
        (query.since is None or received_at >= query.since - _DAY)
        and (query.until is None or received_at < query.until + _DAY)
    )


def _filtered(query: SearchQuery, until: datetime | None) -> dict[str, str | int]:
    """Where there are no words to look for: by date, or the one message with this id."""
    if query.message_id:
        return {"$filter": f"internetMessageId eq '{query.message_id.replace(chr(39), chr(39) * 2)}'"}
    bounds = [f"receivedDateTime ge {written(query.since - _DAY)}"] if query.since else []
    ends = [end for end in (until, query.until and query.until + _DAY) if end]
    bounds += [f"receivedDateTime lt {second_after(written(min(ends)))}"] if ends else []
    return {**({"$filter": " and ".join(bounds)} if bounds else {}), "$orderby": "receivedDateTime desc"}


def _words(query: SearchQuery) -> list[str]:
    wanted = (("participants:", query.address), ("subject:", query.subject), ("", query.text))
    return [f'{field}"{_plain(words)}"' for field, words in wanted if _plain(words)]


def _searched(query: SearchQuery, words: list[str], until: datetime | None) -> dict[str, str | int]:
    kql = " AND ".join([*words, *_days(query, until)])
    return {"$search": '"{}"'.format(kql.replace('"', '\\"'))}


def _days(query: SearchQuery, until: datetime | None) -> Iterator[str]:
    """Whole days are all that a search knows."""
    if query.since:
        yield f"received>={(query.since - _DAY).astimezone(UTC):%Y-%m-%d}"
    ends = [end for end in (until, query.until and query.until + _DAY) if end]
    if ends:
        yield f"received<={min(ends).astimezone(UTC):%Y-%m-%d}"


def _plain(words: str) -> str:
    """Without what would end the phrase."""
    return " ".join(words.replace('"', " ").replace("\\", " ").split())
