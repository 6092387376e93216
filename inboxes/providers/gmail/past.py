"""The past of a mailbox, listed newest first in windows of days, and sifted by whom its messages name."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from inboxes.providers.base import CursorExpired
from inboxes.providers.gmail import queries
from inboxes.providers.gmail.client import UNITS, Client
from inboxes.providers.gmail.cursors import PastCursor
from inboxes.providers.gmail.labels import HIDDEN_BUT_SPAM, NOT_MAIL
from inboxes.providers.gmail.listing import Listed, added_since, ids_of_any, list_call, read_list

WINDOW = int(timedelta(days=30).total_seconds())
"""A page token that dies costs no more than the listing of one window."""


@dataclass(frozen=True, slots=True)
class Sieve:
    """Whom a message has to name to be worth reading its headers, or which label it has to carry. Sent mail always is.

    Gmail searches From, To, Cc and Bcc only: who is named in Reply-To or Sender alone is not found.
    """

    addresses: frozenset[str]
    mark_labels: frozenset[str]


class Past:
    """Lists one page after the other; what it holds between them only saves requests.

    `with_junk`: spam is listed, too. `only`: the address whose mail is listed, "" for all mail.
    """

    def __init__(self, client: Client, *, now: Callable[[], datetime], with_junk: bool = False, only: str = "") -> None:
        self._client = client
        self._with_junk = with_junk
        self._only = only
        self._now = now
        self._asked: tuple[object, ...] = ()
        self._found: set[str] = set()

    def begin(self, first_second: int) -> PastCursor:
        """The newest window is open to the future. `first_second`: where the past begins, 0 for no bound."""
        return PastCursor(after=max(queries.seconds(self._now()) - WINDOW, first_second))

    def list_next(
        self, at: PastCursor, anchor: int, first_second: int, sieve: Sieve | None
    ) -> tuple[PastCursor, list[str]]:
        """The cursor with the next messages to read in it, and those that need not be read."""
        at, listed = self._page(at)
        ids, sieve = self._before_anchor(at, listed.ids, anchor, sieve)
        wanted = self._of_interest(at, ids, sieve) if sieve else set(ids)
        older = at.older if at.page else self._count_older(at, first_second)
        after = replace(
            at, page=listed.next_page, listed=at.listed + len(listed.ids), estimate=listed.estimate, older=older
        )
        if not listed.next_page:
            after = _next_window(after, first_second) if older else PastCursor(finished=True)
        after = replace(after, rest=tuple(one for one in ids if one in wanted))
        return after, [one for one in ids if one not in wanted]

    def _page(self, at: PastCursor) -> tuple[PastCursor, Listed]:
        try:
            return at, self._list(at)
        except CursorExpired:
            # Its token died. A shorter window has fewer pages, so that this comes to an end however short tokens live.
            end = at.before or queries.seconds(self._now())
            at = PastCursor(after=max((at.after + end) // 2, at.after), before=at.before)
            return at, self._list(at)

    def _list(self, at: PastCursor) -> Listed:
        return read_list(self._client.run(list_call(self._window(at), page=at.page)))

    def _before_anchor(
        self, at: PastCursor, ids: list[str], anchor: int, sieve: Sieve | None
    ) -> tuple[list[str], Sieve | None]:
        """What came after the anchor belongs to the live track, and only there it is looked at.

        Where that can no longer be told, nothing may be sifted: a search that was made before a message came does not know it.
        """
        if at.before or not ids:
            return ids, sieve
        since = added_since(self._client, anchor, HIDDEN_BUT_SPAM if self._with_junk else NOT_MAIL)
        if since is None:
            return ids, None
        return [one for one in ids if one not in since], sieve

    def _of_interest(self, at: PastCursor, ids: Collection[str], sieve: Sieve) -> set[str]:
        """Those worth reading; all of them where reading costs less than finding out."""
        window = self._window(at)
        asked = (window, sieve.addresses, sieve.mark_labels)
        if asked != self._asked:
            questions = [(f"{window} {group}", "") for group in queries.naming(sieve.addresses)]
            questions += [(f"{window} in:sent", ""), *((window, label) for label in sorted(sieve.mark_labels))]
            if len(questions) * UNITS["messages.list"] >= len(ids) * UNITS["messages.get"]:
                return set(ids)
            self._found = ids_of_any(self._client, questions)
            self._asked = asked
        return self._found.intersection(ids)

    def _count_older(self, at: PastCursor, first_second: int) -> int:
        """About how many messages lie before the window; 0 is certain."""
        if at.after <= first_second:
            return 0
        window = queries.window(first_second, at.after, with_junk=self._with_junk, only=self._only)
        listed = read_list(self._client.run(list_call(window)))
        return max(len(listed.ids), listed.estimate if listed.next_page else 0)

    def _window(self, at: PastCursor) -> str:
        return queries.window(at.after, at.before, with_junk=self._with_junk, only=self._only)


def _next_window(at: PastCursor, first_second: int) -> PastCursor:
    """An empty window is followed by one of twice its length: between two mails there may be years."""
    length = WINDOW if at.listed or not at.before else 2 * (at.before - at.after)
    return PastCursor(after=max(at.after - length, first_second, 0), before=at.after, older=at.older)
