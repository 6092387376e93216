"""The state of the stand-in as files of a folder, so that a demo goes on where it ended.

Accounts, labels, messages, history, consents and tokens are kept; codes that nobody fetched, faults and records of requests are not.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

from crm_project.demo.google.grants import AccessToken, RefreshToken
from crm_project.demo.google.history import Change, Record
from crm_project.demo.google.mailbox import FakeMailbox, Label, SendAs, Watch
from crm_project.demo.google.messages import StoredMessage
from crm_project.demo.google.state import State

STATE_FILE = "state.json"
_TIMES = frozenset({"expires_at", "issued_at", "used_at"})


def save(state: State, folder: Path) -> None:
    """Messages are written once, everything else anew; a crash leaves the files of last time."""
    with state.lock:
        content = {
            "grants": _grants(state),
            "mailboxes": {box.address: _mailbox(box) for box in state.mailboxes.values()},
        }
        for mailbox in state.mailboxes.values():
            _save_mail(mailbox, folder)
    written = folder / f"{STATE_FILE}.new"
    with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, default=datetime.isoformat)
    written.replace(folder / STATE_FILE)


def load(state: State, folder: Path) -> bool:
    """Takes over what was saved. False, and nothing happens, if nothing was."""
    try:
        content = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    with state.lock:
        _load_grants(state, content["grants"])
        for address, saved in content["mailboxes"].items():
            _load_mailbox(state.mailbox(address), saved, folder)
    return True


def _grants(state: State) -> dict[str, Any]:
    grants = state.grants
    return {
        "subjects": grants.subjects,
        "consents": [[client, address, scopes] for (client, address), scopes in grants.consents.items()],
        "refresh_tokens": [asdict(token) for token in grants.refresh_tokens.values() if not token.is_dead],
        "access_tokens": [asdict(token) for token in grants.access_tokens.values() if not token.is_dead],
    }


def _load_grants(state: State, saved: Mapping[str, Any]) -> None:
    grants = state.grants
    grants.subjects.update(saved["subjects"])
    grants.consents.update({(client, address): tuple(scopes) for client, address, scopes in saved["consents"]})
    for refresh in (RefreshToken(**_read(row)) for row in saved["refresh_tokens"]):
        grants.refresh_tokens[refresh.value] = refresh
    for access in (AccessToken(**_read(row)) for row in saved["access_tokens"]):
        grants.access_tokens[access.value] = access


def _mailbox(mailbox: FakeMailbox) -> dict[str, Any]:
    history = mailbox.history
    return {
        "name": mailbox.name,
        "is_enabled": mailbox.is_enabled,
        "labels": [asdict(label) for label in mailbox.labels.values()],
        "aliases": [asdict(alias) for alias in mailbox.aliases],
        "watch": asdict(mailbox.watch) if mailbox.watch else None,
        "history": [history.floor, history.current, [_record(record) for record in history.records]],
        "messages": [
            [message.id, message.thread_id, message.received, sorted(message.labels), message.history_id]
            for message in mailbox.messages.values()
        ],
    }


def _record(record: Record) -> list[Any]:
    return [record.id, record.change, record.message_id, record.thread_id, record.labels, record.changed]


def _load_mailbox(mailbox: FakeMailbox, saved: Mapping[str, Any], folder: Path) -> None:
    mailbox.name, mailbox.is_enabled = saved["name"], saved["is_enabled"]
    mailbox.labels = {label["id"]: Label(**label) for label in saved["labels"]}
    mailbox.aliases = [SendAs(**alias) for alias in saved["aliases"]]
    mailbox.watch = Watch(**_read(saved["watch"])) if saved["watch"] else None
    mailbox.serials = count(len(saved["labels"]) + len(saved["messages"]) + 1)
    history = mailbox.history
    history.floor, history.current, records = saved["history"]
    history.records = [
        Record(number, Change(change), message, thread, tuple(labels), tuple(changed))
        for number, change, message, thread, labels, changed in records
    ]
    for message_id, thread_id, received, labels, history_id in saved["messages"]:
        raw = _mail_file(mailbox, folder, message_id).read_bytes()
        mailbox.restore(StoredMessage(message_id, thread_id, raw, received, set(labels), history_id))


def _save_mail(mailbox: FakeMailbox, folder: Path) -> None:
    place = _mail_file(mailbox, folder, "").parent
    place.mkdir(parents=True, exist_ok=True)
    known = {file.stem for file in place.iterdir()}
    for message_id in mailbox.messages.keys() - known:
        _mail_file(mailbox, folder, message_id).write_bytes(mailbox.messages[message_id].raw)
    for message_id in known - mailbox.messages.keys():
        _mail_file(mailbox, folder, message_id).unlink()


def _mail_file(mailbox: FakeMailbox, folder: Path, message_id: str) -> Path:
    return folder / quote(mailbox.address, safe="@") / f"{message_id}.eml"


def _read(row: Mapping[str, Any]) -> dict[str, Any]:
    """Lists as tuples, times as times."""
    return {
        name: datetime.fromisoformat(value) if name in _TIMES else tuple(value) if isinstance(value, list) else value
        for name, value in row.items()
    }
