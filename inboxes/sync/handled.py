"""Digests of remote ids: enough to tell which messages of a folder were handled, and nothing else about them."""

from collections.abc import Iterable, Iterator
from hashlib import blake2b

SIZE = 8
"""Bytes per message. Two of a million keys collide with a chance of about one in thirty-seven million."""


def digest(remote_id: str) -> bytes:
    return blake2b(remote_id.encode("utf-8", "surrogatepass"), digest_size=SIZE).digest()


def pack(remote_ids: Iterable[str]) -> bytes:
    """The digests of all ids, end to end."""
    return b"".join(map(digest, remote_ids))


def unpack(digests: bytes) -> Iterator[bytes]:
    return (digests[at : at + SIZE] for at in range(0, len(digests), SIZE))
