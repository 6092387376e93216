"""A mailbox behind IMAP as a `MailProvider`: EXAMINE and BODY.PEEK only, UIDs only, headers before bodies."""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple, Self

from inboxes.envelope import Address, Envelope
from inboxes.marks import MarkNames
from inboxes.providers.base import (
    CursorExpired,
    FolderGone,
    Interest,
    MarksFound,
    Page,
    ProviderError,
    RateLimited,
    RawMessage,
    RemoteFolder,
    SearchQuery,
    TemporarilyUnavailable,
    Unreadable,
)
from inboxes.providers.imap.connection import ImapSettings
from inboxes.providers.imap.criteria import criteria_of
from inboxes.providers.imap.criteria import since as since_criteria
from inboxes.providers.imap.cursors import Place, format_cursor, format_remote_id, parse_cursor, parse_remote_id
from inboxes.providers.imap.fetch import Row
from inboxes.providers.imap.folders import folder_id, raw_name
from inboxes.providers.imap.marks import MarksCursor, read_marks
from inboxes.providers.imap.scan import LARGEST_HEADER, Scan, header_items
from inboxes.providers.imap.session import LARGEST_UID, OpenFolder, Session
from inboxes.providers.imap.statuses import Status
from inboxes.providers.imap.streaming import Stream, chunks
from inboxes.providers.searching import names

PAGE_MESSAGES = 5_000
# Half a page, so that a page is two commands in flight at once and costs one round trip.
HEADERS_PER_COMMAND = 2_500
BODIES_PER_COMMAND = 100
BYTES_PER_COMMAND = 16 * 1024 * 1024
LARGEST_BODY = 35 * 1024 * 1024
# Of a message above that: its headers and the first 256 KB of its text.
PARTIAL_BYTES = (64 + 256) * 1024
PEOPLE_REMEMBERED = 10_000
"""Address fields as they were read, about 5 MB."""
READ_FOR_SEARCH = 1_000
"""Headers read of a folder on a server that cannot search for what was asked."""

_BODY_ITEMS = b"(UID BODY.PEEK[])"
_PARTIAL_ITEMS = b"(UID BODY.PEEK[]<0.%d>)" % PARTIAL_BYTES
_SIZE_ITEMS = b"(UID RFC822.SIZE)"
_STATUS_BATCH = 100
# The answers may be long, and are not read before all commands are sent.
_SURVEY_BATCH = 20


class _Listing(NamedTuple):
    """The UIDs a track has still to hand out. Kept between pages, so that a track is searched once and not for every page."""

    track: tuple[str, str, datetime | None]
    cursor: str
    folder: OpenFolder
    uids: "array[int]"


