"""What the sync engine may ask of a mailbox, and the errors that say what to do next.

Every call of a `MailProvider` reads; nothing there can change a mailbox. What an owner may allow to be written is a protocol of
its own, `MailboxWriter`. Cursors are opaque text that only the provider that made them understands; they are stored in the same
transaction as the ledger rows of their page.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from inboxes.envelope import Envelope, FolderRole
from inboxes.marks import Mark, MarkNames, MarkSource


class ProviderError(Exception):
    """A mailbox could not do what was asked. `cause` is a stable code from `inboxes.causes`, never server text or an address."""

    cause = "unknown"
    is_proof = False
    """Whether one such answer settles it, so that no second proof is waited for."""

    def __init__(self, cause: str | None = None, *, detail: str = "") -> None:
        super().__init__(cause or self.cause)
        self.cause = cause or self.cause
        # Server text for the person who is connecting the inbox right now; never logged, never stored.
        self.detail = detail


class ReconnectRequired(ProviderError):
    """The credential was refused. The engine wants two proofs ten minutes apart before it asks a person."""

    cause = "sign_in_refused"


class GrantRevoked(ReconnectRequired):
    """The provider says that the consent itself is gone (OAuth `invalid_grant`), which network trouble never looks like."""

    cause = "access_revoked"
    is_proof = True


class PermissionMissing(ProviderError):
    """Signed in, but not allowed to read the mailbox."""

    cause = "permission_missing"


class Misconfigured(ProviderError):
    """Retrying cannot help until somebody changes a setting (bad certificate, IMAP switched off, host refused)."""

    cause = "misconfigured"


class ClientMisconfigured(Misconfigured):
    """The provider refuses this installation's own registration (client id, secret, API switched off), whoever's mailbox it is.

    No owner can mend it: administrators are told, once.
    """

    cause = "client_refused"


class WritingNotOffered(Misconfigured):
    """This provider was asked for leave to read only: nothing can be shown or created in the mailbox."""

    cause = "writing_not_offered"


class TemporarilyUnavailable(ProviderError):
    """Network trouble, a server fault, a cut connection: try again later, ask nobody."""

    cause = "unreachable"


class RateLimited(TemporarilyUnavailable):
    """The provider asked for a pause of `retry_after` seconds."""

    cause = "rate_limited"

    def __init__(self, cause: str | None = None, *, retry_after: float = 300, detail: str = "") -> None:
        super().__init__(cause, detail=detail)
        self.retry_after = retry_after


class PaceReached(RateLimited):
    """Nobody refused anything: what we allow ourselves to ask for in a minute is used up for `retry_after` seconds."""

    cause = "pace_reached"


class ProjectPaused(RateLimited):
    """The provider asked for a pause of everything that this installation asks it for, not of one mailbox."""

    cause = "project_paused"


class CursorExpired(ProviderError):
    """The cursor no longer names a place in the mailbox (UIDVALIDITY changed, history gone): re-anchor and relist."""

    cause = "cursor_expired"


class KeywordsNotAllowed(ProviderError):
    """The server lets nobody set keywords of their own in this folder."""

    cause = "keywords_not_allowed"


class FolderNotCreated(ProviderError):
    """The server did not create a folder that was asked for."""

    cause = "folder_not_created"


class FolderGone(ProviderError):
    """The folder cannot be opened any more; other folders go on."""

    cause = "folder_gone"


class MessageGone(ProviderError):
    """The message was deleted or moved since it was listed."""

    cause = "message_gone"


@dataclass(frozen=True, slots=True)
class RemoteFolder:
    """A folder as the provider names it; `remote_id` is its identity, `name` is for people."""

    remote_id: str
    name: str
    role: FolderRole


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message whose headers could not be read, isolated by bisecting; `reason` is a stable code."""

    remote_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Interest:
    """Which messages of the past are worth a look: those that name one of the normalised `addresses`, that the owner sent, or that
    carry a mark by one of the `mark_names`."""

    addresses: frozenset[str]
    mark_names: MarkNames


@dataclass(slots=True)
class Page:
    """A batch of envelopes and the cursor that is true once they are recorded.

    `remaining` is the provider's estimate of how many are left on this track; `done` says that the track has nothing more for
    now. `touched` are messages that something was said of, but not their headers: those nobody handled yet are to be asked for.
    `sifted` are messages that the provider's own search left out, because they are not of the interest that was asked for.
    `foreign` are none of the inbox's, where it is one address's part of a mailbox: nothing is noted of them but that they were seen.
    """

    envelopes: list[Envelope]
    cursor: str
    done: bool
    unreadable: list[Unreadable] = field(default_factory=list)
    remaining: int = 0
    touched: list[str] = field(default_factory=list)
    sifted: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MarkedMessage:
    """A message that carries a mark of its owner's, and what carries it."""

    remote_id: str
    mark: Mark
    source: MarkSource


@dataclass(frozen=True, slots=True)
class MarksFound:
    """All marks in one folder, and the cursor under which they are so. One message may carry several marks, each once."""

    messages: frozenset[MarkedMessage]
    cursor: str


