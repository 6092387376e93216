"""What the stand-in reads out of the bytes of a mail."""

import hashlib
import re
from base64 import b64encode
from datetime import datetime
from email.utils import getaddresses
from functools import cached_property
from typing import Any

from inboxes.mime import headers, parse
from inboxes.mime.address_list import parse_addresses

_REPLY_MARKS = re.compile(r"^\s*(?:(?:re|fw|fwd|aw|返信|転送)\s*[::]\s*)+", re.IGNORECASE)


class Content:
    """One mail, read as far as it is asked for."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    @cached_property
    def headers(self) -> headers.Headers:
        return headers.parse(headers.split(self.raw)[0])

    @cached_property
    def parsed(self) -> parse.ParsedMessage:
        return parse.parse(self.raw)

    def first(self, name: str) -> str:
        return self.headers.first(name)

    @cached_property
    def subject(self) -> str:
        return headers.decode_text(self.first("subject"))

    @property
    def topic(self) -> str:
        return _REPLY_MARKS.sub("", self.subject).strip().lower()

    @cached_property
    def message_id(self) -> str:
        """Exchange gives one to mail that has none."""
        own = next(iter(headers.message_ids(self.first("message-id"))), "")
        return own or f"<{hashlib.sha256(self.raw).hexdigest()[:32]}@prod.outlook.example>"

    @cached_property
    def related_ids(self) -> tuple[str, ...]:
        fields = (self.first("in-reply-to"), self.first("references"))
        return tuple(dict.fromkeys(token for value in fields for token in reversed(headers.message_ids(value))))

    def sent_at(self, received_at: datetime) -> datetime:
        written_at = headers.date(self.first("date"))
        return written_at if written_at and headers.is_plausible(written_at, now=received_at) else received_at

    def people(self, field: str) -> list[dict[str, Any]]:
        """Recipients of an address field, spelled as the sender did."""
        values = self.headers.all(field)
        read = [(headers.decode_text(name), address) for name, address in getaddresses(values) if "@" in address]
        read = read or [(found.name, found.email) for found in parse_addresses(values)]
        return [{"emailAddress": {"name": name or address, "address": address}} for name, address in read]

    def pairs(self) -> list[dict[str, str]]:
        """All header fields in order, unfolded."""
        block = headers.split(self.raw)[0].decode("utf-8", "replace").replace("\r\n", "\n")
        lines = block.replace("\n\t", " ").replace("\n ", " ").split("\n")
        fields = (line.partition(":") for line in lines)
        return [{"name": name, "value": value.strip()} for name, colon, value in fields if colon]

    @cached_property
    def preview(self) -> str:
        return " ".join(self.parsed.text.split())[:255]

    @property
    def index(self) -> str:
        return b64encode(hashlib.sha256(self.topic.encode()).digest()[:22]).decode()
