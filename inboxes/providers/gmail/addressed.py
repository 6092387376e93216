"""Which mail of a mailbox is that of one address: an alias of its owner's, or a group that they are a member of."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from inboxes.addresses import InvalidAddress, normalise
from inboxes.mime.address_list import parse_addresses
from inboxes.mime.headers import Headers

FIELDS = ("Delivered-To", "List-Post")
"""What has to be known for it beside the fields of an envelope."""

_TO = ("to", "cc", "bcc", "delivered-to")
_POSTED_TO = re.compile(r"<\s*mailto:([^<>?\s]+)", re.IGNORECASE).findall
_LIST_ID = re.compile(r"<([^<>]*)>[^<>]*\Z").search


def is_of_address(fields: Headers, address: str, *, is_sent: bool) -> bool:
    """Whether the mail was addressed to `address`, delivered for it, came through it as a list, or was sent as it.

    Whole addresses are compared, in their normal form; a plus-tag makes another address. Who is only named as the author of mail that
    was received did not get it.
    """
    names = (*_TO, "from") if is_sent else _TO
    if any(person.email == address for name in names for person in parse_addresses(fields.all(name))):
        return True
    posted_to = list(_posting_addresses(fields))
    return address in posted_to if posted_to else list_id_of(address) in _list_ids(fields)


def list_id_of(address: str) -> str:
    """How a list with this address is named in List-Id (RFC 2919)."""
    return address.replace("@", ".")


def _posting_addresses(fields: Headers) -> Iterator[str]:
    """RFC 2369."""
    for value in fields.all("list-post"):
        for written in _POSTED_TO(value):
            try:
                yield normalise(unquote(written))
            except InvalidAddress:
                continue


def _list_ids(fields: Headers) -> Iterator[str]:
    for value in fields.all("list-id"):
        found = _LIST_ID(value)
        yield (found[1] if found else value).strip().lower()
