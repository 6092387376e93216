"""What a provider gives out when somebody allows their mailbox to be read, and the words of signing in. Knows no provider."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from inboxes.providers.base import ProviderError

EARLY = timedelta(minutes=5)
"""An access token is renewed so long before it runs out, so that none dies on its way."""


class SignInRefused(ProviderError):
    """Somebody came back from the provider without access; `cause` says why, and nothing was stored."""

    cause = "sign_in_expired"


@dataclass(frozen=True, slots=True)
class Grant:
    """`scopes` is what was granted, not what was asked for.

    `refresh_token` may be empty where the provider gave out none this time: never store that over one that is kept. `account_id` and
    `address` are filled as far as the token answer itself names the account. `ends_at` is when the access ends however often it is
    renewed, where the provider says so.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    scopes: tuple[str, ...]
    account_id: str = field(default="", repr=False)
    address: str = field(default="", repr=False)
    ends_at: datetime | None = None

    def is_fresh(self, now: datetime) -> bool:
        return now < self.expires_at - EARLY

    def missing(self, scopes: Collection[str]) -> tuple[str, ...]:
        """Of these scopes, those that were not granted: people can untick them."""
        granted = {scope.lower() for scope in self.scopes}
        return tuple(scope for scope in scopes if scope.lower() not in granted)

    def to_secret(self) -> str:
        """All of it as JSON, to be stored encrypted."""
        return json.dumps(
            {
                "access_token": self.access_token,
                "refresh_token": self.refresh_token,
                "expires_at": self.expires_at.isoformat(),
                "scopes": self.scopes,
                "account_id": self.account_id,
                "address": self.address,
                "ends_at": self.ends_at.isoformat() if self.ends_at else "",
            }
        )

    @classmethod
    def from_secret(cls, secret: str) -> "Grant":
        """Raises ValueError for anything but what `to_secret` wrote; the message quotes nothing of it."""
        try:
            kept = json.loads(secret)
            return cls(
                access_token=kept["access_token"],
                refresh_token=kept["refresh_token"],
                expires_at=datetime.fromisoformat(kept["expires_at"]),
                scopes=tuple(kept["scopes"]),
                account_id=kept.get("account_id", ""),
                address=kept.get("address", ""),
                ends_at=datetime.fromisoformat(kept["ends_at"]) if kept.get("ends_at") else None,
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ValueError("This is not a grant.") from None


class GivenToken:
    """An `AccessToken` that was given out a moment ago: if it is refused now, it is refused for good."""

    def __init__(self, grant: Grant) -> None:
        self._grant = grant

    def get(self) -> str:
        return self._grant.access_token

    def renew(self, refused: str) -> str:
        raise SignInRefused("sign_in_failed")


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where to send the person, and what to keep (JSON, on the server, for one use) until they come back."""

    url: str = field(repr=False)
    kept: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Account:
    """Whose mailbox it is. `id` never changes, whatever becomes of the addresses; all addresses are normalised."""

    id: str
    address: str
    aliases: tuple[str, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        return (self.address, *self.aliases)


class OAuthClient(Protocol):
    """This installation, as it is registered at a provider. All methods raise `ProviderError` subclasses only, and may use the network."""

    def begin(
        self,
        *,
        redirect_uri: str,
        state: str,
        scopes: Collection[str],
        login_hint: str = "",
        prompt_consent: bool = True,
    ) -> Beginning:
        """`login_hint` is the address that is expected. Without `prompt_consent` no lasting access is insisted on."""
        ...

    def finish(self, *, kept: Mapping[str, Any], answer: Mapping[str, str]) -> Grant:
        """`answer` are the parameters that the person came back with. Raises `SignInRefused` as well."""
        ...

    def refresh(self, grant: Grant) -> Grant:
        """The grant with a new access token. Raises `GrantRevoked` when it is proved to be gone."""
        ...

    def revoke(self, grant: Grant) -> bool:
        """Whether the provider confirmed that the grant is gone. Raises `TemporarilyUnavailable` where trying again may help."""
        ...

    def account(self, grant: Grant) -> Account:
        """Whose mailbox was opened."""
        ...
