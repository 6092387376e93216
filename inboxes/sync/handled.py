"""Digests of remote ids: enough to tell which messages of a folder were handled, and nothing else about them."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from hashlib import blake2b

from inboxes.models import Folder, HandledPage

SIZE = 8
"""Bytes per message. Two of a million keys collide with a chance of about one in thirty-seven million."""


def digest(remote_id: str) -> bytes:
    return blake2b(remote_id.encode("utf-8", "surrogatepass"), digest_size=SIZE).digest()


def pack(remote_ids: Iterable[str]) -> bytes:
    """The digests of all ids, end to end."""
    return b"".join(map(digest, remote_ids))


def unpack(digests: bytes) -> Iterator[bytes]:
    return (digests[at : at + SIZE] for at in range(0, len(digests), SIZE))


def skipped_among(folder: Folder, remote_ids: Iterable[str]) -> set[str]:
    """Those of the messages that were skipped."""
    wanted = {digest(remote_id): remote_id for remote_id in remote_ids}
    if not wanted:
        return set()
    pages = HandledPage.objects.filter(folder=folder).values_list("digests", flat=True)
    return {wanted[part] for page in pages for part in unpack(bytes(page)) if part in wanted}


def forget(folder: Folder, remote_ids: Iterable[str]) -> None:
    """Their decision does not hold any more: another one is about to be noted in the same transaction."""
    wanted = set(map(digest, remote_ids))
    if not wanted:
        return
    for page in HandledPage.objects.filter(folder=folder).select_for_update():
        parts = list(unpack(bytes(page.digests)))
        kept = [part for part in parts if part not in wanted]
        if len(kept) < len(parts):
            page.digests = b"".join(kept)
            page.save(update_fields=["digests"])


class SkippedKeys:
    """Which messages of a folder were skipped, eight bytes for each: read once, for all pages of a slice."""

    def __init__(self, folder: Folder) -> None:
        digests: array[int] = array("Q")
        for page in HandledPage.objects.filter(folder=folder).values_list("digests", flat=True).iterator():
            digests.frombytes(page)
        self._before = array("Q", sorted(digests))
        self._added: set[int] = set()

    def __contains__(self, remote_id: str) -> bool:
        (key,) = array("Q", digest(remote_id))
        at = bisect_left(self._before, key)
        return key in self._added or (at < len(self._before) and self._before[at] == key)

    def add(self, remote_ids: Iterable[str]) -> None:
        self._added.update(array("Q", b"".join(map(digest, remote_ids))))
