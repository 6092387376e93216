"""From FETCH rows to a page of envelopes: what was read, what could not be, and what was not reached."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from inboxes.envelope import Address, Envelope, FolderRole
from inboxes.mime.envelope_reader import FIELDS, HEADER_FIELDS, read_envelope
from inboxes.providers.base import Page, ProviderError, RemoteFolder, Unreadable
from inboxes.providers.imap.cursors import Place, format_cursor, format_remote_id
from inboxes.providers.imap.fetch import Row
from inboxes.providers.imap.folders import decode_name
from inboxes.providers.imap.streaming import Failed

LARGEST_HEADER = 256 * 1024

_LABEL = re.compile(rb'"((?:[^"\\]|\\.)*)"|([^ "]+)')
_ESCAPED = re.compile(rb"\\(.)")


def header_items(*, gmail: bool = False, with_spam_notes: bool = False) -> bytes:
    """What a scan asks for. Servers keep at hand the fields that were asked for before: one more costs them a look into every message."""
    fields = " ".join(HEADER_FIELDS if with_spam_notes else FIELDS).upper().encode()
    of_gmail = b"X-GM-THRID X-GM-LABELS " if gmail else b""
    return b"(UID RFC822.SIZE INTERNALDATE FLAGS %bBODY.PEEK[HEADER.FIELDS (%b)])" % (of_gmail, fields)


class Scan:
    """Collects the headers of one page. `error` is what ended it before its last message, if anything did.

    `people`: see `read_envelope`.
    """

    def __init__(
        self, folder: RemoteFolder, uidvalidity: int, *, now: datetime, people: dict[str, tuple[Address, ...]]
    ) -> None:
        self.error: ProviderError | None = None
        self.sizes: dict[str, int] = {}
        self._envelopes: dict[int, Envelope] = {}
        self._unreadable: dict[int, str] = {}
        self._folder = folder
        self._uidvalidity = uidvalidity
        self._now = now
        self._folder_labels = _labels_of_folder(folder)
        self._people = people

    def run(self, rows: Iterable[Row | Failed]) -> None:
        """Read all rows. What was read before the server or the network failed counts; the failure is kept in `error`."""
        try:
            for row in rows:
                if isinstance(row, Failed):
                    self._unreadable[row.uid] = row.reason
                else:
                    self._read(row)
        except ProviderError as error:
            self.error = error

    def is_done(self, uid: int) -> bool:
        return uid in self._envelopes or uid in self._unreadable

    def page(self, uids: Sequence[int], next_place: Place, *, done: bool = True, remaining: int = 0) -> Page:
        """The page of exactly `uids`, in their order. Raises the error if it left no progress to record."""
        if self.error is not None and not uids:
            raise self.error
        return Page(
            envelopes=[self._envelopes[uid] for uid in uids if uid in self._envelopes],
            cursor=format_cursor(next_place),
            done=done,
            unreadable=[
                Unreadable(format_remote_id(Place(self._uidvalidity, uid)), self._unreadable[uid])
                for uid in uids
                if uid in self._unreadable
            ],
            remaining=remaining,
        )

    def _read(self, row: Row) -> None:
        remote_id = f"{self._uidvalidity}:{row.uid}"
        is_draft, labels = _flags(row.flags)
        if row.gmail_labels:
            labels |= _gmail_labels(row.gmail_labels)
        try:
            self._envelopes[row.uid] = read_envelope(
                row.body or b"",
                remote_id=remote_id,
                folder_id=self._folder.remote_id,
                folder_role=self._folder.role,
                received_at=row.received_at or self._now,
                size=row.size,
                now=self._now,
                labels=labels | self._folder_labels if self._folder_labels else labels,
                provider_thread_id=row.gmail_thread,
                sent_by_owner="\\Sent" in labels,
                is_draft=is_draft or "\\Draft" in labels,
                people=self._people,
            )
        except Exception:  # noqa: BLE001
            # One message's headers must never stop the mail behind it.
            self._unreadable[row.uid] = "headers_unreadable"
        else:
            self.sizes[remote_id] = row.size


@lru_cache(maxsize=64)
def _flags(flags: bytes) -> tuple[bool, frozenset[str]]:
    """Whether it is a draft, and the keywords. System flags and those of mail programs (`$…`) are no labels."""
    words = flags.split()
    keywords = frozenset(decode_name(word) for word in words if word[:1] not in {b"\\", b"$"})
    return b"\\draft" in flags.lower().split(), keywords


@lru_cache(maxsize=64)
def _gmail_labels(labels: bytes) -> frozenset[str]:
    return frozenset(
        decode_name(_ESCAPED.sub(rb"\1", quoted)) if quoted else decode_name(atom)
        for quoted, atom in _LABEL.findall(labels)
    )


def _labels_of_folder(folder: RemoteFolder) -> frozenset[str]:
    """Where there are no labels, the folder a person has put a message in is one: "CRM/Private", also below INBOX."""
    return frozenset({folder.name.removeprefix("INBOX/")}) if folder.role is FolderRole.OTHER else frozenset()
