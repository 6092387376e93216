"""Whose Gmail mailbox an access token opens."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from inboxes.addresses import InvalidAddress, normalise
from inboxes.oauth.grants import Account, GivenToken, Grant
from inboxes.providers.base import NoPace, PermissionMissing
from inboxes.providers.gmail.client import Call, Client


def read_account(grant: Grant, *, api_root: str, now: Callable[[], datetime]) -> Account:
    """Address and aliases of the mailbox. Gmail has no other key for it than the address."""
    client = Client(api_root, GivenToken(grant), NoPace(), now=now)
    try:
        profile = client.run(Call("getProfile"))
        others = client.run(Call("settings.sendAs.list")).get("sendAs", [])
    finally:
        client.close()
    address = _address(str(profile.get("emailAddress", "")))
    if not address:
        raise PermissionMissing("mailbox_missing")
    aliases = {alias for entry in others if (alias := _alias(entry)) and alias != address}
    return Account(id=address, address=address, aliases=tuple(sorted(aliases)))


def _alias(entry: Mapping[str, Any]) -> str:
    """An address that the owner writes as and calls their own; unconfirmed ones, and those of other people, are left out."""
    is_confirmed = entry.get("verificationStatus", "accepted") == "accepted"
    is_own = entry.get("isPrimary") or (is_confirmed and entry.get("treatAsAlias", True))
    return _address(str(entry.get("sendAsEmail", ""))) if is_own else ""


def _address(text: str) -> str:
    try:
        return normalise(text)
    except InvalidAddress:
        return ""
