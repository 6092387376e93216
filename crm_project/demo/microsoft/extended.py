"""MAPI properties of messages, which `$expand=singleValueExtendedProperties(…)` asks for by type and tag (MS-OXPROPS)."""

import re
from collections.abc import Callable
from typing import Any

from werkzeug.datastructures import MultiDict

from crm_project.demo.microsoft.mailbox import Message
from crm_project.demo.microsoft.refusals import bad_request

_EXPAND = re.compile(r"singleValueExtendedProperties\(\$filter=(.+)\)")
_ID = re.compile(r"\s*id eq '((String|Integer) 0x([0-9A-Fa-f]{1,4}))'\s*")
_SENSITIVITIES = {"personal": "1", "private": "2", "company-confidential": "3"}


def _transport_headers(message: Message) -> str:
    if message.submitted:
        return ""
    return "".join(f"{pair['name']}: {pair['value']}\r\n" for pair in message.content.pairs())


_PROPERTIES: dict[tuple[str, int], Callable[[Message], str]] = {
    ("Integer", 0x0036): lambda m: _SENSITIVITIES.get(m.content.first("sensitivity").lower(), "0"),
    ("String", 0x007D): _transport_headers,
    ("Integer", 0x0E08): lambda m: str(len(m.raw)),
    ("String", 0x1035): lambda m: m.content.message_id,
    ("String", 0x1039): lambda m: m.content.first("references"),
    ("String", 0x1042): lambda m: m.content.first("in-reply-to"),
}


def asked(args: MultiDict[str, str]) -> list[str]:
    """The ids of the properties, as the client wrote them. Raises GraphRefusal for what no message here could have."""
    text = args.get("$expand", "")
    if not text:
        return []
    found = _EXPAND.fullmatch(text)
    parts = [_ID.fullmatch(part) for part in found[1].split(" or ")] if found else []
    if not parts or not all(part and (part[2], int(part[3], 16)) in _PROPERTIES for part in parts):
        raise bad_request(f"Parsing OData Select and Expand failed: '{text}'.")
    return [part[1] for part in parts if part]


def shown(message: Message, ids: list[str]) -> dict[str, Any]:
    """What is to be added to a row: only properties that the message has."""
    values = []
    for one in ids:
        kind, _, tag = one.partition(" ")
        if value := _PROPERTIES[kind, int(tag, 16)](message):
            values.append({"id": f"{kind} {int(tag, 16):#x}", "value": value})
    return {"singleValueExtendedProperties": values} if values else {}
