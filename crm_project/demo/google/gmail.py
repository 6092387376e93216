"""The methods of the Gmail API that the stand-in performs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from crm_project.demo.google import answers
from crm_project.demo.google.answers import Answer, Refused
from crm_project.demo.google.mailbox import FakeMailbox, Label, SendAs, Watch
from crm_project.demo.google.messages import StoredMessage, encoded
from crm_project.demo.google.paging import PageTokens
from crm_project.demo.google.search import Search, is_hidden

WATCH_LIFETIME = timedelta(days=7)
MAX_BATCH_MODIFY = 1_000
_VISIBILITIES = {"messageListVisibility": "message_list_visibility", "labelListVisibility": "label_list_visibility"}


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose parameters and body were checked. `is_metadata_only`: the token carries the metadata scope."""

    mailbox: FakeMailbox
    path: dict[str, str]
    query: dict[str, Any]
    body: dict[str, Any]
    now: datetime
    is_metadata_only: bool
    tokens: PageTokens
    topic: str


def perform(operation: str, call: Call) -> Answer:
    """Raises `Refused`."""
    method = METHODS.get(operation)
    if method is None:
        raise Refused(answers.api_error(501, "notImplemented", f"This stand-in does not perform {operation}."))
    if not call.mailbox.is_enabled:
        raise Refused(answers.mail_service_disabled())
    body = method(call)
    return Answer(204) if body is None else Answer(200, body)


def _profile(call: Call) -> dict[str, Any]:
    messages = call.mailbox.messages.values()
    return {
        "emailAddress": call.mailbox.address,
        "messagesTotal": len(messages),
        "threadsTotal": len({message.thread_id for message in messages}),
        "historyId": str(call.mailbox.history_id),
    }


# Messages


def _list_messages(call: Call) -> dict[str, Any]:
    found, token, estimate = _found_page(call, "messages")
    answer: dict[str, Any] = {"resultSizeEstimate": estimate}
    if found:
        answer["messages"] = [message.reference() for message in found]
    if token:
        answer["nextPageToken"] = token
    return answer


def _found_page(call: Call, kind: str) -> tuple[list[StoredMessage], str, int]:
    """The messages of one page, the token of the next, and a guess of how many there are in all."""
    query, mailbox = call.query, call.mailbox
    text, wanted = query.get("q", ""), set(query.get("labelIds", ()))
    if text and call.is_metadata_only:
        raise Refused(answers.metadata_scope("does not support 'q' parameter"))
    for unknown in wanted - mailbox.labels.keys():
        raise Refused(answers.invalid(f"Invalid label: {unknown}"))
    limit = query.get("maxResults", 100)
    listing = f"{kind} {mailbox.address} {text!r} {sorted(wanted)} {query.get('includeSpamTrash')}"
    place = call.tokens.read(listing, query["pageToken"], call.now) if "pageToken" in query else None
    search = Search(text, mailbox, call.now)
    shows_hidden = query.get("includeSpamTrash", False) or search.shows_hidden or bool(wanted & {"SPAM", "TRASH"})
    scanned = 0

    def matching() -> Any:
        nonlocal scanned
        for message in mailbox.newest_first(before=tuple(place) if place else None):
            scanned += 1
            if wanted <= message.labels and (shows_hidden or not is_hidden(message)) and search.matches(message):
                yield message

    found = list(islice(matching(), limit + 1))
    if len(found) <= limit:
        return found, "", len(found)
    # An estimate, as with Gmail: what was looked at stands for all the rest.
    estimate = len(mailbox.messages) * len(found) // scanned
    return found[:limit], call.tokens.make(listing, found[limit - 1].place, call.now), max(estimate, limit + 1)


def _get_message(call: Call) -> dict[str, Any]:
    return _shown(call, _message(call, call.path["id"]))


def _message(call: Call, message_id: str) -> StoredMessage:
    message = call.mailbox.messages.get(message_id)
    if message is None:
        raise Refused(answers.not_found())
    return message


def _shown(call: Call, message: StoredMessage) -> dict[str, Any]:
    form = call.query.get("format", "full")
    if call.is_metadata_only and form in {"full", "raw"}:
        raise Refused(answers.metadata_scope(f"doesn't allow format {form.upper()}"))
    if form == "metadata":
        return message.metadata(call.query.get("metadataHeaders", ()))
    return {"minimal": message.minimal, "full": message.full, "raw": message.as_raw}[form]()


