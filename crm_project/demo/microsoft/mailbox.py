"""One mailbox: folders, messages and the log of what changed, which delta rounds and notifications are made from."""

import hashlib
import threading
from base64 import urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import Literal

from crm_project.demo.clock import Clock
from crm_project.demo.microsoft.content import Content

Kind = Literal["created", "updated", "removed"]
WELL_KNOWN: dict[str, tuple[str, str]] = {  # name: English, Japanese
    "inbox": ("Inbox", "受信トレイ"),
    "drafts": ("Drafts", "下書き"),
    "sentitems": ("Sent Items", "送信済みアイテム"),
    "deleteditems": ("Deleted Items", "削除済みアイテム"),
    "junkemail": ("Junk Email", "迷惑メール"),
    "archive": ("Archive", "アーカイブ"),
    "outbox": ("Outbox", "送信トレイ"),
    "conversationhistory": ("Conversation History", "会話の履歴"),
}
ROOT = "msgfolderroot"
_WRITTEN_HERE = {"sentitems", "drafts", "outbox"}


@dataclass
class Folder:
    """`well_known` is the name that does not depend on the language, "" for folders people made."""

    id: str
    name: str
    parent_id: str
    well_known: str = ""
    is_hidden: bool = False


@dataclass
class Message:
    """Of `received_at` only whole seconds are shown. `submitted`: written in this mailbox, so it has no internet headers."""

    key: int
    folder_id: str
    raw: bytes
    received_at: datetime
    modified_at: datetime
    conversation_id: str
    is_read: bool = False
    is_draft: bool = False
    submitted: bool = False
    categories: tuple[str, ...] = ()
    moves: int = 0
    version: int = 1
    been_in: set[str] = field(default_factory=set)

    @cached_property
    def content(self) -> Content:
        return Content(self.raw)


@dataclass(frozen=True)
class Change:
    """What happened to a message in a folder. `changeable_id` is the id it had there; `returned`: it had been there before."""

    number: int
    folder_id: str
    key: int
    kind: Kind
    changeable_id: str
    fields: tuple[str, ...] = ()
    returned: bool = False


@dataclass(frozen=True)
class FolderChange:
    number: int
    folder_id: str
    kind: Kind


Listener = Callable[["Mailbox", Change], None]


