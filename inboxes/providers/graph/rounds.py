"""Rounds of delta over a folder: what is new in it, and what was said of messages that may be known.

A round says what is in the folder and what has left it, one page at a time. Rows may be repeated, come in any order, and hold no
more than what changed. A message that was moved away and back may be told as removed and never again, so what is removed is only
known not to be news: whether it is gone is for the daily comparison to say.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from inboxes.providers.graph.client import GraphClient, path_of, rows_of
from inboxes.providers.graph.cursors import LiveCursor, arrival
from inboxes.providers.graph.errors import Asked

Json = dict[str, Any]

FIRST_ROUND_ROWS = 500

# With the categories: a round reports changes of what it was asked to show.
_QUERY = {"$select": "receivedDateTime,categories"}


class Round(NamedTuple):
    """One page of a round: a row for each message that is in the folder, and the link behind it. `is_empty`: it said nothing."""

    rows: Mapping[str, Json]
    link: str
    is_last: bool
    is_empty: bool

    @property
    def is_without_news(self) -> bool:
        return self.is_last and self.is_empty

    def told_apart(self, live: LiveCursor) -> tuple[list[str], list[str]]:
        """Messages that are new, oldest first, and those of which it cannot be told: changed, or moved here.

        In the first round what arrived before the folder was anchored is neither: the past is listed by itself.
        """
        arrivals = {remote_id: arrival(row) for remote_id, row in self.rows.items()}
        if live.is_first:
            new = [remote_id for remote_id, arrived in arrivals.items() if arrived > live.newest]
            touched = [remote_id for remote_id, arrived in arrivals.items() if not arrived]
        else:
            new = [remote_id for remote_id, arrived in arrivals.items() if arrived and arrived >= live.newest]
            touched = [remote_id for remote_id, arrived in arrivals.items() if not arrived or arrived < live.newest]
        return live.without_shown(sorted(new, key=arrivals.__getitem__)), live.without_shown(touched)

    def cursor_behind(self, live: LiveCursor, *, now: datetime) -> LiveCursor:
        newest = live.newest if live.is_first else max([live.newest, *map(arrival, self.rows.values())])
        if self.is_last:
            return LiveCursor(live.folder, self.link, newest, at=int(now.timestamp()))
        return LiveCursor(live.folder, self.link, newest, is_first=live.is_first, is_open=True)


def follow(client: GraphClient, folder_id: str, live: LiveCursor, *, page_size: int) -> Round:
    """The next page, of the first round where none was begun. Raises `CursorExpired`, `FolderGone`."""
    if live.link:
        url, asked = client.known(live.link), Asked.ROUND
    else:
        url, asked = client.url(path_of("mailFolders", folder_id, "messages", "delta", query=_QUERY)), Asked.FOLDER
    body = client.get(url, asked, page_size=FIRST_ROUND_ROWS if live.is_first else page_size)
    rows = rows_of(body)
    here: dict[str, Json] = {}
    for row in rows:
        if "@removed" not in row:
            here[row["id"]] = {**here.get(row["id"], {}), **row}
    is_last = "@odata.nextLink" not in body
    link = client.checked(body.get("@odata.deltaLink" if is_last else "@odata.nextLink"))
    return Round(here, link, is_last, is_empty=not rows)
