"""A Gmail mailbox on loopback, the provider that reads it, and a count of what it pays."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from crm_project.demo.google.mailbox import FakeMailbox
from crm_project.demo.google.server import FakeGoogle
from inboxes.envelope import Envelope
from inboxes.providers.base import PaceReached, Page
from inboxes.providers.gmail.labels import MAILBOX
from inboxes.providers.gmail.provider import GmailProvider, GmailSettings
from tests.fakes.access_tokens import GivenTokens

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@dataclass
class Purse:
    """See `Pace`. Counts what was paid, and is empty after `budget` units."""

    paid: int = 0
    budget: float = float("inf")

    def spend(self, units: int) -> None:
        if units > self.budget:
            raise PaceReached(retry_after=30)
        self.budget -= units
        self.paid += units


@dataclass
class World:
    google: FakeGoogle
    mailbox: FakeMailbox
    tokens: GivenTokens
    purse: Purse = field(default_factory=Purse)

    def open(self, address: str = "haruka@crm.example", *, now: Callable[[], datetime] = lambda: NOW) -> GmailProvider:
        """A provider as the next slice of work would open it."""
        return GmailProvider(GmailSettings(self.google.url, address), self.tokens, self.purse, now=now)

    def operations(self) -> list[str]:
        """What was asked for since the last time."""
        asked = [request.operation for request in self.google.requests if request.operation != "batch"]
        self.google.requests.clear()
        return asked

    def units(self) -> int:
        """What Google charged since the last time."""
        units = self.google.requests.units()
        self.google.requests.clear()
        return units


def mail(number: int, *, sender: str = "ken@client.example", to: str = "haruka@crm.example", more: str = "") -> bytes:
    return (
        f"From: Ken Sato <{sender}>\r\nTo: {to}\r\nSubject: Quote {number}\r\nMessage-ID: <m{number}@client.example>\r\n"
        f"Date: Fri, 20 Nov 2026 09:00:00 +0000\r\n{more}\r\nHello {number}\r\n"
    ).encode()


def follow(read: Callable[[str], Page], cursor: str, *, most: int = 1_000) -> tuple[list[Page], str]:
    """All pages to the end, and the cursor then."""
    pages = []
    for _ in range(most):
        pages.append(read(cursor))
        cursor = pages[-1].cursor
        if pages[-1].done:
            return pages, cursor
    raise AssertionError("no end")


def follow_live(provider: GmailProvider, cursor: str) -> tuple[list[Page], str]:
    return follow(lambda at: provider.live_page(MAILBOX, at), cursor)


def follow_past(provider: GmailProvider, anchor: str, **more) -> tuple[list[Page], str]:
    since = more.pop("since", None)
    return follow(lambda at: provider.backfill_page(MAILBOX, at, anchor=anchor, since=since, **more), "")


def envelopes(pages: list[Page]) -> list[Envelope]:
    return [envelope for page in pages for envelope in page.envelopes]


def subjects(pages: list[Page]) -> list[str]:
    return [envelope.subject for envelope in envelopes(pages)]
