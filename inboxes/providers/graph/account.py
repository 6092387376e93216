"""Whose mailbox an access token of Microsoft's opens."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from inboxes.addresses import InvalidAddress, normalise
from inboxes.oauth.grants import Account, GivenToken, Grant
from inboxes.providers.base import NoPace, PermissionMissing
from inboxes.providers.graph.client import GraphClient, GraphSettings
from inboxes.providers.graph.errors import Asked

_PROFILE = "?$select=mail,userPrincipalName,proxyAddresses"


def read_account(grant: Grant, *, graph_root: str, now: Callable[[], datetime]) -> Account:
    """Addresses by Graph; where the grant is for IMAP only, the address of the id token is all there is."""
    if grant.missing(["User.Read"]):
        return _account(grant, {})
    client = GraphClient(GraphSettings(graph_root), GivenToken(grant), NoPace(), now)
    try:
        return _account(grant, client.get(client.url(_PROFILE), Asked.MAILBOX))
    finally:
        client.close()


def _account(grant: Grant, profile: Mapping[str, Any]) -> Account:
    """`mail` may be missing; the sign-in name then has the form of an address, but need not be one that gets mail."""
    address = _address(profile.get("mail") or profile.get("userPrincipalName") or grant.address)
    if not address:
        raise PermissionMissing("mailbox_missing")
    others = {_proxy(text) for text in profile.get("proxyAddresses") or []}
    return Account(id=grant.account_id, address=address, aliases=tuple(sorted(others - {"", address})))


def _proxy(text: str) -> str:
    """`SMTP:` marks the main address and `smtp:` another; other protocols are of no interest."""
    protocol, _, address = text.partition(":")
    return _address(address) if protocol.lower() == "smtp" else ""


def _address(text: str) -> str:
    try:
        return normalise(text)
    except InvalidAddress:
        return ""
