"""Reading the headers of a mailbox page by page for its owner's eyes, the place kept by the browser between two pages.

What the browser holds says nothing about e-mails: digests of folders, the provider's cursors, numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b

from inboxes.envelope import FolderRole
from inboxes.pace import for_the_past
from inboxes.providers.base import CursorExpired, FolderGone, Interest, MailProvider, Page, RemoteFolder


@dataclass(slots=True)
class Scan:
    """How far the scan has come: finished folders and the current one by digest, the provider's cursors.

    `since` is an ISO time, or empty for all of the past. `left` estimates how many mails are still to be read; `seconds` is the time
    that reading took so far.
    """

    since: str = ""
    finished: list[str] = field(default_factory=list)
    folder: str = ""
    anchor: str = ""
    cursor: str = ""
    scanned: int = 0
    left: int = 0
    seconds: float = 0.0
    done: bool = False

    @classmethod
    def start(cls, since: datetime | None) -> "Scan":
        return cls(since=since.isoformat() if since else "")

    @property
    def window_start(self) -> datetime | None:
        return datetime.fromisoformat(self.since) if self.since else None

    @property
    def per_second(self) -> int:
        return round(self.scanned / self.seconds) if self.seconds else 0

    @property
    def time_left(self) -> timedelta | None:
        """None as long as nobody can tell."""
        if self.done or not (self.scanned and self.left and self.seconds):
            return None
        return timedelta(seconds=self.left * self.seconds / self.scanned)

    def next_page(
        self,
        provider: MailProvider,
        sizes: Mapping[str, int],
        *,
        only: FolderRole | None = None,
        interest: Interest | None = None,
    ) -> Page | None:
        """The next page of headers; None at the end of a folder that cannot be read further, and when all is read.

        `sizes`: how many mails folders are known to hold, by the provider's name of them; `only` folders of this role are read, or
        where there is none, that with all mail. Mail that is not of the `interest` may be left out, as in `backfill_page`. Raises
        `ProviderError`.
        """
        folders = provider.folders()
        if only:
            of_role = [folder for folder in folders if folder.role is only]
            folders = of_role or [folder for folder in folders if folder.role is FolderRole.ALL]
        folder = self._enter(folders)
        if folder is None:
            self.done, self.left = True, 0
            return None
        try:
            if not self.anchor:
                self.anchor = provider.anchor(folder)
            with for_the_past():
                page = provider.backfill_page(
                    folder, self.cursor, anchor=self.anchor, since=self.window_start, interest=interest
                )
        except (CursorExpired, FolderGone):
            self._leave()
            return None
        self.scanned += len(page.envelopes) + len(page.sifted)
        ahead = (other for other in folders if _digest(other) not in (*self.finished, self.folder))
        self.left = page.remaining + sum(sizes.get(other.remote_id, 0) for other in ahead)
        stands_still = page.cursor == self.cursor
        self.cursor = page.cursor
        if page.done or stands_still:
            self._leave()
        return page

    def _enter(self, folders: Sequence[RemoteFolder]) -> RemoteFolder | None:
        """The folder the scan is in, or the next one; None when all are read."""
        waiting = {digest: folder for folder in folders if (digest := _digest(folder)) not in self.finished}
        if self.folder not in waiting:
            self.folder, self.anchor, self.cursor = next(iter(waiting), ""), "", ""
        return waiting.get(self.folder)

    def _leave(self) -> None:
        self.finished.append(self.folder)
        self.folder, self.anchor, self.cursor = "", "", ""


def _digest(folder: RemoteFolder) -> str:
    """Folder names can be telling; the browser needs none."""
    return blake2b(folder.remote_id.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