class Mailbox:
    """Every method may be called from any thread. Ids that come back are the immutable ones.

    `trouble` is the Graph error code each request for it is answered with ("" for none). `readers` are the sign-in names that
    were given Full Access.
    """

    def __init__(self, address: str, owner_id: str, clock: Clock, *, language: str = "en") -> None:
        self.address = address
        self.owner_id = owner_id
        self.language = language
        self.readers: set[str] = set()
        self.trouble = ""
        self.folders: dict[str, Folder] = {}
        self.messages: dict[int, Message] = {}
        self.changes: list[Change] = []
        self.folder_changes: list[FolderChange] = []
        self.generation = {"next": 0, "delta": 0}
        self.listeners: list[Listener] = []
        self.lock = threading.RLock()
        self._clock = clock
        self._keys_by_id: dict[str, int] = {}
        self._in_folder: dict[str, dict[int, Message]] = {}
        self._conversations: dict[str, str] = {}
        self._last_key = 0
        self._last_change = 0
        root = self._add_folder(ROOT, "Top of Information Store", parent_id="", well_known=ROOT)
        for well_known, names in WELL_KNOWN.items():
            self._add_folder(well_known, names[language == "ja"], parent_id=root.id, well_known=well_known)

    # Folders

    def find_folder(self, name: str) -> Folder | None:
        """By id or well-known name."""
        if name in self.folders:
            return self.folders[name]
        return next((folder for folder in self.folders.values() if folder.well_known == name.lower() != ""), None)

    def folder(self, path: str) -> Folder:
        """By id, well-known name, or a path of display names ("Projects/2026"), whose missing levels are made."""
        with self.lock:
            found = self.find_folder(path)
            if found is not None:
                return found
            parent = self.folders[self.root_id]
            for name in path.split("/"):
                child = next((folder for folder in self.children(parent.id) if folder.name == name), None)
                parent = child or self._add_folder(f"{parent.id}/{name}", name, parent_id=parent.id)
            return parent

    @property
    def root_id(self) -> str:
        return self.folder(ROOT).id

    def children(self, folder_id: str) -> list[Folder]:
        return [folder for folder in self.folders.values() if folder.parent_id == folder_id]

    def rename_folder(self, path: str, name: str) -> None:
        with self.lock:
            folder = self.folder(path)
            folder.name = name
            self._note_folder(folder, "updated")

    def move_folder(self, path: str, destination: str) -> None:
        with self.lock:
            folder = self.folder(path)
            folder.parent_id = self.folder(destination).id
            self._note_folder(folder, "updated")

    def remove_folder(self, path: str) -> None:
        """For good, with everything in it."""
        with self.lock:
            folder = self.folder(path)
            for child in self.children(folder.id):
                self.remove_folder(child.id)
            for message in self.in_folder(folder.id):
                self.purge(self.immutable_id(message))
            del self.folders[folder.id]
            self._note_folder(folder, "removed")

    def _add_folder(self, seed: str, name: str, *, parent_id: str, well_known: str = "") -> Folder:
        folder = Folder(self._opaque("AQMkAD", "folder", seed, str(len(self.folders))), name, parent_id, well_known)
        self.folders[folder.id] = folder
        self._note_folder(folder, "created")
        return folder

    def _note_folder(self, folder: Folder, kind: Kind) -> None:
        self._last_change += 1
        self.folder_changes.append(FolderChange(self._last_change, folder.id, kind))

    # Messages

    def deliver(
        self,
        raw: bytes,
        *,
        folder: str = "inbox",
        received_at: datetime | None = None,
        categories: Iterable[str] = (),
        is_read: bool = False,
    ) -> str:
        """A new mail in a folder (see `folder`). What appears in Sent Items or Drafts counts as written here."""
        with self.lock:
            place = self.folder(folder)
            content = Content(raw)
            self._last_key += 1
            message = Message(
                self._last_key,
                place.id,
                raw,
                received_at or self._clock.now(),
                self._clock.now(),
                self._conversation(content),
                is_read=is_read,
                is_draft=place.well_known == "drafts",
                submitted=place.well_known in _WRITTEN_HERE,
                categories=tuple(categories),
            )
            self._place(message)
            self._arrived(message)
            return self.immutable_id(message)

    def restore(
        self,
        *,
        folders: Iterable[Folder],
        messages: Iterable[Message],
        changes: Iterable[Change],
        folder_changes: Iterable[FolderChange],
    ) -> None:
        """Takes the place of everything that is here, without a word to listeners."""
        self.folders = {folder.id: folder for folder in folders}
        self.changes, self.folder_changes = list(changes), list(folder_changes)
        logged = [change.number for log in (self.changes, self.folder_changes) for change in log]
        self._last_change = max(logged, default=0)
        self._last_key = max((change.key for change in self.changes), default=0)
        self.messages, self._keys_by_id, self._in_folder, self._conversations = {}, {}, {}, {}
        for message in messages:
            self._place(message)
            self._conversation(message.content, known=message.conversation_id)

    def find(self, any_id: str) -> Message | None:
        """By either kind of id."""
        return self.messages.get(self._keys_by_id.get(any_id, 0))

    def message(self, any_id: str) -> Message:
        found = self.find(any_id)
        if found is None:
            raise KeyError("no message has this id")
        return found

    def in_folder(self, folder_id: str) -> list[Message]:
        return list(self._in_folder.get(folder_id, {}).values())

    def move(self, message_id: str, destination: str) -> str:
        """Another folder, another changeable id; the immutable one, which is returned, stays."""
        with self.lock:
            message = self.message(message_id)
            self._leave(message)
            message.folder_id = self.folder(destination).id
            message.moves += 1
            self._place(message)
            self._arrived(message)
            return self.immutable_id(message)

    def delete(self, message_id: str) -> str:
        """As Outlook does it: into Deleted Items."""
        return self.move(message_id, "deleteditems")

    def purge(self, message_id: str) -> None:
        """Out of the mailbox for good."""
        with self.lock:
            message = self.message(message_id)
            self._leave(message)
            del self.messages[message.key]
            del self._keys_by_id[self.immutable_id(message)]

    def categorise(self, message_id: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        with self.lock:
            message = self.message(message_id)
            gone = set(remove)
            message.categories = tuple(name for name in dict.fromkeys((*message.categories, *add)) if name not in gone)
            self._touch(message, "categories")

    def mark_read(self, message_id: str, *, read: bool = True) -> None:
        with self.lock:
            message = self.message(message_id)
            message.is_read = read
            self._touch(message, "isRead")

    def immutable_id(self, message: Message) -> str:
        return self.immutable_id_of(message.key)

    def immutable_id_of(self, key: int) -> str:
        """Also of a message that is gone."""
        return self._opaque("AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A", "message", str(key))

    def changeable_id(self, message: Message) -> str:
        return self._opaque("AAMkAG", "message", str(message.key), message.folder_id, str(message.moves))

    def forget_sync_state(self, kind: Literal["next", "delta", "all"] = "all") -> None:
        """Links handed out so far are answered with 410: only `@odata.nextLink`s, only `@odata.deltaLink`s, or all."""
        with self.lock:
            for name in self.generation if kind == "all" else [kind]:
                self.generation[name] += 1

    @property
    def last_change(self) -> int:
        return self._last_change

    def changes_in(self, folder_id: str, *, after: int, upto: int) -> Iterator[Change]:
        """In order; numbers in (after, upto]."""
        first = bisect_right(self.changes, after, key=lambda change: change.number)
        for change in islice(self.changes, first, None):
            if change.number > upto:
                return
            if change.folder_id == folder_id:
                yield change

    def _place(self, message: Message) -> None:
        self.messages[message.key] = message
        self._in_folder.setdefault(message.folder_id, {})[message.key] = message
        for any_id in (self.immutable_id(message), self.changeable_id(message)):
            self._keys_by_id[any_id] = message.key

    def _arrived(self, message: Message) -> None:
        self._note(message, "created", returned=message.folder_id in message.been_in)
        message.been_in.add(message.folder_id)

    def _leave(self, message: Message) -> None:
        del self._in_folder[message.folder_id][message.key]
        del self._keys_by_id[self.changeable_id(message)]
        self._note(message, "removed")

    def _touch(self, message: Message, name: str) -> None:
        message.version += 1
        message.modified_at = self._clock.now()
        self._note(message, "updated", fields=(name,))

    def _note(self, message: Message, kind: Kind, *, fields: tuple[str, ...] = (), returned: bool = False) -> None:
        self._last_change += 1
        changeable = self.changeable_id(message)
        change = Change(self._last_change, message.folder_id, message.key, kind, changeable, fields, returned)
        self.changes.append(change)
        for listener in self.listeners:
            listener(self, change)

    def _conversation(self, content: Content, *, known: str = "") -> str:
        """As Exchange groups them: by the mails that are answered, else by the topic, which unrelated mail may share."""
        known = known or next((self._conversations[i] for i in content.related_ids if i in self._conversations), "")
        topic = f"topic {content.topic}" if content.topic else content.message_id
        conversation = known or self._conversations.get(topic) or self._opaque("AAQkAG", "conversation", topic)
        self._conversations[content.message_id] = conversation
        self._conversations.setdefault(topic, conversation)
        return conversation

    def _opaque(self, prefix: str, *seeds: str) -> str:
        digest = hashlib.sha256("\0".join((self.address, *seeds)).encode()).digest()
        return prefix + urlsafe_b64encode(digest[:30]).decode() + "AAA="
