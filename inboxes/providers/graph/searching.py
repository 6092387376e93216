"""A live look into a folder for its owner, by Exchange's own search (KQL) or by a filter. Nothing that is found is kept."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from inboxes.providers.base import CursorExpired, MessageGone, RemoteFolder, SearchQuery
from inboxes.providers.graph.client import GraphClient, path_of, rows_of
from inboxes.providers.graph.cursors import arrival, moment, written
from inboxes.providers.graph.errors import Asked
from inboxes.providers.graph.messages import EXPAND, SELECT

Json = dict[str, Any]

_DAY = timedelta(days=1)
_SPARE_ROWS = 50
"""More than asked for: messages of one second come in any order, and those at the edge are sorted out here."""
_MOST_ROWS = 1_000


def find_rows(client: GraphClient, folder: RemoteFolder, query: SearchQuery) -> list[Json]:
    """Messages that match, newest first; what Exchange takes for a match of words may be looked at again.

    Raises `CursorExpired` when `below` names nothing any more, `FolderGone`.
    """
    below = _place_of(client, folder, query.below) if query.below else None
    until = moment(below[0]) if below else None
    words = _words(query)
    options = _searched(query, words, until) if words and not query.message_id else _filtered(query, until)
    options |= {"$select": SELECT, "$expand": EXPAND, "$top": min(query.limit + _SPARE_ROWS, _MOST_ROWS)}
    url = client.url(path_of("mailFolders", folder.remote_id, "messages", query=options))
    rows = {row["id"]: row for row in rows_of(client.get(url, Asked.FOLDER)) if arrival(row)}
    newest_first = sorted(rows.values(), key=_place, reverse=True)
    return [row for row in newest_first if (below is None or _place(row) < below) and _is_within(row, query)]


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
    bounds += [f"receivedDateTime le {written(min(ends))}"] if ends else []
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
