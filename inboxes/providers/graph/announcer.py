"""Subscriptions to the news of a Microsoft 365 mailbox. https://learn.microsoft.com/graph/api/resources/subscription"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from inboxes.providers.base import AccessToken, NoPace, TemporarilyUnavailable
from inboxes.providers.graph.client import GraphClient, GraphSettings
from inboxes.providers.graph.errors import Asked
from inboxes.providers.push import Subscribed, SubscriptionGone

LIFETIME = timedelta(minutes=4_200)
"""What Graph grants in all its versions; what it answers counts."""
FOLDERS = ("inbox", "sentitems")
"""Well-known names. Mail that arrives elsewhere is found by looking."""


class GraphAnnouncer:
    """An `Announcer`. Both news and the subscription's own life are told to `url`, which has to answer while one is made.

    A mailbox that is shared with the account cannot be subscribed to; it has no resources.
    """

    def __init__(
        self,
        root: str,
        token: AccessToken,
        *,
        url: str,
        is_shared: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = GraphClient(GraphSettings(root), token, NoPace(), now)
        self._url = url
        self._now = now
        self.resources: tuple[str, ...] = () if is_shared else FOLDERS

    def subscribe(self, resource: str, *, secret: str) -> Subscribed:
        body = {
            "changeType": "created,updated",
            "notificationUrl": self._url,
            "lifecycleNotificationUrl": self._url,
            "resource": f"me/mailFolders('{resource}')/messages",
            "expirationDateTime": self._wish(),
            "clientState": secret,
        }
        return _subscribed(self._client.change("POST", "/subscriptions", Asked.MAILBOX, body=body))

    def renew(self, remote_id: str) -> Subscribed:
        body = {"expirationDateTime": self._wish()}
        return _subscribed(self._client.change("PATCH", f"/subscriptions/{remote_id}", Asked.SUBSCRIPTION, body=body))

    def unsubscribe(self, remote_id: str) -> None:
        try:
            self._client.change("DELETE", f"/subscriptions/{remote_id}", Asked.SUBSCRIPTION)
        except SubscriptionGone:
            return

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _wish(self) -> str:
        return f"{self._now() + LIFETIME:%Y-%m-%dT%H:%M:%SZ}"


def _subscribed(answer: dict[str, Any]) -> Subscribed:
    try:
        return Subscribed(str(answer["id"]), datetime.fromisoformat(answer["expirationDateTime"]))
    except (KeyError, TypeError, ValueError):
        raise TemporarilyUnavailable("answer_not_understood") from None