def _get_attachment(call: Call) -> dict[str, Any]:
    content = _message(call, call.path["messageId"]).attachment(call.path["id"])
    if content is None:
        raise Refused(answers.not_found())
    return {"size": len(content), "data": encoded(content)}


def _modify(call: Call) -> dict[str, Any]:
    message = _message(call, call.path["id"])
    _relabel(call, [message.id])
    return message.with_labels()


def _modify_many(call: Call) -> None:
    ids = call.body.get("ids", [])
    if not 1 <= len(ids) <= MAX_BATCH_MODIFY:
        raise Refused(answers.invalid("ids: between 1 and 1000 are needed"))
    _relabel(call, [message_id for message_id in ids if message_id in call.mailbox.messages])


def _relabel(call: Call, ids: list[str]) -> None:
    add, remove = call.body.get("addLabelIds", []), call.body.get("removeLabelIds", [])
    for unknown in {*add, *remove} - call.mailbox.labels.keys():
        raise Refused(answers.invalid(f"Invalid label: {unknown}"))
    for message_id in ids:
        call.mailbox.label(message_id, add=add, remove=remove)


def _trash(call: Call) -> dict[str, Any]:
    message = _message(call, call.path["id"])
    call.mailbox.trash(message.id)
    return message.with_labels()


def _untrash(call: Call) -> dict[str, Any]:
    message = _message(call, call.path["id"])
    call.mailbox.label(message.id, remove=["TRASH"])
    return message.with_labels()


# Threads


def _list_threads(call: Call) -> dict[str, Any]:
    found, token, estimate = _found_page(call, "threads")
    newest = {message.thread_id: message for message in reversed(found)}
    threads = [
        {"id": thread, "snippet": message.minimal()["snippet"], "historyId": str(message.history_id)}
        for thread, message in reversed(newest.items())
    ]
    answer: dict[str, Any] = {"resultSizeEstimate": estimate} | ({"threads": threads} if threads else {})
    return answer | ({"nextPageToken": token} if token else {})


def _get_thread(call: Call) -> dict[str, Any]:
    thread = call.path["id"]
    messages = [message for message in call.mailbox.messages.values() if message.thread_id == thread]
    if not messages:
        raise Refused(answers.not_found())
    shown = [_shown(call, message) for message in sorted(messages, key=lambda message: message.place)]
    latest = max(message.history_id for message in messages)
    return {"id": thread, "historyId": str(latest), "messages": shown}


# History


def _list_history(call: Call) -> dict[str, Any]:
    query, history = call.query, call.mailbox.history
    if "startHistoryId" not in query:
        raise Refused(answers.invalid("Missing required parameter: startHistoryId"))
    start = int(query["startHistoryId"])
    if not history.knows(start):
        raise Refused(answers.not_found())
    types, label, limit = query.get("historyTypes", ()), query.get("labelId", ""), query.get("maxResults", 100)
    listing = f"history {call.mailbox.address} {start} {sorted(types)} {label}"
    place = call.tokens.read(listing, query["pageToken"], call.now) if "pageToken" in query else start
    found = history.after(place, types=types, label=label, limit=limit + 1)
    answer: dict[str, Any] = {"historyId": str(history.current)}
    if found:
        answer["history"] = [record.as_json() for record in found[:limit]]
    if len(found) > limit or (found and call.mailbox.history_loops):
        last = place if call.mailbox.history_loops else found[limit - 1].id
        answer["nextPageToken"] = call.tokens.make(listing, last, call.now)
    return answer


# Labels


def _list_labels(call: Call) -> dict[str, Any]:
    return {"labels": [_label_json(label) for label in call.mailbox.labels.values()]}


def _get_label(call: Call) -> dict[str, Any]:
    label = _label(call)
    messages = [message for message in call.mailbox.messages.values() if label.id in message.labels]
    unread = [message for message in messages if "UNREAD" in message.labels]
    return _label_json(label) | {
        "messagesTotal": len(messages),
        "messagesUnread": len(unread),
        "threadsTotal": len({message.thread_id for message in messages}),
        "threadsUnread": len({message.thread_id for message in unread}),
    }


