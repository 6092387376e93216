"""Everything the stand-in holds, and what tests and the demo steer it by."""

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from crm_project.demo.clock import Clock
from crm_project.demo.microsoft import scopes as permissions
from crm_project.demo.microsoft.directory import Account, Application, ConsentPolicy, Directory, Tenant, stable_id
from crm_project.demo.microsoft.faults import Faults
from crm_project.demo.microsoft.grants import Grants, client_info
from crm_project.demo.microsoft.mailbox import Mailbox
from crm_project.demo.microsoft.notifying import Notifier
from crm_project.demo.microsoft.refusals import over_concurrency, too_many_requests

TEN_MINUTES = timedelta(minutes=10)


@dataclass(frozen=True)
class Recorded:
    """One request as it came; a part of a batch is one of its own. `headers` are lower case, without Authorization.
    `mailbox` is the address it was for, "" for those of signing in."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    form: dict[str, str]
    json: Any
    status: int
    batched: bool = False
    mailbox: str = ""


@dataclass
class Meter:
    """How many requests one mailbox is answering, and when the latest came."""

    running: int = 0
    most: int = 0
    times: deque[Any] = field(default_factory=deque)


class World:
    """The state of one stand-in at `url`. `requests` holds the latest `keep_requests`."""

    def __init__(self, application: Application, *, keep_requests: int = 100_000) -> None:
        self.url = ""
        self.clock = Clock()
        self.directory = Directory(application)
        self.grants = Grants(self.directory, self.clock)
        self.faults = Faults()
        self.notifier = Notifier(self.directory, self.clock)
        self.mailboxes: dict[str, Mailbox] = {}  # by the owner's id
        self.requests: deque[Recorded] = deque(maxlen=keep_requests)
        self.meters: dict[str, Meter] = {}
        self._lock = threading.RLock()

    def tenant(self, domain: str, *, name: str = "", policy: str = ConsentPolicy.USER) -> Tenant:
        """An organisation; `policy` says who may let an application read mail."""
        tenant = self.directory.tenant(domain, name=name)
        tenant.policy = ConsentPolicy(policy)
        return tenant

    def mailbox(self, address: str, *, name: str = "", personal: bool = False, language: str = "en") -> Mailbox:
        """The mailbox of a person who can sign in; both are made if there are none yet."""
        with self._lock:
            account = self.directory.account(address, name=name, personal=personal)
            if account.id not in self.mailboxes:
                self.add(Mailbox(account.address, account.id, self.clock, language=language))
            return self.mailboxes[account.id]

    def shared_mailbox(self, address: str, *, readers: Iterable[str] = (), language: str = "en") -> Mailbox:
        """A mailbox nobody signs in to, with the people who were given Full Access."""
        with self._lock:
            mailbox = self.find_mailbox(address) or self.add(
                Mailbox(address, stable_id("shared", address), self.clock, language=language)
            )
            mailbox.readers = {reader.lower() for reader in readers}
            return mailbox

    def add(self, mailbox: Mailbox) -> Mailbox:
        mailbox.listeners.append(self.notifier.hear)
        self.mailboxes[mailbox.owner_id] = mailbox
        return mailbox

    def account(self, address: str) -> Account:
        account = self.directory.find(address)
        if account is None:
            raise KeyError("nobody has this address")
        return account

    def find_mailbox(self, name: str) -> Mailbox | None:
        """By address, alias or the owner's id."""
        account = self.directory.find(name)
        if account is not None:
            return self.mailboxes.get(account.id)
        matches = (box for box in self.mailboxes.values() if name.lower() in (box.address.lower(), box.owner_id))
        return next(matches, None)

    def grant(self, address: str, scopes: Iterable[str]) -> dict[str, Any]:
        """Tokens without pages: the account agrees to the scopes, and the answer of the token endpoint comes back."""
        account = self.account(address)
        names = list(scopes)
        account.consented |= permissions.full(names)
        answer = self.grants.issue(account, " ".join([*names, "offline_access", "openid", "profile"]))
        return answer | {"client_info": client_info(account)}

    def revoke(self, address: str) -> None:
        """The person, or an administrator, takes the grant back."""
        account = self.account(address)
        account.consented.clear()
        self.grants.revoke(account)

    def state_mark(self) -> object:
        """Differs once there is something new to save."""
        people = [sorted(account.consented) for account in self.directory.accounts.values()]
        everybody = [sorted(tenant.granted) for tenant in self.directory.tenants.values()]
        tokens = (len(self.grants.refresh_tokens), len(self.grants.access_tokens))
        dead = sum(bool(token.dead) for token in list(self.grants.refresh_tokens.values()))
        expiries = sorted((one.id, one.expires_at) for one in list(self.notifier.active.values()))
        mail = [(box.last_change, sorted(box.generation.items())) for box in list(self.mailboxes.values())]
        return people, everybody, tokens, dead, expiries, mail

    @contextmanager
    def metered(self, mailbox: Mailbox) -> Iterator[None]:
        """Raises GraphRefusal (429) for the fifth request at once, or too many in ten minutes; refused ones count as well."""
        with self._lock:
            meter = self.meters.setdefault(mailbox.address, Meter())
            meter.running += 1
            meter.most = max(meter.most, meter.running)
        try:
            self._check(meter)
            yield
        finally:
            with self._lock:
                meter.running -= 1

    def _check(self, meter: Meter) -> None:
        if meter.running > self.faults.concurrent_requests:
            raise over_concurrency()
        now = self.clock.now()
        with self._lock:
            meter.times.append(now)
            while meter.times[0] <= now - TEN_MINUTES:
                meter.times.popleft()
            too_many = len(meter.times) > self.faults.requests_in_ten_minutes
        if too_many:
            raise too_many_requests()
