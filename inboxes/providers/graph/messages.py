"""From a message as Graph shows it to an `Envelope`: its Internet headers where it has them, else what Exchange made of them.

Mail that was written in the mailbox itself has no Internet headers, and Exchange keeps what they would say in properties of its
own (MS-OXPROPS). Sensitivity is one of them: Graph's message does not show it otherwise.
"""

import re
from base64 import b64encode
from collections.abc import Collection, Iterator
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from inboxes.addresses import InvalidAddress, normalise
from inboxes.envelope import Address, Envelope, FolderRole
from inboxes.mime.envelope_reader import HEADER_FIELDS, read_envelope
from inboxes.providers.base import RemoteFolder
from inboxes.providers.graph.cursors import moment

Json = dict[str, Any]

_PROPERTIES = ("Integer 0x36", "Integer 0xe08", "String 0x1042", "String 0x1039")
_SENSITIVITY, _SIZE, _IN_REPLY_TO, _REFERENCES = (name.lower() for name in _PROPERTIES)
EXPAND = "singleValueExtendedProperties($filter={})".format(" or ".join(f"id eq '{name}'" for name in _PROPERTIES))

PEOPLE = ("from", "sender", "toRecipients", "ccRecipients", "bccRecipients", "replyTo")
_BASIC = ("receivedDateTime", "sentDateTime", "subject", "internetMessageId", "isDraft", "categories", "parentFolderId")
SELECT = ",".join((*_BASIC, *PEOPLE))
SELECT_WITH_HEADERS = f"{SELECT},internetMessageHeaders"

# conversationId is not among them: Exchange puts unrelated mails of one subject into one conversation, and a conversation may
# decide that a mail is logged.

_WANTED = frozenset(name.lower() for name in HEADER_FIELDS)
_SENSITIVITIES = {"1": "personal", "2": "private", "3": "company-confidential"}
_BREAKS = re.compile(r"[\x00\r\n]+[ \t]*")
_PLAIN = re.compile(r"[A-Za-z0-9 ._'+-]*").fullmatch


def envelope_of(
    row: Json, folder: RemoteFolder, *, now: datetime, people: dict[str, tuple[Address, ...]] | None = None
) -> Envelope:
    """`row` has the fields of `SELECT` at least, and the properties of `EXPAND`."""
    properties = _properties(row)
    categories = frozenset(map(str, row.get("categories") or ()))
    return read_envelope(
        _header_block(row, properties),
        remote_id=str(row["id"]),
        folder_id=folder.remote_id,
        folder_role=folder.role,
        received_at=moment(row.get("receivedDateTime")) or now,
        size=_number(properties.get(_SIZE, "")),
        now=now,
        labels=categories | labels_of_folder(folder),
        is_draft=row.get("isDraft") is True,
        people=people,
    )


def labels_of_folder(folder: RemoteFolder) -> frozenset[str]:
    """The folder a person has put a message in says what a label would: "CRM/Private", also below the Inbox."""
    return frozenset({folder.name.removeprefix("INBOX/")}) if folder.role is FolderRole.OTHER else frozenset()


def people_of(row: Json) -> Iterator[tuple[str, str]]:
    """(address, name) of everybody a message names. Old internal mail may have an `/O=EXCHANGELABS/…` name for an address."""
    for field in PEOPLE:
        yield from _people(row.get(field))


def names_any(row: Json, addresses: Collection[str]) -> bool:
    """Whether the message names one of these, which are normalised. Whom nobody can tell might be any of them."""
    for address, _ in people_of(row):
        try:
            if normalise(address) in addresses:
                return True
        except InvalidAddress:
            return True
    return False


def _people(value: object) -> Iterator[tuple[str, str]]:
    for person in value if isinstance(value, list) else [value]:
        address = person.get("emailAddress") if isinstance(person, dict) else None
        if isinstance(address, dict) and isinstance(address.get("address"), str):
            yield address["address"].strip(), str(address.get("name") or "")


def _header_block(row: Json, properties: dict[str, str]) -> bytes:
    """What the message says of itself comes first: the first field of a name counts. Sensitivity as strict as it stands anywhere."""
    given = row.get("internetMessageHeaders")
    fields = [
        (str(header["name"]), str(header.get("value") or ""))
        for header in (given if isinstance(given, list) else ())
        if isinstance(header, dict) and str(header.get("name")).lower() in _WANTED
    ]
    there = {name.lower() for name, _ in fields}
    made = [(name, value) for name, value in _made_up(row, properties) if value and name.lower() not in there]
    if sensitivity := _SENSITIVITIES.get(properties.get(_SENSITIVITY, "")):
        made.insert(0, ("Sensitivity", sensitivity))
    return "\r\n".join(f"{name}: {_on_one_line(name, value)}" for name, value in made + fields).encode(
        "utf-8", "replace"
    )


def _made_up(row: Json, properties: dict[str, str]) -> Iterator[tuple[str, str]]:
    yield "From", _mailboxes(row.get("from"))
    yield "Sender", _mailboxes(row.get("sender")) if row.get("sender") != row.get("from") else ""
    yield "To", _mailboxes(row.get("toRecipients"))
    yield "Cc", _mailboxes(row.get("ccRecipients"))
    yield "Bcc", _mailboxes(row.get("bccRecipients"))
    yield "Reply-To", _mailboxes(row.get("replyTo"))
    yield "Subject", _encoded(str(row.get("subject") or ""))
    sent_at = moment(row.get("sentDateTime"))
    yield "Date", format_datetime(sent_at) if sent_at else ""
    yield "Message-ID", str(row.get("internetMessageId") or "")
    yield "In-Reply-To", properties.get(_IN_REPLY_TO, "")
    yield "References", properties.get(_REFERENCES, "")


def _mailboxes(value: object) -> str:
    """As a header would name them. An address nobody can write to from outside says nothing about whose mail it is."""
    return ", ".join(f"{_encoded(name)} <{address}>" for address, name in _people(value) if "@" in address)


def _encoded(text: str) -> str:
    """Text of which nothing can be taken for syntax (RFC 2047); longer than a mail program may write it, which we read as well."""
    if _PLAIN(text):
        return text
    return f"=?utf-8?B?{b64encode(text.encode('utf-8', 'replace')).decode()}?="


def _on_one_line(name: str, value: str) -> str:
    """The values are text already, whatever character set the message declares."""
    if name.lower() == "content-type":
        value = value.partition(";")[0]
    return _BREAKS.sub(" ", value)


def _properties(row: Json) -> dict[str, str]:
    """By id in one spelling: `Integer 0x0E08` is `integer 0xe08`."""
    given = row.get("singleValueExtendedProperties")
    found: dict[str, str] = {}
    for one in given if isinstance(given, list) else ():
        if isinstance(one, dict):
            kind, _, number = str(one.get("id")).lower().partition(" 0x")
            found[f"{kind} 0x{number.lstrip('0')}"] = str(one.get("value") or "")
    return found


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
