"""What happened in a mailbox, in order."""

import random
from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Change(StrEnum):
    """As `historyTypes` names them; `key` is how a record does."""

    ADDED = "messageAdded"
    DELETED = "messageDeleted"
    LABELS_ADDED = "labelAdded"
    LABELS_REMOVED = "labelRemoved"

    @property
    def key(self) -> str:
        return self.value.replace("message", "messages").replace("label", "labels")


@dataclass(frozen=True, slots=True)
class Record:
    """`labels` are those of the message after the change; `changed` those that came or went."""

    id: int
    change: Change
    message_id: str
    thread_id: str
    labels: tuple[str, ...]
    changed: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        reference: dict[str, Any] = {"id": self.message_id, "threadId": self.thread_id}
        message = reference | ({"labelIds": list(self.labels)} if self.labels else {})
        entry: dict[str, Any] = {"message": message}
        if self.changed:
            entry["labelIds"] = list(self.changed)
        return {"id": str(self.id), "messages": [reference], self.change.key: [entry]}


class History:
    """Ids grow but leave gaps. Records before `floor` are forgotten: whoever starts there has to list everything anew."""

    def __init__(self, seed: str, start: int = 1_000) -> None:
        self.current = start
        self.floor = start
        self.records: list[Record] = []
        self._random = random.Random(seed)

    def note(
        self, change: Change, message_id: str, thread_id: str, labels: Collection[str], changed: Collection[str] = ()
    ) -> int:
        """Returns the id of the new record."""
        self.current += self._random.randint(1, 30)
        record = Record(self.current, change, message_id, thread_id, tuple(sorted(labels)), tuple(sorted(changed)))
        self.records.append(record)
        return self.current

    def jump(self, to: int) -> None:
        """The next id is greater than this one. Raises ValueError for a step back."""
        if to < self.current:
            raise ValueError("history ids only grow")
        self.current = to

    def expire(self) -> None:
        """Forgets everything that has happened so far."""
        self.floor = self.current
        self.records.clear()

    def knows(self, start: int) -> bool:
        return self.floor <= start <= self.current

    def after(self, start: int, *, types: Sequence[str], label: str, limit: int) -> list[Record]:
        """The first `limit` records after `start` that are of these types (none: of all) and about messages with the label."""
        found: list[Record] = []
        for record in self.records[bisect_right(self.records, start, key=lambda record: record.id) :]:
            if types and record.change not in types:
                continue
            if label and label not in record.labels and label not in record.changed:
                continue
            found.append(record)
            if len(found) == limit:
                break
        return found
