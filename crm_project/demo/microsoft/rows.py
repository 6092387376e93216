"""Messages and folders as Graph shows them."""

from base64 import b64encode
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from crm_project.demo.microsoft.mailbox import Folder, Mailbox, Message
from crm_project.demo.microsoft.wording import written

_FIRST = 0


@dataclass(frozen=True)
class Look:
    """How a client wants to see messages: which ids, which kind of body, whether it may see bodies at all."""

    immutable_ids: bool = False
    text_bodies: bool = False
    bodies: bool = True


def message_id(mailbox: Mailbox, message: Message, look: Look) -> str:
    return mailbox.immutable_id(message) if look.immutable_ids else mailbox.changeable_id(message)


def _one(people: list[dict[str, Any]]) -> dict[str, Any] | None:
    return people[_FIRST] if people else None


def _body(message: Message, look: Look) -> dict[str, str]:
    parsed = message.content.parsed
    if parsed.html and not look.text_bodies:
        return {"contentType": "html", "content": parsed.html}
    return {"contentType": "text", "content": parsed.text}


def _has_attachments(message: Message) -> bool:
    return any(not file.is_inline for file in message.content.parsed.attachments)


def _internet_headers(message: Message) -> list[dict[str, str]] | None:
    return None if message.submitted else message.content.pairs()


Field = Callable[[Mailbox, Message, Look], Any]
MESSAGE_FIELDS: dict[str, Field] = {
    "id": message_id,
    "createdDateTime": lambda _box, m, _look: written(m.received_at),
    "lastModifiedDateTime": lambda _box, m, _look: written(m.modified_at),
    "changeKey": lambda _box, m, _look: b64encode(f"CQAAABYAAAC{m.key}.{m.version}.{m.moves}".encode()).decode(),
    "categories": lambda _box, m, _look: list(m.categories),
    "receivedDateTime": lambda _box, m, _look: written(m.received_at),
    "sentDateTime": lambda _box, m, _look: written(m.content.sent_at(m.received_at)),
    "hasAttachments": lambda _box, m, _look: _has_attachments(m),
    "internetMessageId": lambda _box, m, _look: m.content.message_id,
    "subject": lambda _box, m, _look: m.content.subject,
    "bodyPreview": lambda _box, m, _look: m.content.preview,
    "importance": lambda _box, m, _look: m.content.first("importance").lower() or "normal",
    "parentFolderId": lambda _box, m, _look: m.folder_id,
    "conversationId": lambda _box, m, _look: m.conversation_id,
    "conversationIndex": lambda _box, m, _look: m.content.index,
    "isDeliveryReceiptRequested": lambda _box, m, _look: False if not m.is_draft else None,
    "isReadReceiptRequested": lambda _box, m, _look: "disposition-notification-to" in m.content.headers,
    "isRead": lambda _box, m, _look: m.is_read,
    "isDraft": lambda _box, m, _look: m.is_draft,
    "webLink": lambda box, m, _look: f"https://outlook.example/owa/?ItemID={box.changeable_id(m)}&exvsurl=1",
    "inferenceClassification": lambda _box, _m, _look: "focused",
    "body": lambda _box, m, look: _body(m, look),
    "uniqueBody": lambda _box, m, look: _body(m, look),
    "sender": lambda _box, m, _look: _one(m.content.people("sender") or m.content.people("from")),
    "from": lambda _box, m, _look: _one(m.content.people("from")),
    "toRecipients": lambda _box, m, _look: m.content.people("to"),
    "ccRecipients": lambda _box, m, _look: m.content.people("cc"),
    "bccRecipients": lambda _box, m, _look: m.content.people("bcc"),
    "replyTo": lambda _box, m, _look: m.content.people("reply-to"),
    "flag": lambda _box, _m, _look: {"flagStatus": "notFlagged"},
    "internetMessageHeaders": lambda _box, m, _look: _internet_headers(m),
}
ONLY_WHEN_SELECTED = {"uniqueBody", "internetMessageHeaders"}
_BODIES = {"body", "bodyPreview", "uniqueBody"}
# Left out rather than null.
_ABSENT_WHEN_NONE = {"internetMessageHeaders", "from", "sender"}


def message_row(mailbox: Mailbox, message: Message, look: Look, select: Collection[str] = ()) -> dict[str, Any]:
    """All default properties, or the selected ones and the id."""
    names = [name for name in MESSAGE_FIELDS if name in select] if select else list(MESSAGE_FIELDS)
    row: dict[str, Any] = {"@odata.etag": f'W/"{MESSAGE_FIELDS["changeKey"](mailbox, message, look)}"'}
    for name in dict.fromkeys(("id", *names)):
        if (not select and name in ONLY_WHEN_SELECTED) or (name in _BODIES and not look.bodies):
            continue
        value = MESSAGE_FIELDS[name](mailbox, message, look)
        if value is not None or name not in _ABSENT_WHEN_NONE:
            row[name] = value
    return row


def value_at(mailbox: Mailbox, message: Message, path: str) -> Any:
    """The value of a property path such as `from/emailAddress/address`; None where there is nothing, a moment as such."""
    if path == "receivedDateTime":  # asked of every message of a folder, for every page
        return message.received_at
    first, *rest = path.split("/")
    value = MESSAGE_FIELDS[first](mailbox, message, Look())
    for name in rest:
        value = value.get(name) if isinstance(value, dict) else None
    return value


FOLDER_FIELDS: dict[str, Callable[[Mailbox, Folder], Any]] = {
    "id": lambda _box, f: f.id,
    "displayName": lambda _box, f: f.name,
    "parentFolderId": lambda _box, f: f.parent_id,
    "childFolderCount": lambda box, f: len([child for child in box.children(f.id) if not child.is_hidden]),
    "unreadItemCount": lambda box, f: len([m for m in box.in_folder(f.id) if not m.is_read]),
    "totalItemCount": lambda box, f: len(box.in_folder(f.id)),
    "sizeInBytes": lambda box, f: sum(len(m.raw) for m in box.in_folder(f.id)),
    "isHidden": lambda _box, f: f.is_hidden,
}


def folder_row(mailbox: Mailbox, folder: Folder, select: Collection[str] = ()) -> dict[str, Any]:
    return {
        name: read(mailbox, folder) for name, read in FOLDER_FIELDS.items() if not select or name in {*select, "id"}
    }
