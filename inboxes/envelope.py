"""An e-mail's headers as a value: all that a logging decision may look at, and all that is read of mail that is not logged.

Pure: no Django, no I/O. Providers make envelopes; the decision engine reads them. An envelope lives in memory only.

Named tuples, because a first sync makes hundreds of thousands: a frozen dataclass takes more than twice the time to make.
"""

import hashlib
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple


class FolderRole(StrEnum):
    """What a folder is for, whatever it is called in whatever language."""

    INBOX = "inbox"
    SENT = "sent"
    ARCHIVE = "archive"
    ALL = "all"
    DRAFTS = "drafts"
    JUNK = "junk"
    TRASH = "trash"
    OTHER = "other"


NOT_MAIL_ROLES = frozenset({FolderRole.DRAFTS, FolderRole.JUNK, FolderRole.TRASH})


class Address(NamedTuple):
    """A mailbox as written in a header: `email` is normalised (lower case, A-label domain), `name` is decoded."""

    email: str
    name: str = ""

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2]


class Envelope(NamedTuple):
    """The headers of one message as one provider shows them.

    `remote_id` is the provider's opaque key, unique within its folder. `sent_by_owner` is attested by the provider (Sent folder
    or label), never by the From header. `sent_at` is the Date header clamped to 1980 … now + 1 day, else `received_at`; `written_at` is
    the Date header however wrong, where it can be read. `is_spam` is what the receiving server noted in the headers; the folder says
    it for itself.
    """

    remote_id: str
    folder_id: str
    folder_role: FolderRole
    received_at: datetime
    sent_at: datetime
    size: int
    subject: str
    from_: tuple[Address, ...]
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    sender: tuple[Address, ...] = ()
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    provider_thread_id: str = ""
    sent_by_owner: bool = False
    is_draft: bool = False
    is_automatic: bool = False
    is_private: bool = False
    labels: frozenset[str] = frozenset()
    is_spam: bool = False
    written_at: datetime | None = None

    @property
    def participants(self) -> tuple[Address, ...]:
        """Everybody the headers name, the author first; may repeat."""
        return self.from_ + self.to + self.cc + self.bcc + self.reply_to + self.sender

    @property
    def related_ids(self) -> tuple[str, ...]:
        """Message ids of the conversation this message says it belongs to, nearest first, without repeats."""
        if not self.in_reply_to and not self.references:
            return ()
        return tuple(dict.fromkeys((*self.in_reply_to, *reversed(self.references))))

    @property
    def fingerprint(self) -> bytes:
        """32 bytes that are equal for the Sent copy and every delivered copy of one e-mail, and differ for another e-mail.

        No size or raw hash goes in: copies differ in both. Nor does the time at which a copy came or is read. Without a Message-ID
        the provider's key takes its place, so such a message is never joined with another.
        """
        identity = self.message_id or f"{self.folder_id}\0{self.remote_id}"
        author = self.from_[0].email if self.from_ else ""
        written_at = (self.written_at or self.sent_at).astimezone(UTC)
        date = written_at.strftime("%Y%m%d%H%M%S") if self.message_id else ""
        return hashlib.sha256("\0".join((identity, author, date, self.subject)).encode("utf-8", "replace")).digest()
