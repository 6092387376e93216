"""Whose mailbox an access token of Microsoft's opens."""

from collections.abc import Mapping
from typing import Any

import requests

from inboxes.addresses import InvalidAddress, normalise
from inboxes.oauth import transport
from inboxes.oauth.grants import Account, Grant
from inboxes.providers.base import PermissionMissing

PROFILE = "mail,userPrincipalName,proxyAddresses"


def read_account(grant: Grant, *, graph_root: str) -> Account:
    """Addresses by Graph; where the grant is for IMAP only, the address of the id token is all there is."""
    if grant.missing(["User.Read"]):
        return Account(id=grant.account_id, address=_address(grant.address))
    with transport.through(requests.Session(), endpoints=[graph_root]) as session:
        answer = session.get(
            f"{graph_root}/me", params={"$select": PROFILE}, headers={"Authorization": f"Bearer {grant.access_token}"}
        )
    if not answer.ok:
        raise PermissionMissing
    return _account(grant, answer.json())


def _account(grant: Grant, profile: Mapping[str, Any]) -> Account:
    """`mail` may be missing; the sign-in name then has the form of an address, but need not be one that gets mail."""
    address = _address(profile.get("mail") or profile.get("userPrincipalName") or grant.address)
    others = (_proxy(text) for text in profile.get("proxyAddresses") or [])
    aliases = tuple(sorted({alias for alias in others if alias and alias != address}))
    return Account(id=grant.account_id, address=address, aliases=aliases)


def _address(text: str) -> str:
    try:
        return normalise(text)
    except InvalidAddress:
        raise PermissionMissing("mailbox_missing") from None


def _proxy(text: str) -> str:
    """`SMTP:` marks the main address and `smtp:` another; other protocols are of no interest."""
    protocol, _, address = text.partition(":")
    try:
        return normalise(address) if protocol.lower() == "smtp" else ""
    except InvalidAddress:
        return ""
