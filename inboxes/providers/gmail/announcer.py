"""Asking Gmail to announce news of a mailbox on a Pub/Sub topic. https://developers.google.com/workspace/gmail/api/reference/rest/v1/users/watch"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Self

from inboxes.providers.base import AccessToken, NoPace, TemporarilyUnavailable
from inboxes.providers.gmail.client import Call, Client
from inboxes.providers.gmail.errors import TOPIC_TAKEN
from inboxes.providers.push import Subscribed


class GmailAnnouncer:
    """An `Announcer`. Gmail keeps one watch for a mailbox and project, without a name of its own; a newer one takes its place.

    One address in a mailbox has no resources: the watch is that of the whole.
    """

    def __init__(
        self,
        api_root: str,
        token: AccessToken,
        *,
        topic: str,
        is_shared: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = Client(api_root, token, NoPace(), now=now)
        self._topic = topic
        self.resources: tuple[str, ...] = () if is_shared else ("mailbox",)

    def subscribe(self, resource: str, *, secret: str) -> Subscribed:
        """What Pub/Sub tells is signed by Google: there is no secret to repeat."""
        try:
            return self._watch()
        except TemporarilyUnavailable as refusal:
            if refusal.cause != TOPIC_TAKEN:
                raise
        self.unsubscribe("")
        return self._watch()

    def renew(self, remote_id: str) -> Subscribed:
        return self._watch()

    def unsubscribe(self, remote_id: str) -> None:
        self._client.run(Call("stop"))

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _watch(self) -> Subscribed:
        # Drafts change with every key that is pressed.
        body = {"topicName": self._topic, "labelIds": ["DRAFT"], "labelFilterBehavior": "exclude"}
        return _subscribed(self._client.run(Call("watch", {"body": body})))


def _subscribed(answer: dict[str, Any]) -> Subscribed:
    """`expiration` is in milliseconds, written as a text."""
    try:
        return Subscribed("", datetime.fromtimestamp(int(answer["expiration"]) / 1000, UTC))
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        raise TemporarilyUnavailable("answer_not_understood") from None
