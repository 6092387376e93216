"""Announcements of changes, pushed as Cloud Pub/Sub does: late, twice or out of order if a test wants it so."""

import base64
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import requests

from crm_project.demo.clock import Clock
from crm_project.demo.google.keys import ISSUER, signing_key
from crm_project.demo.google.mailbox import FakeMailbox
from crm_project.demo.google.messages import StoredMessage
from crm_project.demo.google.registration import PUSH_ACCOUNT, SUBSCRIPTION

ACKNOWLEDGED = frozenset({102, 200, 201, 202, 204})
TIMEOUT_SECONDS = 10
TOKEN_SECONDS = 3600


@dataclass(slots=True)
class Notification:
    id: str
    address: str
    history_id: int
    attempts: int = 0

    def as_json(self, published_at: str) -> dict[str, Any]:
        data = json.dumps({"emailAddress": self.address, "historyId": self.history_id}).encode()
        message = {"data": base64.b64encode(data).decode(), "messageId": self.id, "message_id": self.id}
        times = {"publishTime": published_at, "publish_time": published_at}
        return {"message": message | times | {"attributes": {}}, "subscription": SUBSCRIPTION}


class PubSub:
    """One push subscription. `endpoint` "" collects what would be sent; `audience` is the endpoint unless it is named."""

    def __init__(self, clock: Clock, lock: threading.RLock) -> None:
        self.endpoint = ""
        self.audience = ""
        self.account = PUSH_ACCOUNT
        self.pending: list[Notification] = []
        self._clock = clock
        self._lock = lock
        # Never those of an earlier start: a receiver takes what it has heard before for a repetition.
        self._serials = count(int(clock.now().timestamp() * 1000))
        self._due = threading.Event()
        self._stopping = threading.Event()

    def announce(self, mailbox: FakeMailbox, message: StoredMessage) -> None:
        """A change, if it is watched. Changes of one mailbox that nobody has been told of yet are one notification."""
        watch = mailbox.watch
        if watch is None or watch.expires_at <= self._clock.now():
            return
        has_label = not message.labels.isdisjoint(watch.label_ids)
        if watch.label_ids and has_label == watch.excludes:
            return
        for waiting in self.pending:
            if waiting.address == mailbox.address and not waiting.attempts:
                waiting.history_id = mailbox.history_id
                return
        self.pending.append(Notification(str(next(self._serials)), mailbox.address, mailbox.history_id))
        self._due.set()

    def flush(self) -> list[int]:
        """Sends what waits, oldest first; what is not acknowledged goes on waiting. Returns the statuses of the answers."""
        with self._lock:
            waiting = list(self.pending)
        statuses = []
        for notification in waiting:
            notification.attempts += 1
            status = self.send(notification)
            statuses.append(status)
            with self._lock:
                if status in ACKNOWLEDGED and notification in self.pending:
                    self.pending.remove(notification)
        return statuses

    def notification(self, address: str, history_id: int) -> Notification:
        """One that nothing caused: duplicates and stale ids are made so."""
        return Notification(str(next(self._serials)), address, history_id, attempts=1)

    def send(self, notification: Notification, *, token: str | None = None, body: bytes | None = None) -> int:
        """The status of the answer, 0 if there was none. Another token or body than the usual ones can be sent."""
        published_at = f"{self._clock.now():%Y-%m-%dT%H:%M:%S.%fZ}"
        content = json.dumps(notification.as_json(published_at)).encode() if body is None else body
        bearer = self.token() if token is None else token
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
        try:
            answer = requests.post(
                self.endpoint, data=content, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
            )
        except requests.RequestException:
            return 0
        return answer.status_code

    def token(self, *, key: str = "google", **claims: Any) -> str:
        """A token as the push service attaches it; other claims, or a forger's key, make it wrong."""
        now = int(self._clock.now().timestamp())
        usual: Mapping[str, Any] = {
            "iss": ISSUER,
            "aud": self.audience or self.endpoint,
            "azp": "113774264463038321964",
            "sub": "113774264463038321964",
            "email": self.account,
            "email_verified": True,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
        }
        return signing_key(key).sign({**usual, **claims})

    def run(self) -> None:
        """Sends by itself until `stop`, at most once a second; what was refused is tried again after ten."""
        self._stopping.clear()
        while not self._stopping.wait(timeout=1):
            if self._due.wait(timeout=10):
                self._due.clear()
            if self.endpoint and not self._stopping.is_set():
                self.flush()

    def stop(self) -> None:
        self._stopping.set()
        self._due.set()
