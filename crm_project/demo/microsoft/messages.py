"""Graph's mail resources but for delta: folders, lists of messages, single messages, their MIME and attachments."""

import hashlib
from base64 import b64encode, urlsafe_b64encode
from datetime import datetime
from typing import Any

from werkzeug.wrappers import Response

from crm_project.demo.microsoft import extended
from crm_project.demo.microsoft.calls import Call
from crm_project.demo.microsoft.mailbox import Folder, Message
from crm_project.demo.microsoft.queries import (
    MESSAGE_FILTERS,
    MESSAGE_ORDERS,
    USUAL_ROWS,
    Query,
    read_query,
    single,
)
from crm_project.demo.microsoft.refusals import bad_request, item_not_found
from crm_project.demo.microsoft.rows import FOLDER_FIELDS, MESSAGE_FIELDS, folder_row, message_row, value_at
from crm_project.demo.microsoft.search import MOST_FOUND, Search
from crm_project.demo.microsoft.wording import written
from inboxes.mime.parse import Attachment

_MESSAGE_OPTIONS = {"$select", "$filter", "$orderby", "$top", "$skip", "$count", "$search", "$expand"}
_FOLDER_OPTIONS = {"$select", "$filter", "$top", "$skip", "$count", "includeHiddenFolders"}


# Folders


def list_folders(call: Call, parent: str = "msgfolderroot") -> dict[str, Any]:
    args = call.request.args
    query = read_query(
        args, allowed=_FOLDER_OPTIONS, fields=FOLDER_FIELDS, filters={"displayName", "isHidden", "totalItemCount"}
    )
    hidden = args.get("includeHiddenFolders", "false").lower() == "true"
    test = query.filter
    found = [
        folder
        for folder in call.mailbox.children(call.folder(parent).id)
        if (hidden or not folder.is_hidden)
        and (test is None or test(lambda path, folder=folder: FOLDER_FIELDS[path](call.mailbox, folder)))  # type: ignore[misc]
    ]
    size = query.top or USUAL_ROWS
    rows = [folder_row(call.mailbox, folder, query.select) for folder in found[query.skip : query.skip + size]]
    path = "mailFolders" if parent == "msgfolderroot" else f"mailFolders('{parent}')/childFolders"
    return call.listing(
        "mailFolders",
        rows,
        count=_count(call, query, len(found)),
        nextLink=_next(call, path, query.skip + size, len(found)),
    )


def get_folder(call: Call, name: str) -> dict[str, Any]:
    query = read_query(call.request.args, allowed={"$select"}, fields=FOLDER_FIELDS)
    return folder_row(call.mailbox, call.folder(name), query.select)


# Messages


def list_messages(call: Call, folder_name: str = "") -> dict[str, Any]:
    """Of one folder, or of all."""
    query = _message_query(call)
    folder = call.folder(folder_name) if folder_name else None
    found = _search(call, folder, query) if query.search else _filter(call, folder, query)
    size = query.top or call.preferences.page_size or USUAL_ROWS
    chosen = found[query.skip : query.skip + size]
    expand = extended.asked(call.request.args)
    path = f"mailFolders('{folder_name}')/messages" if folder_name else "messages"
    return call.listing(
        "messages",
        [
            message_row(call.mailbox, message, call.look, query.select) | extended.shown(message, expand)
            for message in chosen
        ],
        count=_count(call, query, len(found)),
        nextLink=_next(call, path, query.skip + size, len(found)),
    )


def get_message(call: Call, message: Message) -> dict[str, Any]:
    query = read_query(call.request.args, allowed={"$select", "$expand"}, fields=MESSAGE_FIELDS)
    row = message_row(call.mailbox, message, call.look, query.select)
    context = f"{call.world.url}/v1.0/$metadata#users('{call.account.id}')/messages/$entity"
    if call.request.args.get("$expand") == "attachments":
        call.require_bodies()
        row["attachments"] = _attachments(message)
        return {"@odata.context": context, **row}
    return {"@odata.context": context, **row, **extended.shown(message, extended.asked(call.request.args))}


def get_mime(call: Call, message: Message) -> Response:
    single(call.request.args, ())
    call.require_bodies()
    return Response(message.raw, content_type="text/plain")


