"""Recognising mail its owner un-logged, from hashes that say nothing to whoever does not hold the key."""

import hmac
from collections.abc import Iterable

from logging_rules.models import Tombstone


def digest(fingerprint: bytes, *, key: str) -> bytes:
    return hmac.digest(key.encode(), fingerprint, "sha256")


def unlogged_among(fingerprints: Iterable[bytes], *, owner_id: int, key: str) -> frozenset[bytes]:
    """Those of the fingerprints that the owner un-logged. Hashes nothing for an owner who never un-logged anything."""
    tombstones = Tombstone.objects.filter(owner_id=owner_id)
    if not tombstones.exists():
        return frozenset()
    by_digest = {digest(fingerprint, key=key): fingerprint for fingerprint in fingerprints}
    found = tombstones.filter(digest__in=list(by_digest)).values_list("digest", flat=True)
    return frozenset(by_digest[bytes(value)] for value in found)
