"""Listening to many mailboxes at once, so that new mail is synced within seconds.

One process holds an IDLE connection for each inbox and only wakes the sync. Nothing depends on it: without it, or without IDLE
on a server, inboxes are polled every minute. The main thread waits for all connections together; whatever may block
(connecting, signing in, renewing) happens in a few threads.
"""

import contextlib
import random
import selectors
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import structlog
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from inboxes.connections import imap_settings
from inboxes.models import Inbox
from inboxes.models.inbox import ProviderKind
from inboxes.pauses import is_paused
from inboxes.providers.base import Misconfigured, ProviderError
from inboxes.providers.imap.connection import ImapSettings
from inboxes.providers.imap.idling import Listener
from inboxes.sync.due import wake

logger = structlog.get_logger(__name__)

MOST_INBOXES = 1_000
THREADS = 8
RENEW_SECONDS = 300.0
LOOK_SECONDS = 15.0
SHORTEST_PAUSE, LONGEST_PAUSE = 30.0, 900.0
"""After a connection ended, however it ended: a server that hangs up at once must not be called in a hot loop."""
NO_IDLE_PAUSE = 86_400.0


@dataclass(slots=True)
class Watch:
    """One inbox as far as watching goes; `generation` tells when its credential is another one."""

    inbox_id: int
    generation: int
    listener: Listener | None = None
    job: "Future[Listener | bool] | None" = None
    pause: float = SHORTEST_PAUSE
    not_before: float = 0.0


@dataclass(slots=True)
class Watcher:
    """`run` until told to stop. `listen` opens a connection; tests give one that needs no server."""

    listen: Callable[[ImapSettings], Listener] = Listener.open
    look_seconds: float = LOOK_SECONDS
    renew_seconds: float = RENEW_SECONDS
    _watches: dict[int, Watch] = field(default_factory=dict)
    _to_wake: set[int] = field(default_factory=set)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _looked_at: float = float("-inf")

    def run(self, stop: threading.Event) -> None:
        with ThreadPoolExecutor(THREADS, thread_name_prefix="watch") as pool:
            try:
                while not stop.is_set():
                    self._step(pool)
            finally:
                for watch in self._watches.values():
                    self._forget(watch)
                pool.shutdown(wait=False, cancel_futures=True)
                self._selector.close()

    def _step(self, pool: ThreadPoolExecutor) -> None:
        now = time.monotonic()
        if now - self._looked_at >= self.look_seconds:
            self._looked_at = now
            self._look_at_inboxes()
        for watch in list(self._watches.values()):
            self._tend(watch, pool, now)
        self._hear(timeout=min(1.0, self.look_seconds))
        self._wake()

    def _look_at_inboxes(self) -> None:
        """Whom to listen to. Without a database the connections are kept and looked at again later."""
        try:
            inboxes = Inbox.objects.syncing().filter(provider=ProviderKind.IMAP).order_by("pk")
            wanted = dict(inboxes.values_list("pk", "generation")[:MOST_INBOXES])
        except (DatabaseError, InterfaceError):
            connection.close()
            return
        for inbox_id, watch in list(self._watches.items()):
            if wanted.get(inbox_id) != watch.generation:
                self._forget(watch)
                del self._watches[inbox_id]
        for inbox_id, generation in wanted.items():
            self._watches.setdefault(inbox_id, Watch(inbox_id, generation))

    def _tend(self, watch: Watch, pool: ThreadPoolExecutor, now: float) -> None:
        """Moves one watch along: a job that ended, a connection to open or to renew."""
        if watch.job is not None:
            if watch.job.done():
                self._finish_job(watch, now)
        elif watch.listener is None:
            if now >= watch.not_before and (settings := self._settings(watch)) is not None:
                watch.job = pool.submit(self.listen, settings)
        elif now - watch.listener.idle_since >= self.renew_seconds:
            self._selector.unregister(watch.listener)
            watch.job = pool.submit(watch.listener.renew)

    def _settings(self, watch: Watch) -> ImapSettings | None:
        try:
            inbox = Inbox.objects.get(pk=watch.inbox_id)
            if not is_paused(inbox, now=timezone.now()):
                return imap_settings(inbox)
            watch.not_before = time.monotonic() + SHORTEST_PAUSE
        except (Inbox.DoesNotExist, Misconfigured):
            watch.not_before = time.monotonic() + LONGEST_PAUSE
        except (DatabaseError, InterfaceError):
            connection.close()
        return None

    def _finish_job(self, watch: Watch, now: float) -> None:
        job, watch.job = watch.job, None
        try:
            answer = job.result() if job else None
        except Exception as error:  # noqa: BLE001 - whatever one server makes a library raise, the others are listened to
            self._lose(watch, error, now)
            return
        if isinstance(answer, Listener):
            watch.listener = answer
            # What came between the last sync and now nobody has heard.
            self._to_wake.add(watch.inbox_id)
        elif answer:
            self._to_wake.add(watch.inbox_id)
        else:
            watch.pause = SHORTEST_PAUSE  # renewed and alive
        if watch.listener is not None:
            self._selector.register(watch.listener, selectors.EVENT_READ, watch)

    def _hear(self, *, timeout: float) -> None:
        if not self._selector.get_map():
            time.sleep(timeout)
            return
        for key, _ in self._selector.select(timeout):
            watch: Watch = key.data
            try:
                if watch.listener is not None and watch.listener.hear():
                    self._to_wake.add(watch.inbox_id)
            except Exception as error:  # noqa: BLE001 - as above
                self._lose(watch, error, time.monotonic())

    def _lose(self, watch: Watch, error: Exception, now: float) -> None:
        """Hangs up and waits, each time longer; the sync says what is wrong with the mailbox, nobody needs to hear it twice."""
        self._hang_up(watch)
        cause = error.cause if isinstance(error, ProviderError) else "unknown"
        if not isinstance(error, ProviderError):
            logger.error("watch_failed", inbox_id=watch.inbox_id, exc_info=error)
        if cause == "idle_not_offered":
            watch.not_before = now + NO_IDLE_PAUSE
        else:
            watch.not_before = now + watch.pause * random.uniform(1, 1.5)
            watch.pause = min(LONGEST_PAUSE, watch.pause * 2)
        logger.info("watch_lost", inbox_id=watch.inbox_id, cause=cause, again_in=round(watch.not_before - now))

    def _forget(self, watch: Watch) -> None:
        self._hang_up(watch)
        if watch.job is not None:
            watch.job.add_done_callback(_close_listener)

    def _hang_up(self, watch: Watch) -> None:
        if watch.listener is not None:
            with contextlib.suppress(KeyError):  # not registered while it is renewed
                self._selector.unregister(watch.listener)
            watch.listener.close()
            watch.listener = None

    def _wake(self) -> None:
        """Makes the inboxes due and says so; what cannot be said now is said later."""
        if not self._to_wake:
            return
        try:
            wake(self._to_wake)
        except (DatabaseError, InterfaceError):
            connection.close()
            return
        self._to_wake.clear()


def _close_listener(job: "Future[Listener | bool]") -> None:
    """For a job whose answer nobody waits for any more."""
    if not job.cancelled() and job.exception() is None and isinstance(listener := job.result(), Listener):
        listener.close()
