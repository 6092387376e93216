"""One page of a mailbox's history: what was added to it, and what may have become mail."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from inboxes.providers.base import TemporarilyUnavailable
from inboxes.providers.gmail.labels import COMES_WITH, NOT_MAIL

_KINDS = ("messagesAdded", "labelsAdded", "labelsRemoved", "messagesDeleted")


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """`added` and `touched` are ids, each in one of them and once, oldest first. `top`: the newest record, 0 if there is none.

    `end`: the mailbox's historyId, which is the next cursor on the last page only (no `next_page`).
    """

    start: int
    added: list[str]
    touched: list[str]
    top: int
    end: int
    next_page: str

    @property
    def is_quiet(self) -> bool:
        return not self.top and not self.next_page


def read_history(
    answer: Mapping[str, Any], *, start: int, seen: int = 0, hidden: Collection[str] = NOT_MAIL
) -> HistoryPage:
    """`seen`: the newest record that was read before; it and older ones are passed over. What has a label that is `hidden` is no news.

    Raises `TemporarilyUnavailable`.
    """
    try:
        records = [record for record in answer.get("history", ()) if int(record["id"]) > seen]
        news = _news(records, hidden)
        return HistoryPage(
            start,
            added=[message for message, is_new in news.items() if is_new],
            touched=[message for message, is_new in news.items() if not is_new],
            top=max((int(record["id"]) for record in records), default=0),
            end=int(answer["historyId"]),
            next_page=str(answer.get("nextPageToken", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise TemporarilyUnavailable("answer_not_understood") from None


def _news(records: Iterable[Mapping[str, Any]], hidden: Collection[str]) -> dict[str, bool]:
    """Ids of messages that are mail as far as the records tell, and whether they are new to the mailbox."""
    news: dict[str, bool] = {}
    for kind, entry in _changes(records):
        message = entry["message"]
        message_id, changed = str(message["id"]), set(entry.get("labelIds", ()))
        if kind == "messagesAdded":
            news[message_id] = True
        elif (kind == "labelsAdded" and changed & COMES_WITH) or (kind == "labelsRemoved" and changed & NOT_MAIL):
            news.setdefault(message_id, False)
        # Which labels it has by now is not always told.
        labels = {*message.get("labelIds", ()), *(changed if kind == "labelsAdded" else ())}
        if kind == "messagesDeleted" or not labels.isdisjoint(hidden):
            news.pop(message_id, None)
    return news


def _changes(records: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for record in records:
        for kind in _KINDS:
            for entry in record.get(kind, ()):
                yield kind, entry
