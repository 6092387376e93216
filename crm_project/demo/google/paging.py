"""Page tokens: opaque to whoever holds them, good for one listing only, and they can die."""

import base64
import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from crm_project.demo.google.answers import Refused, invalid


class PageTokens:
    """`lifetime`: how long a token is good for (None: as long as nobody forgets them)."""

    def __init__(self) -> None:
        self.lifetime: timedelta | None = None
        self._generation = 0

    def forget(self) -> None:
        """Every token that was handed out so far is dead."""
        self._generation += 1

    def make(self, listing: str, place: Any, now: datetime) -> str:
        """`listing` names what is listed: a token is refused for anything else."""
        content = [self._generation, _digest(listing), place, now.timestamp()]
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    def read(self, listing: str, token: str, now: datetime) -> Any:
        """The place. Raises `Refused` for a token that is dead or was never made."""
        try:
            generation, digest, place, made_at = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        except (ValueError, TypeError):
            raise Refused(invalid("Page token is not valid.")) from None
        is_old = self.lifetime is not None and now.timestamp() - made_at > self.lifetime.total_seconds()
        if generation != self._generation or digest != _digest(listing) or is_old:
            raise Refused(invalid("Page token is not valid."))
        return place


def _digest(listing: str) -> str:
    return hashlib.sha256(listing.encode()).hexdigest()[:16]
