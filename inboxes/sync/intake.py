"""What the sync engine asks of whoever decides: `logging_rules.intake` implements it, the engine only knows these shapes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypeVar

from inboxes.envelope import Envelope
from inboxes.marks import MarkNames
from inboxes.models import Folder
from inboxes.providers.base import Interest, RemoteFolder
from inboxes.threading import Addresses
from inboxes.visibility import Visibility


class Verdict(Protocol):
    """What becomes of one envelope; stored on the sighting when it is logged. Mail that is `kept` is stored and not logged."""

    @property
    def log(self) -> bool: ...
    @property
    def code(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def matched_address(self) -> str: ...
    @property
    def decided_by_id(self) -> int | None: ...
    @property
    def visibility(self) -> Visibility: ...
    @property
    def store_attachments(self) -> bool: ...
    @property
    def kept(self) -> bool: ...
    @property
    def filtered(self) -> str: ...


V = TypeVar("V", bound=Verdict)


class DecisionOutdated(Exception):
    """What a decision rests on is gone since it was made: the page is to be listed and decided again."""


@dataclass(frozen=True, slots=True)
class StoredMail(Generic[V]):
    """An e-mail after its rows were written. `is_new` is false when another inbox or folder had stored it before."""

    envelope: Envelope
    verdict: V
    message_pk: int
    thread_pk: int
    is_new: bool


class SkippedMail(NamedTuple, Generic[V]):
    """A mail that is not stored. In memory only. A named tuple, as `Envelope`: nearly all mail becomes one."""

    envelope: Envelope
    verdict: V


@dataclass(frozen=True, slots=True)
class Label:
    """The name of the keyword that logged messages are to have, and of the one they have; empty for none."""

    wanted: str = ""
    written: str = ""
    is_refused: bool = False

    @property
    def is_idle(self) -> bool:
        return self.is_refused or not (self.wanted or self.written)


class Intake(Protocol[V]):
    """Decides pages of one inbox and records what was logged."""

    @property
    def colleagues(self) -> Addresses:
        """The addresses that are ours: sharing one of them does not join an e-mail to a thread."""
        ...

    @property
    def mark_names(self) -> MarkNames:
        """What the folders and keywords are called by which the owner logs mail or keeps it private."""
        ...

    @property
    def label(self) -> Label:
        """What shows in the mailbox that a message is logged."""
        ...

    def note_label(self, *, written: str, refused: bool = False) -> None:
        """Messages carry this label from now on, as far as they are to carry one; or the server refuses it."""
        ...

    def label_removed(self, message_pks: Sequence[int]) -> None:
        """The owner took the label off these, which means: log them no more. Call inside a transaction; the lease ends with it."""
        ...

    @property
    def code_of_strangers(self) -> str:
        """The code by which mail is counted that was skipped so."""
        ...

    def digests(self, envelopes: Sequence[Envelope]) -> list[bytes]:
        """Keyed hashes, by which two copies are known to be the same mail, and by which nobody else can tell which mail it is."""
        ...

    def reads_first(self, folder: RemoteFolder) -> bool:
        """Whether what the folder holds decides about mail in other folders, so that it is read before them."""
        ...

    def interest(self) -> Interest | None:
        """Mail of the past that is not of it is skipped without looking at it: nobody in it is a known contact. None: everything has
        to be looked at. Asked again and again; the same during one slice."""
        ...

    def decide(self, envelopes: Sequence[Envelope]) -> list[V]:
        """One verdict per envelope, in order, in a constant number of queries. Called outside any transaction."""
        ...

    def decide_anew(self, envelopes: Sequence[Envelope], *, heeding_marks: bool = True) -> list[V]:
        """As `decide`, as if this inbox had logged none of them yet: a mail is no reply to itself."""
        ...

    def record_skipped(self, folder: Folder, skipped: Sequence[SkippedMail[V]]) -> None:
        """Remembers keys of mail that is decided again when its owner's mark goes; called with the transaction of its page. Idempotent."""
        ...

    def withdraw(self, message_pks: Sequence[int], *, code: str = "") -> None:
        """The inbox does not log these any more; what no other inbox logs is erased. Call inside a transaction.

        Idempotent. With a `code` they are counted under it in future: the counts of their folders have to be read again.
        """
        ...

    def record(self, stored: Sequence[StoredMail[V]]) -> None:
        """Writes the timeline entries of the stored mails; called inside the transaction that moves cursor and ledger. Idempotent.

        Raises `DecisionOutdated`; then nothing may be committed.
        """
        ...

    def record_kept(self, folder: Folder, kept: Sequence[StoredMail[V]]) -> None:
        """For mails that are stored for a team and not logged; called as `record`. Idempotent."""
        ...

    def record_again(self, stored: Sequence[StoredMail[V]]) -> None:
        """For mails that are logged and were listed once more: more contacts may be known by now. Idempotent, as `record`."""
        ...
