"""Encryption at rest with a key ring of its own (`FIELD_KEYS`), apart from SECRET_KEY so that either can be rotated alone.

A stored value is `<key id>:<Fernet token>`. The key id is the first 8 hex digits of the key's SHA-256: it says which key is
still needed without telling anything about it.
"""

import hashlib
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


class UnknownKey(Exception):
    """The value was written with a key that is no longer in the ring."""


class KeyRing:
    """Encrypts with the first key, decrypts with any."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        if not keys:
            raise ImproperlyConfigured("FIELD_KEYS is empty: no secret can be stored.")
        self._fernets = {key_id(key): Fernet(key) for key in keys}
        self.ids = tuple(self._fernets)  # newest first
        self.current_id = self.ids[0]

    def encrypt(self, text: str) -> str:
        return f"{self.current_id}:{self._fernets[self.current_id].encrypt(text.encode()).decode()}"

    def decrypt(self, stored: str) -> str:
        """Raises `UnknownKey` when the key left the ring, `InvalidToken` when the value was tampered with."""
        used, _, token = stored.partition(":")
        if used not in self._fernets:
            raise UnknownKey(used)
        return self._fernets[used].decrypt(token.encode()).decode()


def key_id(key: str) -> str:
    """Names a key without telling anything about it."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]


@lru_cache(maxsize=4)
def _ring_of(keys: tuple[str, ...]) -> KeyRing:
    return KeyRing(keys)


def ring() -> KeyRing:
    return _ring_of(tuple(settings.FIELD_KEYS))


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is only readable inside this process. Cannot be searched or compared in the database."""

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else ring().encrypt(value)

    def from_db_value(self, value: Any, expression: object, connection: object) -> Any:
        return None if value is None else ring().decrypt(value)


__all__ = ["EncryptedTextField", "InvalidToken", "KeyRing", "UnknownKey", "key_id", "ring"]