class ImapProvider:
    """See `MailProvider`. Cursors and remote ids: `cursors.py`. Signs in on first use, and again after a lost connection.

    `with_junk`: the junk folder is worth syncing, too, and so are the server's notes of spam in headers.
    """

    def __init__(
        self,
        settings: ImapSettings,
        *,
        with_junk: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._session = Session(settings)
        self._with_junk = with_junk
        self._now = now
        self._listings: dict[tuple[str, str, datetime | None], _Listing] = {}
        self._interruption: ProviderError | None = None
        self._sizes: dict[str, int] = {}
        self._people: dict[str, tuple[Address, ...]] = {}
        self._just_told: dict[str, Status] = {}
        self._statuses: dict[str, Status] = {}
        # A folder as it was when its anchor was pinned, and its state as it was told before that: its marks need no other look.
        self._first_looks: dict[str, tuple[Status, OpenFolder]] = {}
        self._just_listed: dict[str, str] = {}
        self._surveyed: dict[str, _Listing] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._just_told.clear()
        self._first_looks.clear()
        self._surveyed.clear()
        self._session.close()

    def begin(self) -> None:
        self._session.begin()

    def folders(self, known: Sequence[str] = ()) -> list[RemoteFolder]:
        names = [_raw(remote_id) for remote_id in known[:_STATUS_BATCH]]
        folders, statuses = self._session.folders(names, with_junk=self._with_junk)
        self._just_told = {folder_id(name): status for name, status in statuses.items()}
        return folders

    def searchable_folders(self) -> list[RemoteFolder]:
        return self._session.searchable_folders()

    def survey(self, folders: Sequence[RemoteFolder], *, since: datetime | None) -> None:
        raw = {_raw(folder.remote_id): folder for folder in folders}
        for start in range(0, len(raw), _SURVEY_BATCH):
            names = list(raw)[start : start + _SURVEY_BATCH]
            try:
                found = self._session.survey(names, since_criteria(since))
            except TemporarilyUnavailable as error:
                if isinstance(error, RateLimited) or error.cause == "timed_out":
                    raise
                return  # so many commands at once may be more than this server takes
            for name, (opened, uids) in found.items():
                track = ("backfill", raw[name].remote_id, since)
                there = array("I", (uid for uid in uids if uid < opened.uidnext))
                self._surveyed[raw[name].remote_id] = _Listing(track, _start(opened), opened, there)

    def anchor(self, folder: RemoteFolder) -> str:
        surveyed = self._surveyed.pop(folder.remote_id, None)
        opened = surveyed.folder if surveyed else self._session.examine(_raw(folder.remote_id))
        if surveyed:
            self._listings[surveyed.track] = surveyed
        if folder.remote_id in self._just_told:
            self._first_looks[folder.remote_id] = (self._just_told[folder.remote_id], opened)
        return _start(opened)

    def unchanged(self, cursors: Mapping[str, str]) -> set[str]:
        told, self._just_told = self._just_told, {}
        ids = [remote_id for remote_id in cursors if remote_id not in told]
        for start in range(0, len(ids), _STATUS_BATCH):
            batch = ids[start : start + _STATUS_BATCH]
            told |= zip(batch, self._session.statuses([_raw(remote_id) for remote_id in batch]), strict=True)
        self._statuses = {remote_id: told[remote_id] for remote_id in cursors}
        return {remote_id for remote_id, status in self._statuses.items() if _place(status) == cursors[remote_id]}

    def live_page(self, folder: RemoteFolder, cursor: str) -> Page:
        self._raise_interruption()
        if self._just_listed.pop(folder.remote_id, "") == cursor:
            return Page(envelopes=[], cursor=cursor, done=True)
        listing = self._continue(("live", folder.remote_id, None), cursor) or self._list_after(folder, cursor)
        taken, rest = listing.uids[:PAGE_MESSAGES], listing.uids[PAGE_MESSAGES:]
        scan = self._scan(folder, listing.folder, list(self._header_chunks(taken)))
        unread = next((uid for uid in taken if not scan.is_done(uid)), None)
        if unread is not None:
            taken = array("I", (uid for uid in taken if uid < unread))
        next_uid = unread or (rest[0] if rest else listing.folder.uidnext)
        place = Place(listing.folder.uidvalidity, next_uid)
        page = scan.page(taken, place, done=unread is None and not rest, remaining=len(rest))
        self._keep(listing._replace(cursor=page.cursor, uids=rest), interruption=scan.error)
        return page

    def backfill_page(
        self,
        folder: RemoteFolder,
        cursor: str,
        *,
        anchor: str,
        since: datetime | None,
        interest: Interest | None = None,
    ) -> Page:
        self._raise_interruption()
        track = ("backfill", folder.remote_id, since)
        cursor = cursor or anchor
        listing = self._continue(track, cursor) or self._list_before(folder, cursor, anchor, since)
        taken, rest = listing.uids[-PAGE_MESSAGES:], listing.uids[:-PAGE_MESSAGES]
        scan = self._scan(folder, listing.folder, [*self._header_chunks(taken)][::-1])
        unread = next((uid for uid in reversed(taken) if not scan.is_done(uid)), None)
        if unread is not None:
            taken = array("I", (uid for uid in taken if uid > unread))
        low_uid = unread + 1 if unread else (taken[0] if rest else 1)
        place = Place(listing.folder.uidvalidity, low_uid)
        page = scan.page(taken[::-1], place, done=unread is None and not rest, remaining=len(rest))
        self._keep(listing._replace(cursor=page.cursor, uids=rest), interruption=scan.error)
        return page

    def envelopes(self, folder: RemoteFolder, remote_ids: Sequence[str]) -> tuple[list[Envelope], list[Unreadable]]:
        # Opened anew and searched first, to tell a message that is gone from one the server does not show.
        self._session.selected = None
        opened, wanted = self._open_for(folder, remote_ids)
        there = set(self._session.search(wanted[0], wanted[-1])) if wanted else set()
        page = self._read_all(folder, opened, [uid for uid in wanted if uid in there])
        return page.envelopes, page.unreadable

    def bodies(self, folder: RemoteFolder, remote_ids: Sequence[str]) -> Iterator[RawMessage]:
        opened, wanted = self._open_for(folder, remote_ids)
        sizes = self._sizes_of(opened, wanted)
        whole = [uid for uid in wanted if sizes.get(uid, 0) <= LARGEST_BODY]
        large = [uid for uid in wanted if sizes.get(uid, 0) > LARGEST_BODY]
        for row in Stream(self._session, opened, _BODY_ITEMS, keep=LARGEST_BODY + 1).fetch(_body_chunks(whole, sizes)):
            if isinstance(row, Row) and row.body is not None:
                yield _raw_message(opened, row.uid, row.body)
        for row in Stream(self._session, opened, _PARTIAL_ITEMS, keep=PARTIAL_BYTES).fetch([uid] for uid in large):
            if isinstance(row, Row) and row.body is not None:
                yield RawMessage(format_remote_id(Place(opened.uidvalidity, row.uid)), row.body, partial=True)

    def remote_ids(self, folder: RemoteFolder, *, since: datetime | None) -> set[str]:
        surveyed = self._surveyed.pop(folder.remote_id, None)
        if surveyed and surveyed.track[2] == since:
            opened, uids = surveyed.folder, surveyed.uids
        else:
            name = _raw(folder.remote_id)
            opened, uids = self._session.examine_and_search(name, 1, LARGEST_UID, since_criteria(since))
        self._just_listed = {folder.remote_id: _start(opened)}
        return {f"{opened.uidvalidity}:{uid}" for uid in uids if uid < opened.uidnext}

    def marks(self, folder: RemoteFolder, cursor: str, names: MarkNames) -> MarksFound | None:
        name = _raw(folder.remote_id)
        status, opened = self._first_looks.pop(folder.remote_id, (self._statuses.pop(folder.remote_id, None), None))
        status = status or self._session.statuses([name])[0]
        seen = MarksCursor.of(status, names, now=self._now())
        if MarksCursor.parse(cursor).still_holds(seen):
            return None
        messages, has_keywords = read_marks(self._session, folder, opened or self._session.examine(name), names)
        return MarksFound(messages, str(seen._replace(has_keywords=has_keywords)))

    def search(self, folder: RemoteFolder, query: SearchQuery) -> list[Envelope]:
        opened = self._session.examine(_raw(folder.remote_id))
        if query.below and parse_remote_id(query.below).uidvalidity != opened.uidvalidity:
            raise CursorExpired
        criteria = criteria_of(query)
        try:
            uids = self._session.search_matching(criteria)
        except ProviderError as error:
            if error.cause != "search_not_supported" or query.text:
                raise
            return self._search_by_reading(folder, opened, query)
        return self._newest(folder, opened, uids, query)

    def _search_by_reading(self, folder: RemoteFolder, opened: OpenFolder, query: SearchQuery) -> list[Envelope]:
        """For servers that know no text but ASCII: the newest messages are looked through here."""
        plain = replace(query, address="", subject="", limit=READ_FOR_SEARCH)
        found = self._newest(folder, opened, self._session.search_matching(criteria_of(plain)), plain)
        return [envelope for envelope in found if names(envelope, query)][: query.limit]

    def _newest(
        self, folder: RemoteFolder, opened: OpenFolder, uids: Sequence[int], query: SearchQuery
    ) -> list[Envelope]:
        last = parse_remote_id(query.below).uid if query.below else LARGEST_UID + 1
        wanted = [uid for uid in uids if uid < last][-query.limit :]
        return self._read_all(folder, opened, wanted).envelopes[::-1]

    def _list_after(self, folder: RemoteFolder, cursor: str) -> _Listing:
        start = parse_cursor(cursor)
        opened, uids = self._session.examine_and_search(_raw(folder.remote_id), max(start.uid, 1), LARGEST_UID)
        if start.uidvalidity != opened.uidvalidity or start.uid > opened.uidnext:
            raise CursorExpired
        # What came in between the two commands is left to the next listing.
        uids = array("I", (uid for uid in uids if uid < opened.uidnext))
        return _Listing(("live", folder.remote_id, None), cursor, opened, uids)

    def _list_before(self, folder: RemoteFolder, cursor: str, anchor: str, since: datetime | None) -> _Listing:
        end = parse_cursor(cursor)
        opened, uids = self._search_below(_raw(folder.remote_id), end.uid, since_criteria(since))
        if not end.uidvalidity == parse_cursor(anchor).uidvalidity == opened.uidvalidity:
            raise CursorExpired
        return _Listing(("backfill", folder.remote_id, since), cursor, opened, uids)

    def _continue(self, track: tuple[str, str, datetime | None], cursor: str) -> _Listing | None:
        """What the page before left over, if `cursor` is the one it returned."""
        listing = self._listings.pop(track, None)
        if listing is None or listing.cursor != cursor:
            return None
        return listing

    def _keep(self, listing: _Listing, *, interruption: ProviderError | None) -> None:
        if interruption is None and listing.uids:
            self._listings[listing.track] = listing
        self._interruption = interruption

    def _raise_interruption(self) -> None:
        """What cut the last page short, once: a server that asked for a pause is not asked for the next page first."""
        interruption, self._interruption = self._interruption, None
        if interruption is not None:
            raise interruption

    def _opened(self, folder: RemoteFolder) -> OpenFolder:
        """The folder as it is open, or opened now: for what was there before, an older view is as good as a new one."""
        name = _raw(folder.remote_id)
        opened = self._session.selected
        return opened if opened is not None and opened.name == name else self._session.examine(name)

    def _search_below(self, name: bytes, end: int, criteria: bytes) -> tuple[OpenFolder, "array[int]"]:
        """For what was there before, a folder that is open already is as good as one that is opened anew."""
        opened = self._session.selected
        if opened is not None and opened.name == name:
            return opened, self._session.search(1, end - 1, criteria)
        if end <= 1:
            return self._session.examine(name), array("I")
        return self._session.examine_and_search(name, 1, end - 1, criteria)

    def _open_for(self, folder: RemoteFolder, remote_ids: Sequence[str]) -> tuple[OpenFolder, list[int]]:
        places = sorted({parse_remote_id(remote_id) for remote_id in remote_ids})
        opened = self._opened(folder)
        if any(place.uidvalidity != opened.uidvalidity for place in places):
            raise CursorExpired
        return opened, [place.uid for place in places]

    def _scan(self, folder: RemoteFolder, opened: OpenFolder, uid_chunks: Iterable[Sequence[int]]) -> Scan:
        items = header_items(gmail=self._session.connection.is_gmail, with_spam_notes=self._with_junk)
        if len(self._people) > PEOPLE_REMEMBERED:
            self._people.clear()
        scan = Scan(folder, opened.uidvalidity, now=self._now(), people=self._people)
        scan.run(Stream(self._session, opened, items, keep=LARGEST_HEADER).fetch(uid_chunks))
        self._sizes = scan.sizes
        return scan

    def _read_all(self, folder: RemoteFolder, opened: OpenFolder, uids: Sequence[int]) -> Page:
        scan = self._scan(folder, opened, self._header_chunks(uids))
        if scan.error is not None:
            raise scan.error
        return scan.page(uids, Place(opened.uidvalidity, opened.uidnext))

    def _header_chunks(self, uids: Sequence[int]) -> Iterator[Sequence[int]]:
        return chunks(uids, min(HEADERS_PER_COMMAND, self._session.connection.message_limit or HEADERS_PER_COMMAND))

    def _sizes_of(self, opened: OpenFolder, uids: Sequence[int]) -> dict[int, int]:
        """Sizes the last page told, asked for where it did not."""
        known = {uid: self._sizes.get(format_remote_id(Place(opened.uidvalidity, uid))) for uid in uids}
        unknown = [uid for uid, size in known.items() if size is None]
        for row in Stream(self._session, opened, _SIZE_ITEMS).fetch(self._header_chunks(unknown)):
            known[row.uid] = row.size if isinstance(row, Row) else None
        return {uid: size for uid, size in known.items() if size is not None}


def _raw(remote_id: str) -> bytes:
    try:
        return raw_name(remote_id)
    except UnicodeEncodeError:
        raise FolderGone from None


def _start(opened: OpenFolder) -> str:
    """The cursor above everything that is there, and below all that comes."""
    return format_cursor(Place(opened.uidvalidity, opened.uidnext))


def _place(status: Status) -> str:
    """The cursor at which a folder has nothing new; none is like it where the server does not tell."""
    return format_cursor(Place(status.get(b"UIDVALIDITY", -1), status.get(b"UIDNEXT", -1)))


def _raw_message(opened: OpenFolder, uid: int, body: bytes) -> RawMessage:
    """RFC822.SIZE can be wrong, so the limit is looked at again on what came."""
    too_large = len(body) > LARGEST_BODY
    return RawMessage(
        format_remote_id(Place(opened.uidvalidity, uid)), body[:PARTIAL_BYTES] if too_large else body, partial=too_large
    )


def _body_chunks(uids: Sequence[int], sizes: Mapping[int, int]) -> Iterator[Sequence[int]]:
    """At most 100 messages and about 16 MB for a command."""
    part: list[int] = []
    weight = 0
    for uid in uids:
        if part and (len(part) >= BODIES_PER_COMMAND or weight + sizes.get(uid, 0) > BYTES_PER_COMMAND):
            yield part
            part, weight = [], 0
        part.append(uid)
        weight += sizes.get(uid, 0)
    if part:
        yield part
