"""`manage.py watch_inboxes`: listens to the connected mailboxes until it is stopped. Run one of it."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from inboxes.watcher import Watcher


class Command(BaseCommand):
    help = "Listens to the connected mailboxes and wakes the sync when mail arrives. Without it they are polled every minute."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: stop.set())
        Watcher().run(stop)
