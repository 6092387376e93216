"""Delta rounds of messages and folders. All that a round knows travels in its links, as with the real one; they can die."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from crm_project.demo.microsoft.calls import Call
from crm_project.demo.microsoft.filters import Filter
from crm_project.demo.microsoft.mailbox import Change, Folder, Mailbox, Message
from crm_project.demo.microsoft.queries import USUAL_ROWS, read_query, single
from crm_project.demo.microsoft.refusals import GraphRefusal, bad_request
from crm_project.demo.microsoft.rows import (
    FOLDER_FIELDS,
    MESSAGE_FIELDS,
    Look,
    folder_row,
    message_row,
    value_at,
)

_OPTIONS = {"$select", "$filter", "$orderby", "$top", "changeType"}
_TOKENS = {"next": "$skiptoken", "delta": "$deltatoken"}
_CHANGE_TYPES: dict[str, str] = {"created": "created", "updated": "updated", "deleted": "removed"}


@dataclass(frozen=True)
class Round:
    """`after` is where the last page ended: an offset into the listing, or the number of a change. `upto` is the change this
    round ends with, fixed when it began. `sent` rows were shown, `empty` pages without any were shown before this page."""

    folder: str
    select: tuple[str, ...] = ()
    filter: str = ""
    change_type: str = ""
    size: int = 0
    listing: bool = True
    start: tuple[int, int] | None = None
    after: int = 0
    upto: int = 0
    sent: int = 0
    empty: int = 0
    generation: int = 0

    def token(self) -> str:
        return urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode().rstrip("=")

    @classmethod
    def of(cls, token: str) -> "Round":
        try:
            values = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
            values["start"] = tuple(values["start"]) if values["start"] else None
            return cls(**values | {"select": tuple(values["select"])})
        except (ValueError, TypeError, KeyError):
            raise bad_request("The token is malformed.", code="ErrorInvalidUrlQuery") from None


@dataclass(frozen=True)
class Rows:
    """The rows of one page, and the round after it; `done`: the round ends here."""

    rows: list[dict[str, Any]]
    after: Round
    done: bool


def message_delta(call: Call, folder_name: str) -> dict[str, Any]:
    folder = call.folder(folder_name)
    return _page(call, folder.id, f"mailFolders('{folder.id}')/messages/delta", _message_rows, _begin_messages)


def folder_delta(call: Call) -> dict[str, Any]:
    return _page(call, "", "mailFolders/delta", _folder_rows, _begin_folders)


def _page(
    call: Call, scope: str, path: str, read: Callable[[Call, Round], Rows], begin: Callable[[Call, str], Round]
) -> dict[str, Any]:
    now = _resumed(call, scope) or begin(call, scope)
    pause = call.world.faults.delta.empty_pages
    if now.empty < pause:
        return _answer(call, path, Rows([], replace(now, empty=now.empty + 1), done=False))
    page = read(call, replace(now, empty=0))
    rows = page.rows
    if call.world.faults.delta.repeats and rows:
        rows = [rows[0], *rows]
    return _answer(call, path, replace(page, rows=rows))


def _resumed(call: Call, scope: str) -> Round | None:
    """The round that a link goes on with, None when a new one begins."""
    args = call.request.args
    kind: Literal["next", "delta"] = "next" if "$skiptoken" in args else "delta"
    if _TOKENS[kind] not in args:
        return None
    token = single(args, {_TOKENS[kind]})[_TOKENS[kind]]
    known = Round.of(token)
    if known.folder != scope:
        raise bad_request("The token belongs to another resource.", code="ErrorInvalidUrlQuery")
    if known.generation != call.mailbox.generation[kind]:
        oddities = call.world.faults.delta
        raise GraphRefusal(
            oddities.lost_status,
            oddities.lost_code,
            f"The sync state generation is not found; generation={known.generation}.",
        )
    if kind == "delta":
        return replace(known, after=known.upto, upto=call.mailbox.last_change, listing=False, sent=0)
    return known


def _answer(call: Call, path: str, page: Rows) -> dict[str, Any]:
    kind: Literal["next", "delta"] = "delta" if page.done else "next"
    after = replace(page.after, generation=call.mailbox.generation[kind])
    link = call.link(path, {_TOKENS[kind]: after.token()})
    return call.listing("mailFolders", page.rows, **{f"{kind}Link": link})


# Messages


def _begin_messages(call: Call, folder_id: str) -> Round:
    query = read_query(
        call.request.args,
        allowed=_OPTIONS,
        fields=MESSAGE_FIELDS,
        filters={"receivedDateTime"},
        orders={"receivedDateTime"},
    )
    if query.order and query.order != (("receivedDateTime", True),):
        raise bad_request("Only $orderby=receivedDateTime desc is supported.", code="ErrorInvalidUrlQuery")
    if query.filter and not _is_lower_bound(query.filter):
        raise bad_request("Only receivedDateTime ge or gt is supported.", code="ErrorInvalidUrlQueryFilter")
    change_type = call.request.args.get("changeType", "")
    if change_type and change_type not in _CHANGE_TYPES:
        raise bad_request("changeType must be created, updated or deleted.")
    return Round(
        folder=folder_id,
        select=query.select,
        filter=query.filter.text if query.filter else "",
        change_type=change_type,
        size=call.preferences.page_size or query.top or USUAL_ROWS,
        upto=call.mailbox.last_change,
    )


def _is_lower_bound(test: Filter) -> bool:
    return (
        test.text.strip().lower().startswith(("receiveddatetime ge ", "receiveddatetime gt ")) and len(test.paths) == 1
    )


def _message_rows(call: Call, now: Round) -> Rows:
    size = call.preferences.page_size or now.size
    return _listed_rows(call, now, size) if now.listing else _changed_rows(call, now, size)


def _listed_rows(call: Call, now: Round, size: int) -> Rows:
    """The folder as it is, newest first. What arrives or leaves meanwhile is told in the next round."""
    limit = call.world.faults.delta.filtered_limit if now.filter else None
    size = size if limit is None else min(size, limit - now.sent)
    waiting = [message for message in _ordered(call, now) if now.start is None or _place(message) < now.start]
    chosen = waiting[:size]
    rows = [message_row(call.mailbox, message, call.look, now.select) for message in chosen]
    after = replace(now, sent=now.sent + len(chosen), start=_place(chosen[-1]) if chosen else now.start)
    done = len(waiting) <= size or (limit is not None and after.sent >= limit)
    return Rows(rows, after, done)


def _place(message: Message) -> tuple[int, int]:
    return int(message.received_at.timestamp()), message.key


def _ordered(call: Call, now: Round) -> list[Message]:
    found = call.mailbox.in_folder(now.folder)
    if now.filter:
        found = list(filter(_test(call.mailbox, now.filter), found))
    return sorted(found, key=_place, reverse=True)


def _test(mailbox: Mailbox, text: str) -> Callable[[Message], bool]:
    if not text:
        return lambda message: True
    test = Filter(text, {"receivedDateTime"})
    return lambda message: test(lambda path: value_at(mailbox, message, path))


def _changed_rows(call: Call, now: Round, size: int) -> Rows:
    latest: dict[int, list[Change]] = {}
    for change in call.mailbox.changes_in(now.folder, after=now.after, upto=now.upto):
        latest.setdefault(change.key, []).append(change)
    waiting = sorted(latest.values(), key=lambda changes: changes[-1].number)
    chosen = waiting[:size]
    rows = [row for changes in chosen if (row := _changed_row(call, now, changes)) is not None]
    done = len(waiting) <= size
    after = replace(now, after=now.upto if done else chosen[-1][-1].number)
    return Rows(rows, after, done)


def _changed_row(call: Call, now: Round, changes: list[Change]) -> dict[str, Any] | None:
    """What a round says of one message that changed: all selected properties, some of them, or that it is gone."""
    oddities = call.world.faults.delta
    message = call.mailbox.messages.get(changes[-1].key)
    is_here = message is not None and message.folder_id == now.folder
    kinds = {change.kind for change in changes}
    if oddities.forgets_returns and any(change.returned for change in changes):
        removal = next((change for change in changes if change.kind == "removed"), None)
        return _removed_row(call, removal) if removal and _wanted(now, "removed") else None
    if message is None or not is_here:
        return _removed_row(call, changes[-1]) if _wanted(now, "removed") else None
    if not _test(call.mailbox, now.filter)(message) or not _wanted(now, "created" if "created" in kinds else "updated"):
        return None
    names = {name for change in changes for name in change.fields}
    thin = "created" not in kinds and (oddities.thin_updates or names == {"isRead"})
    row = {"@odata.type": "#microsoft.graph.message"}
    if thin:
        return row | _thin_row(call.mailbox, message, call.look, now.select)
    return row | message_row(call.mailbox, message, call.look, now.select)


def _thin_row(mailbox: Mailbox, message: Message, look: Look, select: tuple[str, ...]) -> dict[str, Any]:
    names = [name for name in ("isRead", "parentFolderId") if not select or name in select]
    return message_row(mailbox, message, look, ["id", *names])


def _removed_row(call: Call, change: Change) -> dict[str, Any]:
    row_id = call.mailbox.immutable_id_of(change.key) if call.look.immutable_ids else change.changeable_id
    return {"@odata.type": "#microsoft.graph.message", "id": row_id, "@removed": {"reason": "deleted"}}


def _wanted(now: Round, kind: str) -> bool:
    return not now.change_type or _CHANGE_TYPES[now.change_type] == kind


# Folders


def _begin_folders(call: Call, scope: str) -> Round:
    query = read_query(call.request.args, allowed={"$select", "$top", "includeHiddenFolders"}, fields=FOLDER_FIELDS)
    size = call.preferences.page_size or query.top or USUAL_ROWS
    return Round(folder=scope, select=query.select, size=size, upto=call.mailbox.last_change)


def _folder_rows(call: Call, now: Round) -> Rows:
    size = call.preferences.page_size or now.size
    mailbox = call.mailbox
    if now.listing:
        waiting = [folder for folder in mailbox.folders.values() if folder.well_known != "msgfolderroot"][now.after :]
        rows = [folder_row(mailbox, folder, now.select) for folder in waiting[:size]]
        return Rows(rows, replace(now, after=now.after + len(rows)), done=len(waiting) <= size)
    changed = {c.folder_id: c.number for c in mailbox.folder_changes if now.after < c.number <= now.upto}
    folders = sorted(changed, key=lambda folder_id: changed[folder_id])
    rows = [_folder_change(mailbox, mailbox.folders.get(folder_id), folder_id, now) for folder_id in folders[:size]]
    done = len(folders) <= size
    return Rows(rows, replace(now, after=now.upto if done else changed[folders[size - 1]]), done)


def _folder_change(mailbox: Mailbox, folder: Folder | None, folder_id: str, now: Round) -> dict[str, Any]:
    if folder is None:
        return {"id": folder_id, "@removed": {"reason": "deleted"}}
    return folder_row(mailbox, folder, now.select)
