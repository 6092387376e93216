"""One worker's turn at one inbox: what every step of it needs at hand."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic

from inboxes.marks import NO_NAMES, MarkNames
from inboxes.models import Folder, Inbox, Outage, ProviderKind
from inboxes.providers.base import MailboxWriter, MailProvider, RemoteFolder
from inboxes.sync.handled import SkippedKeys
from inboxes.sync.intake import Intake, V
from inboxes.sync.lease import Lease
from inboxes.sync.reading import Reader

Clock = Callable[[], datetime]

LOCAL_FAULTS_ALLOWED = 5
"""So many messages in a row that fail for reasons of our own mean that we are broken, not they."""


class SystemFault(Exception):
    """This installation cannot work right now (disk full, a defect): stop, blame no message, try again later."""

    cause = "system_fault"


class SliceOver(Exception):
    """The time was up in the middle of a page. What is stored of it is in the ledger; the next slice lists it again and goes on."""


@dataclass(slots=True)
class Slice(Generic[V]):
    """`folders` are the stored folders by remote id; `remote_folders` what the mailbox lists now; `mark_names` tell some of them
    apart; `unchanged` are the remote ids of those without new mail.

    `counts` are the decision codes given during this slice; `skipped_keys` say what was skipped, by the key of the folder, where that
    was asked for; `set_aside` holds the keys of folders that cannot be read now;
    `outage` is what the inbox is catching up from, `caught_up` holds the keys of folders in which no new mail is left;
    `trouble` is the cause to show although the mailbox as a whole works.
    """

    inbox: Inbox
    lease: Lease
    provider: MailProvider
    intake: Intake[V]
    clock: Clock
    deadline: datetime
    open_writer: Callable[[], MailboxWriter]
    reader: Reader
    folders: dict[str, Folder] = field(default_factory=dict)
    remote_folders: dict[str, RemoteFolder] = field(default_factory=dict)
    mark_names: MarkNames = NO_NAMES
    unchanged: set[str] = field(default_factory=set)
    set_aside: set[int] = field(default_factory=set)
    outage: Outage | None = None
    caught_up: set[int] = field(default_factory=set)
    skipped_keys: dict[int, SkippedKeys] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    trouble: str = ""
    local_faults_in_a_row: int = 0

    @property
    def is_over(self) -> bool:
        return self.clock() >= self.deadline

    @property
    def keeps_keys(self) -> bool:
        """Whether messages keep their keys for ever, and may therefore be listed more than once."""
        return ProviderKind(self.inbox.provider).keeps_keys

    @property
    def batch(self) -> int:
        """How many messages are asked for by their keys at once. A pace must not run out over them each time anew."""
        return 25 if self.keeps_keys else 200

    @property
    def readable_folders(self) -> list[tuple[Folder, RemoteFolder]]:
        """Folders that are anchored and listed, in the order they are read: those the intake wants first, Inbox, Sent, others."""
        found = [
            (folder, self.remote_folders[remote_id])
            for remote_id, folder in self.folders.items()
            if folder.anchor and remote_id in self.remote_folders and folder.pk not in self.set_aside
        ]
        return sorted(found, key=self._turn)

    def _turn(self, pair: tuple[Folder, RemoteFolder]) -> tuple[bool, int, int]:
        folder, remote = pair
        return not self.intake.reads_first(remote), ROLES_FIRST.get(folder.role, len(ROLES_FIRST)), folder.pk

    def note_local_fault(self) -> None:
        """Raises `SystemFault` when too many messages in a row failed for reasons of our own."""
        self.local_faults_in_a_row += 1
        if self.local_faults_in_a_row >= LOCAL_FAULTS_ALLOWED:
            raise SystemFault

    def note_local_success(self) -> None:
        self.local_faults_in_a_row = 0


ROLES_FIRST = {"inbox": 0, "sent": 1}
