"""What Microsoft Graph posts to us when a mailbox has news, or when a subscription itself needs looking after.

https://learn.microsoft.com/graph/change-notifications-delivery-webhooks and
https://learn.microsoft.com/graph/change-notifications-lifecycle-events
"""

import json
from dataclasses import dataclass
from enum import StrEnum

LONGEST_VALIDATION_TOKEN = 1024
MOST_AT_ONCE = 1000
"""Items in one POST; Graph sends far fewer."""


class NotUnderstood(Exception):
    """Not in the shape that Graph documents."""


class Lifecycle(StrEnum):
    """As Graph spells them."""

    REAUTHORIZE = "reauthorizationRequired"
    REMOVED = "subscriptionRemoved"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Notification:
    """`secret` is what we gave when we subscribed (`clientState`); `lifecycle` is None for news of the mailbox itself."""

    subscription_id: str
    secret: str
    lifecycle: Lifecycle | None = None


def read(body: bytes) -> list[Notification]:
    """Raises `NotUnderstood`. Nothing else of a notification is looked at: it only says where to look."""
    try:
        items = json.loads(body)["value"]
        found = [
            Notification(
                item["subscriptionId"],
                item.get("clientState") or "",
                Lifecycle(item["lifecycleEvent"]) if item.get("lifecycleEvent") else None,
            )
            for item in items[:MOST_AT_ONCE]
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NotUnderstood(type(error).__name__) from None
    if not all(_is_plain(value) for one in found for value in (one.subscription_id, one.secret)):
        raise NotUnderstood
    return found


def _is_plain(value: object) -> bool:
    """Nothing that could not be looked up: a NUL, or half of a surrogate pair."""
    return isinstance(value, str) and value.isascii() and value.isprintable()
