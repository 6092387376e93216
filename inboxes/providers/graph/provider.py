"""A mailbox of Microsoft 365 or Outlook.com as a `MailProvider`.

New mail is told by rounds of delta over each folder; the first of them lists everything there is, and what was there when the
folder was anchored is left to the past. The past is listed by time of arrival, and counted before it is taken for complete.
"""

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Self

from inboxes.envelope import Address, Envelope, FolderRole
from inboxes.marks import MarkNames
from inboxes.providers import searching
from inboxes.providers.base import (
    AccessToken,
    CursorExpired,
    FolderGone,
    Interest,
    MarksFound,
    MessageGone,
    NoPace,
    Pace,
    Page,
    ProviderError,
    RawMessage,
    RemoteFolder,
    SearchQuery,
    TemporarilyUnavailable,
    Unreadable,
)
from inboxes.providers.graph import listing
from inboxes.providers.graph.client import LARGEST_ANSWER, GraphClient, GraphSettings, Json, path_of
from inboxes.providers.graph.cursors import LiveCursor, PastCursor, arrival, digest
from inboxes.providers.graph.errors import Asked
from inboxes.providers.graph.folders import list_folders
from inboxes.providers.graph.listing import Listed, list_page
from inboxes.providers.graph.marks import marks_cursor, read_marks
from inboxes.providers.graph.messages import EXPAND, SELECT, envelope_of, names_any
from inboxes.providers.graph.reading import REFUSED, Reading, read_messages
from inboxes.providers.graph.rounds import Round, follow
from inboxes.providers.graph.searching import find_rows

ROUND_ROWS = 100
PAST_ROWS = 200
CAREFUL_ROWS = 20
LAPS = 3
"""A listing that comes up short of the count is done so often. What is missing then is left to the daily comparison."""
LINK_GROWS_OLD = timedelta(hours=12)
"""Links die some time after they were given; where nothing happens a new one is taken now and then."""
PARTIAL_BYTES = (64 + 256) * 1024
"""Kept of a message above 35 MB: its headers and the first 256 KB of its text."""


