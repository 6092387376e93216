"""A mailbox in memory with the whole provider contract, and with every fault a test of the engine may want.

The same contract suite runs against it and against real servers, so what the engine learns here holds there.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self

from inboxes.envelope import NOT_MAIL_ROLES, Envelope, FolderRole
from inboxes.marks import Mark, MarkNames, MarkSource
from inboxes.mime.envelope_reader import read_envelope
from inboxes.providers.base import (
    CursorExpired,
    FolderGone,
    Interest,
    KeywordsNotAllowed,
    MarkedMessage,
    MarksFound,
    Page,
    ProviderError,
    RawMessage,
    RemoteFolder,
    SearchQuery,
    Unreadable,
)
from inboxes.providers.searching import names

LARGEST_BODY = 35 * 1024 * 1024
PARTIAL_BYTES = (64 + 256) * 1024


@dataclass(slots=True)
class StoredMessage:
    """What the mailbox holds of one message. `fault`: "missing" leaves it out of answers, another code makes it unreadable."""

    uid: int
    raw: bytes
    received_at: datetime
    labels: frozenset[str] = frozenset()
    fault: str = ""


@dataclass(slots=True)
class StoredFolder:
    name: str
    role: FolderRole
    uidvalidity: int
    next_uid: int = 1
    remembers_from: int = 0
    messages: dict[int, StoredMessage] = field(default_factory=dict)
    touched: list[str] = field(default_factory=list)

    def remote_id_of(self, message: StoredMessage) -> str:
        return f"{self.uidvalidity}:{message.uid}"


class MemoryMailbox:
    """The mailbox itself: outlives the providers opened on it, and is changed behind their back."""

    def __init__(self, *, page_messages: int = 50, now: datetime | None = None) -> None:
        self.page_messages = page_messages
        self.now = now or datetime.now(UTC)
        self.folders: dict[str, StoredFolder] = {}
        self.calls: Counter[str] = Counter()
        self.body_bytes: Counter[str] = Counter()
        self._faults: dict[tuple[str, int], ProviderError] = {}
        self.standing_fault: ProviderError | None = None
        self.allows_keywords = True
        self.sifts = False
        self.create_folder("INBOX", FolderRole.INBOX)
        self.create_folder("Sent", FolderRole.SENT)

    def create_folder(self, name: str, role: FolderRole = FolderRole.OTHER) -> StoredFolder:
        self.folders[name] = StoredFolder(name, role, uidvalidity=1000 + len(self.folders))
        return self.folders[name]

    def deliver(
        self, raw: bytes, folder: str = "INBOX", *, received_at: datetime | None = None, labels: Set[str] = frozenset()
    ) -> str:
        """File a message; returns its remote id."""
        stored = self.folders[folder]
        message = StoredMessage(stored.next_uid, raw, received_at or self.now, frozenset(labels))
        stored.messages[message.uid] = message
        stored.next_uid += 1
        return stored.remote_id_of(message)

    def delete(self, remote_id: str, folder: str = "INBOX") -> StoredMessage:
        return self.folders[folder].messages.pop(_uid(remote_id))

    def move(self, remote_id: str, folder: str, to: str) -> str:
        message = self.delete(remote_id, folder)
        return self.deliver(message.raw, to, received_at=message.received_at, labels=message.labels)

    def copy(self, remote_id: str, folder: str, to: str) -> str:
        message = self.folders[folder].messages[_uid(remote_id)]
        return self.deliver(message.raw, to, received_at=message.received_at, labels=message.labels)

    def label(self, remote_id: str, *labels: str, folder: str = "INBOX") -> None:
        """Replace the keywords of a message."""
        self.folders[folder].messages[_uid(remote_id)].labels = frozenset(labels)

    def spoil(self, remote_id: str, folder: str = "INBOX", *, fault: str = "refused_by_server") -> None:
        """Make a message unreadable with a reason, or "missing" from answers; "" heals it."""
        self.folders[folder].messages[_uid(remote_id)].fault = fault

    def change_uidvalidity(self, folder: str = "INBOX", by: int = 1) -> None:
        """Renumber a folder: all keys and cursors of it are void."""
        stored = self.folders[folder]
        messages = [stored.messages[uid] for uid in sorted(stored.messages)]
        stored.uidvalidity += by
        stored.messages = {}
        for uid, message in enumerate(messages, 1):
            message.uid = uid
            stored.messages[uid] = message
        stored.next_uid = len(messages) + 1

    def forget_history(self, folder: str = "INBOX") -> None:
        """Lose the place of everybody who reads the folder; its messages keep their keys, as those of Gmail and Graph do."""
        stored = self.folders[folder]
        stored.next_uid += 1
        stored.remembers_from = stored.next_uid

    def touch(self, remote_id: str, folder: str = "INBOX") -> None:
        """Say with the next live page that something is the matter with a message, but not what."""
        self.folders[folder].touched.append(remote_id)

    def rename_folder(self, old: str, new: str) -> None:
        stored = self.folders.pop(old)
        stored.name = new
        self.folders[new] = stored

    def delete_folder(self, name: str) -> None:
        del self.folders[name]

    def fail(self, call: str, error: ProviderError, *, at: int = 1) -> None:
        """Make the `at`-th call from now of a method (or "any") raise, once."""
        self._faults[call, self.calls[call] + at] = error

    def open(self, *, with_junk: bool = False) -> "MemoryProvider":
        return MemoryProvider(self, with_junk=with_junk)

    def open_writer(self) -> "MemoryWriter":
        return MemoryWriter(self)

    def record_call(self, call: str) -> None:
        """Count a call, and raise what a test has planned for it."""
        self.calls[call] += 1
        self.calls["any"] += 1
        for name in (call, "any"):
            if (error := self._faults.pop((name, self.calls[name]), None)) is not None:
                raise error
        if self.standing_fault is not None:
            raise self.standing_fault


class MemoryWriter:
    """See `MailboxWriter`."""

    def __init__(self, mailbox: MemoryMailbox) -> None:
        self.mailbox = mailbox

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is open."""

    def set_keyword(self, folder: RemoteFolder, remote_ids: Sequence[str], keyword: str, *, present: bool) -> None:
        self.mailbox.record_call("set_keyword")
        if present and not self.mailbox.allows_keywords:
            raise KeywordsNotAllowed
        stored = self.mailbox.folders[folder.remote_id]
        for remote_id in remote_ids:
            if message := stored.messages.get(_uid(remote_id)):
                message.labels = message.labels | {keyword} if present else message.labels - {keyword}

    def create_folders(self, names: Sequence[str]) -> None:
        self.mailbox.record_call("create_folders")
        for name in names:
            if name not in self.mailbox.folders:
                self.mailbox.create_folder(name)


