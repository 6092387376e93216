"""Sends what subscriptions are to be told, from a thread of its own: in one POST what goes to one address."""

import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import requests

from crm_project.demo.clock import Clock
from crm_project.demo.microsoft.directory import Directory
from crm_project.demo.microsoft.mailbox import Change, Mailbox
from crm_project.demo.microsoft.subscription import Subscription
from crm_project.demo.microsoft.wording import written

Event = Literal["reauthorizationRequired", "subscriptionRemoved", "missed"]
_GATHER_SECONDS = 0.01
_ANSWER_SECONDS = 3
_SAYS = {"created": "created", "updated": "updated", "removed": "deleted"}


@dataclass(frozen=True)
class Delivery:
    """One POST. `status` 0: nobody answered."""

    url: str
    body: dict[str, Any]
    status: int
    seconds: float


@dataclass
class Notifier:
    """`held`: nothing is sent until it is False again. `lost`: nothing will ever be. `repeats`: everything is sent twice."""

    directory: Directory
    clock: Clock
    attempts: int = 3
    retry_seconds: float = 0.2
    held: bool = False
    lost: bool = False
    repeats: bool = False
    active: dict[str, Subscription] = field(default_factory=dict)
    deliveries: "deque[Delivery]" = field(default_factory=lambda: deque(maxlen=10_000))
    _waiting: "deque[tuple[str, dict[str, Any]]]" = field(default_factory=deque)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _thread: threading.Thread | None = None
    _stopping: bool = False
    _busy: bool = False

    def hear(self, mailbox: Mailbox, change: Change) -> None:
        """Listens to a mailbox."""
        for subscription in list(self.active.values()):
            if subscription.is_about(mailbox, change) and subscription.expires_at > self.clock.now():
                self._put(subscription.notification_url, self._item(mailbox, change, subscription))

    def tell(self, event: Event, subscriptions: Iterable[Subscription] | None = None) -> None:
        """A lifecycle event for these subscriptions, or all. A removed one is gone."""
        for subscription in list(self.active.values() if subscriptions is None else subscriptions):
            if event == "subscriptionRemoved":
                self.active.pop(subscription.id, None)
            if subscription.lifecycle_url:
                self._put(subscription.lifecycle_url, self._base(subscription) | {"lifecycleEvent": event})

    def redirect(self, url: str) -> None:
        """Everybody who listens listens there from now on."""
        for subscription in self.active.values():
            subscription.notification_url = url
            subscription.lifecycle_url = subscription.lifecycle_url and url

    def wait(self, seconds: float = 60) -> None:
        """Until everything is sent. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._waiting and not self._busy, seconds):
                raise TimeoutError("notifications are still waiting")

    def release(self) -> None:
        """Sends what was held."""
        with self._changed:
            self.held = False
            self._changed.notify_all()

    def start(self) -> None:
        self._stopping = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread:
            self._thread.join()
            self._thread = None

    def _base(self, subscription: Subscription) -> dict[str, Any]:
        return {
            "subscriptionId": subscription.id,
            "subscriptionExpirationDateTime": written(subscription.expires_at),
            "tenantId": self.directory.accounts[subscription.account_id].tenant_id,
            "clientState": subscription.client_state,
        }

    def _item(self, mailbox: Mailbox, change: Change, subscription: Subscription) -> dict[str, Any]:
        message_id = mailbox.immutable_id_of(change.key) if subscription.immutable_ids else change.changeable_id
        resource = f"Users/{subscription.account_id}/Messages/{message_id}"
        return self._base(subscription) | {
            "changeType": _SAYS[change.kind],
            "resource": resource,
            "resourceData": {
                "@odata.type": "#Microsoft.Graph.Message",
                "@odata.id": resource,
                "@odata.etag": f'W/"CQAAABYAAAC{change.number}"',
                "id": message_id,
            },
        }

    def _put(self, url: str, item: dict[str, Any]) -> None:
        if self.lost:
            return
        with self._changed:
            self._waiting.extend([(url, item)] * (2 if self.repeats else 1))
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopping or (self._waiting and not self.held))
                if self._stopping:
                    return
                self._busy = True
            time.sleep(_GATHER_SECONDS)
            self._send()
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _send(self) -> None:
        by_url: dict[str, list[dict[str, Any]]] = {}
        with self._changed:
            while self._waiting:
                url, item = self._waiting.popleft()
                by_url.setdefault(url, []).append(item)
        for url, items in by_url.items():
            self._deliver(url, {"value": items})

    def _deliver(self, url: str, body: dict[str, Any]) -> None:
        for attempt in range(self.attempts):
            began = time.monotonic()
            try:
                status = requests.post(url, json=body, timeout=_ANSWER_SECONDS, allow_redirects=False).status_code
            except requests.RequestException:
                status = 0
            self.deliveries.append(Delivery(url, body, status, time.monotonic() - began))
            if 200 <= status < 300 or self._stopping:
                return
            time.sleep(self.retry_seconds * 2**attempt)
