"""A Gmail mailbox, and what its owner and the world do to it."""

import re
import threading
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from crm_project.demo.clock import Clock
from crm_project.demo.google.history import Change, History
from crm_project.demo.google.messages import StoredMessage

SYSTEM_LABELS = (
    "INBOX SENT DRAFT SPAM TRASH UNREAD STARRED IMPORTANT CHAT YELLOW_STAR "
    "CATEGORY_PERSONAL CATEGORY_SOCIAL CATEGORY_PROMOTIONS CATEGORY_UPDATES CATEGORY_FORUMS"
).split()
_REPLY_MARKS = re.compile(r"^(?:(?:re|fwd?|aw|返信|転送)\s*[:：]\s*)+", re.IGNORECASE)


@dataclass(slots=True)
class Label:
    id: str
    name: str
    type: str = "user"
    message_list_visibility: str = ""
    label_list_visibility: str = ""


@dataclass(slots=True)
class SendAs:
    """An address the owner may write from."""

    address: str
    name: str = ""
    reply_to: str = ""
    is_primary: bool = False
    is_default: bool = False
    is_verified: bool = True


@dataclass(slots=True)
class Watch:
    """What `users.watch` was last asked for."""

    topic: str
    expires_at: datetime
    label_ids: tuple[str, ...] = ()
    excludes: bool = False


@dataclass
class FakeMailbox:
    """All changes go through its methods, which write the history. `is_enabled`: the account has the Gmail service."""

    address: str
    name: str
    clock: Clock
    lock: threading.RLock
    on_change: Callable[["FakeMailbox", StoredMessage], None] = lambda mailbox, message: None
    is_enabled: bool = True
    messages: dict[str, StoredMessage] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    aliases: list[SendAs] = field(default_factory=list)
    watch: Watch | None = None
    # Answers with the same page of its history for ever, as was seen of the real one.
    history_loops: bool = False

    def __post_init__(self) -> None:
        self.history = History(self.address)
        self._order: list[tuple[int, str]] = []
        self._by_message_id: dict[str, str] = {}
        self.serials = count(1)
        if not self.labels:
            self.labels = {name: Label(name, name, "system") for name in SYSTEM_LABELS}
        if not self.aliases:
            self.aliases = [SendAs(self.address, self.name, is_primary=True, is_default=True)]

    @property
    def history_id(self) -> int:
        return self.history.current

    @history_id.setter
    def history_id(self, value: int) -> None:
        with self.lock:
            self.history.jump(value)

    def deliver(
        self,
        raw: bytes,
        *,
        labels: Iterable[str] = ("INBOX",),
        received_at: datetime | None = None,
        thread_id: str = "",
    ) -> str:
        """The id of the new message. `labels` are ids or names; names that are new become labels of the owner's."""
        with self.lock:
            received = int((received_at or self.clock.now()).timestamp() * 1000)
            message_id = f"{received << 16 | next(self.serials) & 0xFFFF:016x}"
            while message_id in self.messages:
                message_id = f"{received << 16 | next(self.serials) & 0xFFFF:016x}"
            message = StoredMessage(message_id, "", raw, received, {self.label_id(label) for label in labels})
            message.thread_id = thread_id or self._thread_of(message) or message_id
            self.restore(message)
            self._changed(message, Change.ADDED)
            return message_id

    def delete(self, message_id: str) -> None:
        """For good; nothing of it remains but a line of the history."""
        with self.lock:
            message = self.messages.pop(message_id)
            del self._order[bisect_left(self._order, message.place)]
            self._changed(message, Change.DELETED)

    def label(self, message_id: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        """Labels by id or name. Only what really changes is written into the history."""
        with self.lock:
            message = self.messages[message_id]
            added = {self.label_id(label) for label in add} - message.labels
            removed = {self.label_id(label) for label in remove} & message.labels
            message.labels = (message.labels | added) - removed
            if added:
                self._changed(message, Change.LABELS_ADDED, added)
            if removed:
                self._changed(message, Change.LABELS_REMOVED, removed)

    def trash(self, message_id: str) -> None:
        self.label(message_id, add=["TRASH"], remove=["INBOX", "SPAM"])

    def edit_draft(self, message_id: str, raw: bytes) -> str:
        """A draft that is saved again is another message of the same thread."""
        with self.lock:
            draft = self.messages[message_id]
            self.delete(message_id)
            return self.deliver(raw, labels=draft.labels, thread_id=draft.thread_id)

    def expire_history(self) -> None:
        """Every historyId that was handed out so far answers with 404."""
        with self.lock:
            self.history.note(Change.LABELS_ADDED, "", "", ())
            self.history.expire()

    def label_id(self, name: str) -> str:
        """The id of a label given by id or name; a name that is new becomes a label."""
        for label in self.labels.values():
            if name == label.id or name.casefold() == label.name.casefold():
                return label.id
        return self.create_label(name).id

    def create_label(self, name: str) -> Label:
        with self.lock:
            label = Label(f"Label_{next(self.serials)}", name)
            while label.id in self.labels:
                label = Label(f"Label_{next(self.serials)}", name)
            self.labels[label.id] = label
            return label

    def rename_label(self, label: str, name: str) -> None:
        with self.lock:
            self.labels[self.label_id(label)].name = name

    def delete_label(self, label: str) -> None:
        with self.lock:
            label_id = self.label_id(label)
            for message in [message for message in self.messages.values() if label_id in message.labels]:
                self.label(message.id, remove=[label_id])
            del self.labels[label_id]

    def add_alias(self, address: str, *, name: str = "", is_default: bool = False, is_verified: bool = True) -> None:
        with self.lock:
            for alias in self.aliases if is_default else ():
                alias.is_default = False
            self.aliases.append(SendAs(address, name, is_default=is_default, is_verified=is_verified))

    def newest_first(self, *, before: tuple[int, str] | None = None) -> Iterator[StoredMessage]:
        """All messages, or those that come after the one at this place."""
        end = len(self._order) if before is None else bisect_left(self._order, before)
        for position in range(end - 1, -1, -1):
            yield self.messages[self._order[position][1]]

    def restore(self, message: StoredMessage) -> None:
        """Files a message without a line of history: what a saved state held."""
        self.messages[message.id] = message
        insort(self._order, message.place)
        for known in message.message_ids:
            self._by_message_id.setdefault(known, message.id)

    def contents(self) -> dict[str, tuple[frozenset[str], bytes]]:
        """What it holds (id → labels, bytes), to compare with later: nobody may have touched it."""
        with self.lock:
            return {message.id: (frozenset(message.labels), message.raw) for message in self.messages.values()}

    def _thread_of(self, message: StoredMessage) -> str:
        """That of a message it answers, if both have the same subject."""
        for answered in reversed(message.answers):
            known = self.messages.get(self._by_message_id.get(answered, ""))
            if known and _bare(known.subject) == _bare(message.subject):
                return known.thread_id
        return ""

    def _changed(self, message: StoredMessage, change: Change, changed: Iterable[str] = ()) -> None:
        labels = () if change is Change.DELETED else message.labels
        message.history_id = self.history.note(change, message.id, message.thread_id, labels, tuple(changed))
        self.on_change(self, message)


def _bare(subject: str) -> str:
    return _REPLY_MARKS.sub("", subject).strip().casefold()