class GraphProvider:
    """See `MailProvider`. Cursors and remote ids: `cursors.py`."""

    def __init__(
        self,
        settings: GraphSettings,
        token: AccessToken,
        pace: Pace | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = GraphClient(settings, token, pace or NoPace(), now)
        self._now = now
        self._careful = settings.careful
        self._with_junk = settings.with_junk
        self._looked: dict[str, tuple[str, Round]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def begin(self) -> None:
        """Nothing is under way between two requests."""

    def folders(self, known: Sequence[str] = ()) -> list[RemoteFolder]:
        return list_folders(self._client, with_junk=self._with_junk)

    def searchable_folders(self) -> list[RemoteFolder]:
        return list_folders(self._client, with_dropped=True)

    def survey(self, folders: Sequence[RemoteFolder], *, since: datetime | None) -> None:
        """Nothing to be had in one go."""

    def anchor(self, folder: RemoteFolder) -> str:
        newest = listing.newest(self._client, folder.remote_id)
        return str(LiveCursor(digest(folder.remote_id), newest=newest, is_first=True, is_open=True))

    def unchanged(self, cursors: Mapping[str, str]) -> set[str]:
        same = set()
        for remote_id, cursor in cursors.items():
            try:
                live = LiveCursor.parse(cursor, remote_id)
                if live.is_settled:
                    seen = self._follow(remote_id, live)
                    self._looked[remote_id] = (cursor, seen)
                    same |= {remote_id} if self._is_quiet(live, seen) else set()
            except (CursorExpired, FolderGone):
                continue  # `live_page` says so where it can be acted on
        return same

    def live_page(self, folder: RemoteFolder, cursor: str) -> Page:
        live = LiveCursor.parse(cursor, folder.remote_id)
        looked_at, seen = self._looked.pop(folder.remote_id, ("", None))
        if seen is None or looked_at != cursor:
            seen = self._follow(folder.remote_id, live)
        if self._is_quiet(live, seen):
            return Page(envelopes=[], cursor=cursor, done=True)
        new, touched = seen.told_apart(live)
        reading = read_messages(self._client, folder, new)
        answered = [remote_id for remote_id in new if reading.answers_for(remote_id)]
        if reading.error is None:
            following, done = seen.cursor_behind(live, now=self._now()), seen.is_last
        elif answered:
            following, done = live.having_shown([*answered, *touched]), False
        else:
            raise reading.error
        return self._page(folder, answered, reading, Page([], str(following), done, touched=touched))

    def backfill_page(
        self,
        folder: RemoteFolder,
        cursor: str,
        *,
        anchor: str,
        since: datetime | None,
        interest: Interest | None = None,
    ) -> Page:
        newest = LiveCursor.parse(anchor, folder.remote_id).newest
        past = PastCursor.parse(cursor) if cursor else PastCursor(newest, is_done=not newest)
        if past.is_done:
            return Page(envelopes=[], cursor=str(past), done=True)
        if not past.until:
            past = self._counted(folder, past, newest=newest, since=since)
            return Page(envelopes=[], cursor=str(past), done=past.is_done)
        page, listed = self._past_page(folder, past, since, interest)
        past = past._replace(until=listed.until, listed=past.listed + len(listed.rows))
        if not past.until:
            # If it cannot be counted now, the page is good all the same: the next call counts again.
            with contextlib.suppress(TemporarilyUnavailable):
                past = self._counted(folder, past, newest=newest, since=since)
        page.cursor, page.done, page.remaining = str(past), past.is_done, listed.remaining
        return page

    def envelopes(self, folder: RemoteFolder, remote_ids: Sequence[str]) -> tuple[list[Envelope], list[Unreadable]]:
        wanted = list(dict.fromkeys(remote_ids))
        reading = read_messages(self._client, folder, wanted)
        if reading.error is not None:
            raise reading.error
        page = self._page(folder, wanted, reading, Page([], "", done=True))
        return page.envelopes, page.unreadable

    def bodies(self, folder: RemoteFolder, remote_ids: Sequence[str]) -> Iterator[RawMessage]:
        paths = {one: path_of("mailFolders", folder.remote_id, "messages", one, "$value") for one in remote_ids}
        trouble: ProviderError | None = None
        came = 0
        for remote_id, found in self._client.contents(paths):
            if isinstance(found, bytes):
                came += 1
                too_large = len(found) > LARGEST_ANSWER
                yield RawMessage(remote_id, found[:PARTIAL_BYTES] if too_large else found, partial=too_large)
            elif not isinstance(found, MessageGone):
                trouble = trouble or found
        if trouble is not None:
            raise trouble
        if paths and not came:
            # One message after another may be gone, or all of them with their folder.
            self._client.get(self._client.url(path_of("mailFolders", folder.remote_id)), Asked.FOLDER)

    def remote_ids(self, folder: RemoteFolder, *, since: datetime | None) -> set[str]:
        return set(listing.all_ids(self._client, folder.remote_id, since=since))

    def marks(self, folder: RemoteFolder, cursor: str, names: MarkNames) -> MarksFound | None:
        link = self._state_of(folder)
        now = marks_cursor(names, link)
        if link and cursor == now:
            return None
        return MarksFound(read_marks(self._client, folder, names), now)

    def search(self, folder: RemoteFolder, query: SearchQuery) -> list[Envelope]:
        rows = find_rows(self._client, folder, query)
        found = (envelope_of(row, folder, now=self._now()) for row in rows)
        return list(islice((envelope for envelope in found if searching.names(envelope, query)), query.limit))

    def _follow(self, folder_id: str, live: LiveCursor) -> Round:
        return follow(self._client, folder_id, live, page_size=self._at_most(ROUND_ROWS))

    def _is_quiet(self, live: LiveCursor, seen: Round) -> bool:
        """Whether there is nothing to note, not even another link."""
        age = self._now().timestamp() - live.at
        return live.is_settled and seen.is_without_news and age < LINK_GROWS_OLD.total_seconds()

    def _state_of(self, folder: RemoteFolder) -> str:
        """The link from which on nothing has happened in the folder, as far as `unchanged` has just seen; "" if it did not look."""
        cursor, seen = self._looked.get(folder.remote_id, ("", None))
        if seen is None:
            return ""
        live = LiveCursor.parse(cursor, folder.remote_id)
        return live.link if seen.is_without_news else seen.link

    def _past_page(
        self, folder: RemoteFolder, past: PastCursor, since: datetime | None, interest: Interest | None
    ) -> tuple[Page, Listed]:
        """What is to be looked at of the next listing, and as much of the listing as was looked at."""
        is_sent = folder.role is FolderRole.SENT
        is_told = past.lap == 0 and (is_sent or interest is not None)
        listed = list_page(
            self._client,
            folder.remote_id,
            until=past.until,
            since=since,
            select=SELECT if is_told else "receivedDateTime",
            expand=EXPAND if is_told else "",
            top=self._at_most(listing.LIST_ROWS if past.lap else PAST_ROWS),
        )
        ids = [row["id"] for row in listed.rows]
        if past.lap:
            return Page([], "", done=False, touched=ids), listed
        if is_sent:
            # Sent mail has no Internet headers to ask for.
            known = Reading(rows={row["id"]: row for row in listed.rows})
            return self._page(folder, ids, known, Page([], "", done=False)), listed
        return self._sifted_page(folder, listed, interest)

    def _sifted_page(self, folder: RemoteFolder, listed: Listed, interest: Interest | None) -> tuple[Page, Listed]:
        sifted = set() if interest is None else _not_of(interest, folder, listed.rows)
        reading = read_messages(self._client, folder, [row["id"] for row in listed.rows if row["id"] not in sifted])
        if reading.error is not None:
            listed = _up_to_first_unread(listed, reading, sifted)
        ids = [row["id"] for row in listed.rows]
        page = Page([], "", done=False, sifted=[remote_id for remote_id in ids if remote_id in sifted])
        return self._page(folder, ids, reading, page), listed

    def _counted(self, folder: RemoteFolder, past: PastCursor, *, newest: str, since: datetime | None) -> PastCursor:
        """Where to go on at the end of a listing: one that came up short is done again, to look for the rest."""
        total = listing.count(self._client, folder.remote_id, until=newest, since=since)
        if past.listed < total and past.lap + 1 < LAPS:
            return PastCursor(newest, lap=past.lap + 1)
        return past._replace(is_done=True)

    def _page(self, folder: RemoteFolder, remote_ids: Sequence[str], reading: Reading, page: Page) -> Page:
        """`page` with the envelopes of those of the ids that were read, in their order."""
        people: dict[str, tuple[Address, ...]] = {}
        for remote_id in remote_ids:
            if remote_id in reading.refused:
                page.unreadable.append(Unreadable(remote_id, REFUSED))
            elif remote_id in reading.rows:
                try:
                    row = reading.rows[remote_id]
                    page.envelopes.append(envelope_of(row, folder, now=self._now(), people=people))
                except Exception:  # noqa: BLE001 - one message must never stop the mail behind it
                    page.unreadable.append(Unreadable(remote_id, "headers_unreadable"))
        return page

    def _at_most(self, rows: int) -> int:
        return CAREFUL_ROWS if self._careful else rows


def _not_of(interest: Interest, folder: RemoteFolder, rows: Iterable[Json]) -> set[str]:
    if folder.role is FolderRole.OTHER and interest.mark_names.of_folder(folder.name):
        return set()
    return {row["id"] for row in rows if not row.get("categories") and not names_any(row, interest.addresses)}


def _up_to_first_unread(listed: Listed, reading: Reading, sifted: Collection[str]) -> Listed:
    """Raises what ended the reading if it left nothing that can be told by time from what was not read."""
    unread = next(row for row in listed.rows if row["id"] not in sifted and not reading.answers_for(row["id"]))
    edge = arrival(unread)
    kept = [row for row in listed.rows if arrival(row) > edge]
    if not kept and reading.error is not None:
        raise reading.error
    return Listed(kept, edge, listed.remaining + len(listed.rows) - len(kept))