def _create_label(call: Call) -> dict[str, Any]:
    name = _free_name(call)
    label = call.mailbox.create_label(name)
    _set_visibilities(label, call.body)
    return _label_json(label)


def _change_label(call: Call) -> dict[str, Any]:
    label = _label(call)
    if label.type == "system":
        raise Refused(answers.invalid("Invalid update request for system label"))
    if call.body.get("name", label.name) != label.name:
        call.mailbox.rename_label(label.id, _free_name(call))
    _set_visibilities(label, call.body)
    return _label_json(label)


def _delete_label(call: Call) -> None:
    label = _label(call)
    if label.type == "system":
        raise Refused(answers.invalid("Invalid delete request"))
    call.mailbox.delete_label(label.id)


def _label(call: Call) -> Label:
    label = call.mailbox.labels.get(call.path["id"])
    if label is None:
        raise Refused(answers.not_found())
    return label


def _free_name(call: Call) -> str:
    name = str(call.body.get("name", "")).strip()
    if not name:
        raise Refused(answers.invalid("Invalid label name"))
    if any(name.casefold() == label.name.casefold() for label in call.mailbox.labels.values()):
        raise Refused(answers.api_error(409, "aborted", "Label name exists or conflicts"))
    return name


def _set_visibilities(label: Label, body: dict[str, Any]) -> None:
    for written, attribute in _VISIBILITIES.items():
        if written in body:
            setattr(label, attribute, body[written])


def _label_json(label: Label) -> dict[str, Any]:
    shown = {"id": label.id, "name": label.name, "type": label.type}
    visibilities = {written: getattr(label, attribute) for written, attribute in _VISIBILITIES.items()}
    return shown | {written: value for written, value in visibilities.items() if value}


# Addresses the owner may write from


def _list_send_as(call: Call) -> dict[str, Any]:
    return {"sendAs": [_send_as_json(alias) for alias in call.mailbox.aliases]}


def _get_send_as(call: Call) -> dict[str, Any]:
    for alias in call.mailbox.aliases:
        if alias.address == call.path["sendAsEmail"]:
            return _send_as_json(alias)
    raise Refused(answers.not_found())


def _send_as_json(alias: SendAs) -> dict[str, Any]:
    shown: dict[str, Any] = {"sendAsEmail": alias.address, "displayName": alias.name, "replyToAddress": alias.reply_to}
    shown |= {"signature": "", "isDefault": True} if alias.is_default else {"signature": ""}
    if alias.is_primary:
        return shown | {"isPrimary": True}
    return shown | {"treatAsAlias": True, "verificationStatus": "accepted" if alias.is_verified else "pending"}


# Announcements


def _watch(call: Call) -> dict[str, Any]:
    topic, body = call.body.get("topicName", ""), call.body
    if topic != call.topic:
        raise Refused(answers.invalid(f"Invalid topicName does not match {call.topic.rpartition('/')[0]}/*"))
    labels = tuple(body.get("labelIds", ()))
    for unknown in set(labels) - call.mailbox.labels.keys():
        raise Refused(answers.invalid(f"Invalid label: {unknown}"))
    behaviour = body.get("labelFilterBehavior") or body.get("labelFilterAction")
    call.mailbox.watch = Watch(topic, call.now + WATCH_LIFETIME, labels, behaviour == "exclude")
    expires = int(call.mailbox.watch.expires_at.timestamp() * 1000)
    return {"historyId": str(call.mailbox.history_id), "expiration": str(expires)}


def _stop(call: Call) -> None:
    call.mailbox.watch = None


METHODS: dict[str, Callable[[Call], dict[str, Any] | None]] = {
    "getProfile": _profile,
    "messages.list": _list_messages,
    "messages.get": _get_message,
    "messages.attachments.get": _get_attachment,
    "messages.modify": _modify,
    "messages.batchModify": _modify_many,
    "messages.trash": _trash,
    "messages.untrash": _untrash,
    "threads.list": _list_threads,
    "threads.get": _get_thread,
    "history.list": _list_history,
    "labels.list": _list_labels,
    "labels.get": _get_label,
    "labels.create": _create_label,
    "labels.update": _change_label,
    "labels.patch": _change_label,
    "labels.delete": _delete_label,
    "settings.sendAs.list": _list_send_as,
    "settings.sendAs.get": _get_send_as,
    "watch": _watch,
    "stop": _stop,
}
