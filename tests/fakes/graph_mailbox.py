"""A mailbox of the Microsoft on loopback, and a provider that reads it."""

from datetime import datetime, timedelta
from typing import Any

from crm_project.demo.microsoft.mailbox import Mailbox
from inboxes.providers.graph.client import GraphSettings
from inboxes.providers.graph.provider import GraphProvider
from tests.fakes.access_tokens import GivenTokens
from tests.fakes.microsoft import FakeMicrosoft

SCOPES = ("User.Read", "Mail.Read")
ADDRESS = "haruka@crm.example"


class GraphMailbox:
    """Each mail arrives a second after the one before it, unless it is said when."""

    def __init__(self, microsoft: FakeMicrosoft, *, now: datetime, address: str = ADDRESS) -> None:
        self.microsoft = microsoft
        self.box: Mailbox = microsoft.mailbox(address)
        self.token = GivenTokens(lambda: str(microsoft.grant(address, SCOPES)["access_token"]))
        self.now = now
        self._arrivals = 0

    def open(self, **settings: Any) -> GraphProvider:
        return GraphProvider(GraphSettings(f"{self.microsoft.url}/v1.0", **settings), self.token, now=lambda: self.now)

    def deliver(self, raw: bytes, folder: str = "INBOX", *, received_at: datetime | None = None, **more: Any) -> str:
        """Into a folder by path, `INBOX` and `Sent` whatever they are called; returns the remote id."""
        self._arrivals += 1
        place = {"INBOX": "inbox", "Sent": "sentitems"}.get(folder, folder)
        arrival = received_at or self.now + timedelta(seconds=self._arrivals)
        return self.box.deliver(raw, folder=place, received_at=arrival, **more)

    def requests(self) -> list[str]:
        """What was asked for since the last call, without what stands before the mailbox; parts of batches too."""
        seen = [f"{one.method} {one.path.removeprefix('/v1.0').removeprefix('/me')}" for one in self.microsoft.requests]
        self.microsoft.requests.clear()
        return seen


def mail(number: int, *, sender: str = "ken@client.example", to: str = ADDRESS, more: str = "") -> bytes:
    """`more`: further header fields, each with its line end."""
    return (
        f"From: Ken Sato <{sender}>\r\nTo: {to}\r\nSubject: Quote {number}\r\nMessage-ID: <m{number}@client.example>\r\n"
        f"Date: Fri, 20 Nov 2026 09:00:00 +0000\r\n{more}\r\nHello {number}\r\n"
    ).encode()