@dataclass(frozen=True, slots=True)
class RawMessage:
    """The bytes of one message as the provider holds them. `partial`: over the size limit, headers and first text only."""

    remote_id: str
    raw: bytes
    partial: bool = False


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A live look into the mailbox for its owner. Empty fields do not restrict; `limit` caps the answer, newest first.

    `address` is part of an address or name in From, To, Cc or Bcc. `since` and `until` bound the time of arrival, give or take a
    day. `below`: only messages filed before the one with this remote id, to go on where another answer ended.
    """

    message_id: str = ""
    text: str = ""
    address: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    below: str = ""
    limit: int = 50


class AccessToken(Protocol):
    """Where a provider takes its OAuth access token from. Raises `ProviderError` subclasses only."""

    def get(self) -> str:
        """A token with at least five minutes to live; the provider's token endpoint is asked only when there is none."""
        ...

    def renew(self, refused: str) -> str:
        """Another token than this one, which was answered with 401."""
        ...


class Pace(Protocol):
    """How much may be asked of a provider in a minute, shared by all workers. Ask before each request; a batch costs its parts."""

    def spend(self, units: int) -> None:
        """Raises `PaceReached` when there is not so much left, and takes nothing then."""
        ...


class NoPace:
    """For providers that count nothing."""

    def spend(self, units: int) -> None: ...


class MailProvider(Protocol):
    """A connection to one mailbox. Not thread-safe; use as a context manager, `close()` never raises.

    All methods raise `ProviderError` subclasses only.
    """

    def begin(self) -> None:
        """The mailbox is about to be read: what it takes to get in is under way from now on, while the caller does something else."""
        ...

    def folders(self, known: Sequence[str] = ()) -> list[RemoteFolder]:
        """All folders worth syncing: junk, trash, drafts and non-mail folders are left out.

        A provider that was opened `with_junk` reads the junk folder too, and shows by the role of its mails that they lie there;
        others need not tell `Envelope.is_spam`. `known`: the remote ids of which `unchanged` is asked next.
        """
        ...

    def searchable_folders(self) -> list[RemoteFolder]:
        """Every folder the owner may look for mail in: those worth syncing, then drafts, junk and trash with all below them."""
        ...

    def survey(self, folders: Sequence[RemoteFolder], *, since: datetime | None) -> None:
        """These folders are about to be anchored, listed from now back to `since`, or asked for their keys: what that takes may be
        asked for in one go. What cannot be had so is asked for again, by whom it concerns."""
        ...

    def anchor(self, folder: RemoteFolder) -> str:
        """The live cursor of this moment. Pinned and stored *before* the past is listed: overlap is harmless, a gap is not."""
        ...

    def unchanged(self, cursors: Mapping[str, str]) -> set[str]:
        """Of the folders (remote id → live cursor), those with certainly nothing new. At most one STATUS per folder.

        Right after `folders` it may go by what that has seen.
        """
        ...

    def live_page(self, folder: RemoteFolder, cursor: str) -> Page:
        """Messages newer than `cursor`, oldest first. Right after `remote_ids` it may go by what that has seen.

        Raises `CursorExpired`, `FolderGone`.
        """
        ...

    def backfill_page(
        self,
        folder: RemoteFolder,
        cursor: str,
        *,
        anchor: str,
        since: datetime | None,
        interest: Interest | None = None,
    ) -> Page:
        """Older messages, newest first, from `anchor` back to `since` (None: all). `cursor` is "" at the start.

        With an `interest` a provider that searches cheaply may leave out what is not of it; it lists that as `sifted`. Others show
        everything. Raises `CursorExpired`, `FolderGone`.
        """
        ...

    def envelopes(self, folder: RemoteFolder, remote_ids: Sequence[str]) -> tuple[list[Envelope], list[Unreadable]]:
        """The headers of the named messages; those no longer there are simply missing from the answer."""
        ...

    def bodies(self, folder: RemoteFolder, remote_ids: Sequence[str]) -> Iterator[RawMessage]:
        """The named messages, streamed in any order; those no longer there are simply missing from the answer."""
        ...

    def remote_ids(self, folder: RemoteFolder, *, since: datetime | None) -> set[str]:
        """The keys of everything the folder holds in the window, for reconciling."""
        ...

    def marks(self, folder: RemoteFolder, cursor: str, names: MarkNames) -> MarksFound | None:
        """All marks in the folder, or None if they are certainly as they were at `cursor` ("" at first).

        Right after `unchanged` has looked at the folder, None costs nothing. Raises `CursorExpired`, `FolderGone`.
        """
        ...

    def search(self, folder: RemoteFolder, query: SearchQuery) -> list[Envelope]:
        """Envelopes that match, newest first, for the owner's eyes; nothing of them is kept.

        Raises `CursorExpired` when `below` names nothing any more, `FolderGone`.
        """
        ...

    def close(self) -> None: ...

    def __enter__(self) -> "MailProvider": ...

    def __exit__(self, *exc: object) -> None: ...


class MailboxWriter(Protocol):
    """What an owner may allow to be written into a mailbox, on a connection of its own. `close()` never raises.

    All methods raise `ProviderError` subclasses only, and may be repeated.
    """

    def set_keyword(self, folder: RemoteFolder, remote_ids: Sequence[str], keyword: str, *, present: bool) -> None:
        """Set or remove one keyword; nothing else of the messages changes. Those that are gone are passed over.

        Raises `CursorExpired`, `FolderGone`, and `KeywordsNotAllowed` where a keyword is to be set.
        """
        ...

    def create_folders(self, names: Sequence[str]) -> None:
        """Create what is not there yet, and show it in mail programs. Levels are parted by "/". Raises `FolderNotCreated`."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> "MailboxWriter": ...

    def __exit__(self, *exc: object) -> None: ...
