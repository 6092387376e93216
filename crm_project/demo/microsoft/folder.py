"""The state of the stand-in as files of a folder, so that a demo goes on where it ended.

Accounts, consents, tokens, subscriptions and mailboxes with their log of changes are kept, so the cursors of clients stay good.
Codes nobody redeemed, faults and records of requests are not.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import GenericAlias
from typing import Any, TypeVar, get_origin, get_type_hints

from crm_project.demo.microsoft.directory import Account, Tenant
from crm_project.demo.microsoft.grants import AccessToken, RefreshToken
from crm_project.demo.microsoft.mailbox import Change, Folder, FolderChange, Mailbox, Message
from crm_project.demo.microsoft.subscription import Subscription
from crm_project.demo.microsoft.world import World

STATE_FILE = "state.json"
MAIL_FOLDER = "mail"
_Kept = TypeVar("_Kept")


def save(world: World, folder: Path) -> None:
    """Mails are written once, everything else anew; a crash leaves the files of last time."""
    (folder / MAIL_FOLDER).mkdir(parents=True, exist_ok=True)
    with world.grants.lock:
        content = {
            "tenants": [_plain(tenant) for tenant in world.directory.tenants.values()],
            "accounts": [_plain(account) for account in world.directory.accounts.values()],
            "refresh_tokens": {value: _plain(token) for value, token in world.grants.refresh_tokens.items()},
            "access_tokens": {value: _plain(token) for value, token in world.grants.access_tokens.items()},
            "subscriptions": [_plain(one) for one in list(world.notifier.active.values())],
            "mailboxes": [_mailbox(mailbox, folder) for mailbox in list(world.mailboxes.values())],
        }
    written = folder / f"{STATE_FILE}.new"
    with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False)
    written.replace(folder / STATE_FILE)


def load(world: World, folder: Path) -> bool:
    """Takes over what was saved. False, and nothing happens, if nothing was."""
    try:
        content = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    directory, grants = world.directory, world.grants
    directory.tenants = {row["id"]: _made(Tenant, row) for row in content["tenants"]}
    directory.accounts = {row["id"]: _made(Account, row) for row in content["accounts"]}
    grants.refresh_tokens = {value: _made(RefreshToken, row) for value, row in content["refresh_tokens"].items()}
    grants.access_tokens = {value: _made(AccessToken, row) for value, row in content["access_tokens"].items()}
    world.notifier.active = {row["id"]: _made(Subscription, row) for row in content["subscriptions"]}
    for saved in content["mailboxes"]:
        _load_mailbox(world, saved, folder)
    return True


def _mailbox(mailbox: Mailbox, folder: Path) -> dict[str, Any]:
    with mailbox.lock:
        return {
            "address": mailbox.address,
            "owner_id": mailbox.owner_id,
            "language": mailbox.language,
            "readers": sorted(mailbox.readers),
            "trouble": mailbox.trouble,
            "generation": mailbox.generation,
            "folders": [_plain(one) for one in mailbox.folders.values()],
            "messages": [_plain(one) | {"raw": _keep(one.raw, folder)} for one in mailbox.messages.values()],
            "changes": [_plain(one) for one in mailbox.changes],
            "folder_changes": [_plain(one) for one in mailbox.folder_changes],
        }


def _load_mailbox(world: World, saved: Mapping[str, Any], folder: Path) -> None:
    mailbox = Mailbox(saved["address"], saved["owner_id"], world.clock, language=saved["language"])
    mailbox.readers, mailbox.trouble = set(saved["readers"]), saved["trouble"]
    mailbox.generation = saved["generation"]
    mailbox.restore(
        folders=[_made(Folder, row) for row in saved["folders"]],
        messages=[_made(Message, row | {"raw": _kept(row["raw"], folder)}) for row in saved["messages"]],
        changes=[_made(Change, row) for row in saved["changes"]],
        folder_changes=[_made(FolderChange, row) for row in saved["folder_changes"]],
    )
    world.add(mailbox)


def _keep(raw: bytes, folder: Path) -> str:
    name = hashlib.sha256(raw).hexdigest()
    place = folder / MAIL_FOLDER / f"{name}.eml"
    if not place.exists():
        place.write_bytes(raw)
    return name


def _kept(name: str, folder: Path) -> bytes:
    return (folder / MAIL_FOLDER / f"{name}.eml").read_bytes()


def _plain(thing: Any) -> dict[str, Any]:
    """A dataclass as JSON knows it; bytes are left out."""
    values = {field.name: getattr(thing, field.name) for field in fields(thing)}
    return {name: _plain_value(value) for name, value in values.items() if not isinstance(value, bytes)}


def _plain_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return sorted(value) if isinstance(value, set | frozenset) else value


def _made(kind: type[_Kept], row: Mapping[str, Any]) -> _Kept:
    """A dataclass from what `_plain` made of it."""
    hints = get_type_hints(kind)
    return kind(**{name: _typed(hints[name], value) for name, value in row.items()})


def _typed(hint: Any, value: Any) -> Any:
    if hint is datetime:
        return datetime.fromisoformat(value)
    kind = get_origin(hint) if isinstance(hint, GenericAlias) else hint
    if kind in (set, frozenset, tuple) or (isinstance(kind, type) and issubclass(kind, StrEnum)):
        return kind(value)
    return value