class MemoryProvider:
    """See `MailProvider`. Cursors are `<uidvalidity>:<uid>`, as are remote ids."""

    def __init__(self, mailbox: MemoryMailbox, *, with_junk: bool = False) -> None:
        self.mailbox = mailbox
        self._left_out = NOT_MAIL_ROLES - {FolderRole.JUNK} if with_junk else NOT_MAIL_ROLES
        self.closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self.closed = True

    def begin(self) -> None: ...

    def folders(self, known: Sequence[str] = ()) -> list[RemoteFolder]:
        self.mailbox.record_call("folders")
        return [folder for folder in self._all_folders() if folder.role not in self._left_out]

    def searchable_folders(self) -> list[RemoteFolder]:
        self.mailbox.record_call("searchable_folders")
        return sorted(self._all_folders(), key=lambda folder: folder.role in NOT_MAIL_ROLES)

    def _all_folders(self) -> list[RemoteFolder]:
        return [RemoteFolder(stored.name, stored.name, stored.role) for stored in self.mailbox.folders.values()]

    def survey(self, folders: Sequence[RemoteFolder], *, since: datetime | None) -> None:
        self.mailbox.record_call("survey")

    def anchor(self, folder: RemoteFolder) -> str:
        self.mailbox.record_call("anchor")
        stored = self._stored(folder)
        return f"{stored.uidvalidity}:{stored.next_uid}"

    def unchanged(self, cursors: Mapping[str, str]) -> set[str]:
        self.mailbox.record_call("unchanged")
        known = self.mailbox.folders
        now = {
            name: f"{known[name].uidvalidity}:{known[name].next_uid}"
            for name in cursors
            if name in known and not known[name].touched
        }
        return {name for name, cursor in cursors.items() if now.get(name) == cursor}

    def live_page(self, folder: RemoteFolder, cursor: str) -> Page:
        self.mailbox.record_call("live_page")
        stored = self._stored(folder)
        start = self._place(stored, cursor)
        if not stored.remembers_from <= start <= stored.next_uid:
            raise CursorExpired
        waiting = [stored.messages[uid] for uid in sorted(stored.messages) if uid >= start]
        taken, rest = waiting[: self.mailbox.page_messages], waiting[self.mailbox.page_messages :]
        next_uid = rest[0].uid if rest else stored.next_uid
        page = self._page(stored, taken, next_uid, rest)
        page.touched, stored.touched = stored.touched, []
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
        self.mailbox.record_call("backfill_page")
        stored = self._stored(folder)
        self._place(stored, anchor)
        end = self._place(stored, cursor or anchor)
        # A day more than asked for, as IMAP's SINCE needs it: the decision drops what is outside the window.
        earliest = since - timedelta(days=1) if since else None
        waiting = [
            stored.messages[uid]
            for uid in sorted(stored.messages, reverse=True)
            if uid < end and (earliest is None or stored.messages[uid].received_at >= earliest)
        ]
        taken, rest = waiting[: self.mailbox.page_messages], waiting[self.mailbox.page_messages :]
        page = self._page(stored, taken, taken[-1].uid if rest else 1, rest)
        if interest is not None and self.mailbox.sifts:
            page.sifted = [one.remote_id for one in page.envelopes if not _is_of_interest(one, interest)]
            page.envelopes = [one for one in page.envelopes if one.remote_id not in page.sifted]
        return page

    def envelopes(self, folder: RemoteFolder, remote_ids: Sequence[str]) -> tuple[list[Envelope], list[Unreadable]]:
        self.mailbox.record_call("envelopes")
        stored = self._stored(folder)
        page = self._page(stored, self._named(stored, remote_ids), 0, [])
        return page.envelopes, page.unreadable

    def bodies(self, folder: RemoteFolder, remote_ids: Sequence[str]) -> Iterator[RawMessage]:
        self.mailbox.record_call("bodies")
        stored = self._stored(folder)
        for message in self._named(stored, remote_ids):
            self.mailbox.record_call("body")
            if not message.fault:
                partial = len(message.raw) > LARGEST_BODY
                raw = message.raw[:PARTIAL_BYTES] if partial else message.raw
                self.mailbox.body_bytes[stored.remote_id_of(message)] += len(raw)
                yield RawMessage(stored.remote_id_of(message), raw, partial)

    def remote_ids(self, folder: RemoteFolder, *, since: datetime | None) -> set[str]:
        self.mailbox.record_call("remote_ids")
        stored = self._stored(folder)
        earliest = since - timedelta(days=1) if since else None
        in_window = (one for one in stored.messages.values() if earliest is None or one.received_at >= earliest)
        return {stored.remote_id_of(message) for message in in_window}

    def marks(self, folder: RemoteFolder, cursor: str, names: MarkNames) -> MarksFound | None:
        stored = self._stored(folder)
        state = (stored.uidvalidity, names, sorted((uid, *sorted(one.labels)) for uid, one in stored.messages.items()))
        now = f"{stored.uidvalidity}:{hashlib.sha256(repr(state).encode()).hexdigest()}"
        if now == cursor:
            return None
        self.mailbox.record_call("marks")
        if cursor and cursor.partition(":")[0] != str(stored.uidvalidity):
            raise CursorExpired
        return MarksFound(frozenset(_marks_in(stored, names)), now)

    def search(self, folder: RemoteFolder, query: SearchQuery) -> list[Envelope]:
        self.mailbox.record_call("search")
        stored = self._stored(folder)
        below = self._place(stored, query.below) if query.below else stored.next_uid
        newest_first = [stored.messages[uid] for uid in sorted(stored.messages, reverse=True) if uid < below]
        readable = [message for message in newest_first if not message.fault]
        found = [message for message in readable if _matches(message, self._envelope(stored, message), query)]
        return self._page(stored, found[: query.limit], 0, []).envelopes

    def _stored(self, folder: RemoteFolder) -> StoredFolder:
        if folder.remote_id not in self.mailbox.folders:
            raise FolderGone
        return self.mailbox.folders[folder.remote_id]

    def _place(self, stored: StoredFolder, cursor: str) -> int:
        uidvalidity, _, uid = cursor.partition(":")
        if uidvalidity != str(stored.uidvalidity) or not uid.isdecimal():
            raise CursorExpired
        return int(uid)

    def _named(self, stored: StoredFolder, remote_ids: Sequence[str]) -> list[StoredMessage]:
        uids = sorted({self._place(stored, remote_id) for remote_id in remote_ids})
        return [stored.messages[uid] for uid in uids if uid in stored.messages]

    def _page(self, stored: StoredFolder, taken: list[StoredMessage], next_uid: int, rest: list[StoredMessage]) -> Page:
        reasons = {message.uid: "not_returned" if message.fault == "missing" else message.fault for message in taken}
        return Page(
            envelopes=[self._envelope(stored, message) for message in taken if not message.fault],
            cursor=f"{stored.uidvalidity}:{next_uid}",
            done=not rest,
            unreadable=[
                Unreadable(stored.remote_id_of(message), reasons[message.uid]) for message in taken if message.fault
            ],
            remaining=len(rest),
        )

    def _envelope(self, stored: StoredFolder, message: StoredMessage) -> Envelope:
        return read_envelope(
            _header_block(message.raw),
            remote_id=stored.remote_id_of(message),
            folder_id=stored.name,
            folder_role=stored.role,
            received_at=message.received_at,
            size=len(message.raw),
            now=self.mailbox.now,
            labels=message.labels | ({stored.name} if stored.role is FolderRole.OTHER else frozenset()),
        )


