"""What Cloud Pub/Sub pushes to us when a Gmail mailbox has news. https://developers.google.com/workspace/gmail/api/guides/push"""

import base64
import json
from dataclasses import dataclass


class NotUnderstood(Exception):
    """Signed or not, this is no announcement of Gmail's."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """`address` is the mailbox that has news; `message_id` is Pub/Sub's, the same when it is delivered again."""

    address: str
    message_id: str


def read(body: bytes) -> Announcement:
    """Raises `NotUnderstood`. The `historyId` in it is not read: how far a mailbox was read is for us to know."""
    try:
        message = json.loads(body)["message"]
        data = json.loads(base64.b64decode(message["data"], validate=True))
        found = Announcement(data["emailAddress"], message.get("messageId") or message["message_id"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NotUnderstood(type(error).__name__) from None
    if not all(isinstance(value, str) for value in (data["emailAddress"], found.message_id)):
        raise NotUnderstood
    return found
