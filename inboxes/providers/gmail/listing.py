"""Listing the ids of messages: by a query, by labels, by what was added since."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from inboxes.providers.base import CursorExpired, ProviderError, TemporarilyUnavailable
from inboxes.providers.gmail.client import Answer, Call, Client
from inboxes.providers.gmail.cursors import LiveCursor
from inboxes.providers.gmail.history import read_history

PAGE = 500
"""The most that Gmail lists at once; a page costs the same however short it is."""


class Listed(NamedTuple):
    """`estimate`: how many the whole query finds, roughly, where one page does not hold them all."""

    ids: list[str]
    next_page: str
    estimate: int


def list_call(query: str, *, page: str = "", label: str = "", hidden: bool = False) -> Call:
    parameters: dict[str, Any] = {"q": query, "maxResults": PAGE}
    if page:
        parameters["pageToken"] = page
    if label:
        parameters["labelIds"] = [label]
    if hidden:
        parameters["includeSpamTrash"] = True
    return Call("messages.list", parameters)


def read_list(answer: Mapping[str, Any]) -> Listed:
    """Raises `TemporarilyUnavailable`."""
    try:
        ids = [str(message["id"]) for message in answer.get("messages", ())]
        return Listed(ids, str(answer.get("nextPageToken", "")), int(answer.get("resultSizeEstimate", 0)))
    except (KeyError, TypeError, ValueError):
        raise TemporarilyUnavailable("answer_not_understood") from None


def all_ids(client: Client, query: str, *, label: str = "", hidden: bool = False) -> Iterator[str]:
    """Every id that the query finds, newest first, page by page as they are taken."""
    page = ""
    while True:
        listed = read_list(client.run(list_call(query, page=page, label=label, hidden=hidden)))
        yield from listed.ids
        if not listed.next_page:
            return
        page = listed.next_page


def ids_of_any(client: Client, queries_and_labels: Collection[tuple[str, str]]) -> set[str]:
    """The ids that at least one of the queries finds, among messages with the label if one is given."""
    found: set[str] = set()
    waiting = {str(key): (query, label, "") for key, (query, label) in enumerate(queries_and_labels)}
    while waiting:
        calls = {key: list_call(query, label=label, page=page) for key, (query, label, page) in waiting.items()}
        for key, answer in client.run_many(calls):
            listed = read_list(_certain(answer))
            found.update(listed.ids)
            query, label, _ = waiting.pop(key)
            if listed.next_page:
                waiting[key] = query, label, listed.next_page
    return found


def _certain(answer: Answer | ProviderError) -> Answer:
    """One query that failed leaves out mail that may matter: then nothing is known."""
    if isinstance(answer, ProviderError):
        raise answer
    return answer


def added_since(client: Client, history_id: int, hidden: Collection[str]) -> set[str] | None:
    """The messages that are not `hidden` by a label and came after that moment; None if the history does not reach back so far."""
    found: set[str] = set()
    at = LiveCursor(history_id)
    while True:
        try:
            answer = client.run(history_call(at, types=["messageAdded"]))
            page = read_history(answer, start=at.start, hidden=hidden)
            found.update(page.added)
            if not page.next_page:
                return found
            at = at.listed(ids=[], top=page.top, end=page.end, next_page=page.next_page)
        except CursorExpired:
            return None


def history_call(at: LiveCursor, *, types: Collection[str] = ()) -> Call:
    parameters: dict[str, Any] = {"startHistoryId": str(at.start), "maxResults": PAGE}
    if types:
        parameters["historyTypes"] = list(types)
    if at.page:
        parameters["pageToken"] = at.page
    return Call("history.list", parameters)
