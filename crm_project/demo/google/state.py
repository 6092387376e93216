"""Everything the stand-in holds, and what it was asked."""

import threading
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crm_project.demo.clock import Clock
from crm_project.demo.google.faults import Faults
from crm_project.demo.google.grants import Client, Grants
from crm_project.demo.google.mailbox import FakeMailbox
from crm_project.demo.google.messages import StoredMessage
from crm_project.demo.google.paging import PageTokens
from crm_project.demo.google.pubsub import PubSub
from crm_project.demo.google.quota import Limits, Meter
from crm_project.demo.google.registration import CLIENT_ID, CLIENT_SECRET, TOPIC
from crm_project.demo.google.tokens import TokenEndpoint

READ_SCOPE = "https://www.googleapis.com/auth/gmail.readonly"
_KEPT_REQUESTS = 200_000


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request that was answered. `units`: what it cost; a refused one costs nothing."""

    operation: str
    method: str
    path: str
    query: dict[str, list[str]]
    at: datetime
    form: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    mailbox: str = ""
    units: int = 0
    status: int = 0
    in_batch: bool = False


class Requests:
    """Everything that was asked, in order; the parts of a batch each, and the batch itself after them."""

    def __init__(self) -> None:
        self._all: deque[Recorded] = deque(maxlen=_KEPT_REQUESTS)

    def __iter__(self) -> Iterator[Recorded]:
        return iter(list(self._all))

    def __len__(self) -> int:
        return len(self._all)

    def note(self, request: Recorded) -> None:
        self._all.append(request)

    def of(self, *operations: str, mailbox: str = "") -> list[Recorded]:
        return [request for request in self if request.operation in operations and mailbox in {"", request.mailbox}]

    def units(self, *, mailbox: str = "") -> int:
        return sum(request.units for request in self if mailbox in {"", request.mailbox})

    def clear(self) -> None:
        self._all.clear()

    def keep(self, count: int) -> None:
        """Only the latest `count` from here on: for a stand-in that runs for days."""
        self._all = deque(self._all, maxlen=count)


class State:
    """One project with one client, and the accounts that may sign in. `changes` counts what is worth saving."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clock = Clock()
        self.faults = Faults()
        self.requests = Requests()
        self.page_tokens = PageTokens()
        self.mailboxes: dict[str, FakeMailbox] = {}
        self.client = Client(CLIENT_ID, CLIENT_SECRET)
        self.grants = Grants(self.clock)
        self.grants.clients[self.client.id] = self.client
        self.meter = Meter(Limits())
        self.topic = TOPIC
        self.changes = 0
        self.pubsub = PubSub(self.clock, self.lock)

    @property
    def limits(self) -> Limits:
        """Change its values, or put `Limits.real()` in its place."""
        return self.meter.limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self.meter.limits = limits

    def mailbox(self, address: str, *, name: str = "") -> FakeMailbox:
        """The account with this address; a new one if there is none."""
        with self.lock:
            if address not in self.mailboxes:
                made = FakeMailbox(address, name, self.clock, self.lock, self._changed)
                self.mailboxes[address] = made
            return self.mailboxes[address]

    def grant(self, address: str, scopes: Collection[str] = (READ_SCOPE,)) -> dict[str, Any]:
        """The answer of the token endpoint to somebody who allowed these scopes, without the pages."""
        with self.lock:
            self.mailbox(address)
            allowed = self.grants.allow(self.client, address, scopes, together=False)
            code = self.grants.make_code(self.client, address, allowed, "urn:none")
            form = {"grant_type": "authorization_code", "code": code.value, "redirect_uri": "urn:none"}
            form |= {"client_id": self.client.id, "client_secret": self.client.secret}
            return dict(TokenEndpoint(self.grants).token(form).body)

    def rename(self, address: str, new: str) -> None:
        """The account gets another address and stays the same account."""
        with self.lock:
            mailbox = self.mailboxes.pop(address)
            mailbox.address = new
            self.mailboxes[new] = mailbox
            self.grants.rename(address, new)

    def _changed(self, mailbox: FakeMailbox, message: StoredMessage) -> None:
        self.changes += 1
        self.pubsub.announce(mailbox, message)