def _is_of_interest(envelope: Envelope, interest: Interest) -> bool:
    named = any(address.email in interest.addresses for address in envelope.participants)
    return named or envelope.sent_by_owner or any(interest.mark_names.of_label(label) for label in envelope.labels)


def _uid(remote_id: str) -> int:
    return int(remote_id.partition(":")[2])


def _marks_in(stored: StoredFolder, names: MarkNames) -> Iterator[MarkedMessage]:
    folder_mark = names.of_folder(stored.name) if stored.role is FolderRole.OTHER else None
    for message in stored.messages.values():
        remote_id = stored.remote_id_of(message)
        if folder_mark:
            yield MarkedMessage(remote_id, folder_mark, MarkSource.FOLDER)
        for mark in Mark:
            if mark is not folder_mark and any(label.lower() in names.keywords(mark) for label in message.labels):
                yield MarkedMessage(remote_id, mark, MarkSource.KEYWORD)


def _header_block(raw: bytes) -> bytes:
    ends = [end for end in (raw.find(b"\r\n\r\n"), raw.find(b"\n\n")) if end >= 0]
    return raw[: min(ends)] if ends else raw


def _matches(message: StoredMessage, envelope: Envelope, query: SearchQuery) -> bool:
    """Plain containment: enough for a mailbox whose messages a test has written itself."""
    text = message.raw.decode("utf-8", "replace").casefold()
    day = timedelta(days=1)
    return (
        (query.since is None or message.received_at >= query.since - day)
        and (query.until is None or message.received_at < query.until + day)
        and all(part.casefold() in text for part in (query.message_id, query.text))
        and names(envelope, query)
    )
