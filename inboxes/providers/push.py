"""How a provider is asked to say when a mailbox has news."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from inboxes.providers.base import TemporarilyUnavailable


class SubscriptionGone(TemporarilyUnavailable):
    """The provider does not know the subscription any more: subscribe anew."""

    cause = "subscription_gone"


@dataclass(frozen=True, slots=True)
class Subscribed:
    """`remote_id` is the provider's name for the subscription, empty where a mailbox can have only one."""

    remote_id: str
    expires_at: datetime


class Announcer(Protocol):
    """One mailbox. All methods raise `ProviderError` subclasses only; `close()` never raises."""

    @property
    def resources(self) -> tuple[str, ...]:
        """What is to be subscribed to, so that all new mail is told of."""
        ...

    def subscribe(self, resource: str, *, secret: str) -> Subscribed:
        """The provider repeats `secret` in each notification, if it can."""
        ...

    def renew(self, remote_id: str) -> Subscribed:
        """Raises `SubscriptionGone`."""
        ...

    def unsubscribe(self, remote_id: str) -> None:
        """Does nothing when it is gone already."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> "Announcer": ...

    def __exit__(self, *exc: object) -> None: ...