def list_attachments(call: Call, message: Message) -> dict[str, Any]:
    query = read_query(call.request.args, allowed={"$select", "$top", "$skip"}, fields=_ATTACHMENT_FIELDS)
    call.require_bodies()
    rows = _attachments(message)
    if query.select:
        kept = {"@odata.type", "id", *query.select}
        rows = [{name: value for name, value in row.items() if name in kept} for row in rows]
    return call.listing("attachments", rows)


def get_attachment(
    call: Call, message: Message, attachment_id: str, *, content: bool = False
) -> dict[str, Any] | Response:
    single(call.request.args, ())
    call.require_bodies()
    for row, file in zip(_attachments(message), message.content.parsed.attachments, strict=True):
        if row["id"] == attachment_id:
            return Response(file.content, content_type=file.content_type) if content else row
    raise item_not_found()


def _message_query(call: Call) -> Query:
    args = call.request.args
    query = read_query(
        args, allowed=_MESSAGE_OPTIONS, fields=MESSAGE_FIELDS, filters=MESSAGE_FILTERS, orders=MESSAGE_ORDERS
    )
    if call.request.headers.get("ConsistencyLevel", "eventual") != "eventual":
        raise bad_request("Invalid ConsistencyLevel header.")
    if query.search:
        call.require_bodies()
        if query.filter:
            raise bad_request("The query parameter '$filter' is not supported with '$search'.", code="SearchWithFilter")
        if query.order:
            raise bad_request(
                "The query parameter '$orderby' is not supported with '$search'.", code="SearchWithOrderBy"
            )
        if query.skip or query.count:
            raise bad_request("The query parameters '$skip' and '$count' are not supported with '$search'.")
    return query


def _all(call: Call, folder: Folder | None) -> list[Message]:
    return call.mailbox.in_folder(folder.id) if folder else list(call.mailbox.messages.values())


def _filter(call: Call, folder: Folder | None, query: Query) -> list[Message]:
    found = _all(call, folder)
    test = query.filter
    if test is not None:
        found = [m for m in found if test(lambda path, m=m: value_at(call.mailbox, m, path))]  # type: ignore[misc]
    found.sort(key=_newest_first, reverse=True)
    if query.order == (("receivedDateTime", True),):
        return found
    for path, descending in reversed(query.order):
        found.sort(key=lambda m, path=path: _sortable(call, m, path), reverse=descending)  # type: ignore[misc]
    return found


def _newest_first(message: Message) -> tuple[datetime, int]:
    return message.received_at, message.key


def _sortable(call: Call, message: Message, path: str) -> Any:
    value = value_at(call.mailbox, message, path)
    return "" if value is None else value.casefold() if isinstance(value, str) else value


def _search(call: Call, folder: Folder | None, query: Query) -> list[Message]:
    match = Search(query.search)
    found = sorted(_all(call, folder), key=_newest_first, reverse=True)
    return [message for message in found if match(message)][:MOST_FOUND]


def _count(call: Call, query: Query, number: int) -> int | None:
    return number if query.count and not call.world.faults.counts_missing else None


def _next(call: Call, path: str, skip: int, total: int) -> str | None:
    if skip >= total:
        return None
    # A search goes on by a token of its own; what the real one holds is nobody's business.
    return call.link(path, {**call.request.args.to_dict(), "$skip": str(skip)})


_ATTACHMENT_FIELDS = {
    "id",
    "name",
    "contentType",
    "size",
    "isInline",
    "lastModifiedDateTime",
    "contentId",
    "contentBytes",
}


def _attachments(message: Message) -> list[dict[str, Any]]:
    return [_attachment(message, number, file) for number, file in enumerate(message.content.parsed.attachments)]


def _attachment(message: Message, number: int, file: Attachment) -> dict[str, Any]:
    digest = hashlib.sha256(f"{message.key}/{number}".encode()).digest()
    return {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "id": "AAMkAG" + urlsafe_b64encode(digest).decode(),
        "lastModifiedDateTime": written(message.received_at),
        "name": file.filename,
        "contentType": file.content_type,
        "size": file.size,
        "isInline": file.is_inline,
        "contentId": file.content_id or None,
        "contentBytes": b64encode(file.content).decode(),
    }
