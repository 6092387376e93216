"""`manage.py demo_microsoft`: the demo's stand-in for Microsoft 365, until it is stopped."""

import signal
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from crm_project.demo.microsoft.server import MicrosoftStandIn


class Command(BaseCommand):
    help = "Runs a stand-in for Microsoft 365 (sign-in, Graph) on loopback until it is stopped. It remembers its state."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=0, help="default: a free one")
        parser.add_argument("--folder", type=Path, default=Path(settings.DATA_DIR) / "demo-microsoft")
        parser.add_argument(
            "--redirect-uri", action="append", default=[], help="where people may be sent back to; may be repeated"
        )
        parser.add_argument(
            "--account", action="append", default=[], help="an address that has a mailbox; may be repeated"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        microsoft = MicrosoftStandIn(port=options["port"], redirect_uris=options["redirect_uri"], keep_requests=100)
        microsoft.keep_in(options["folder"])
        for address in options["account"]:
            microsoft.mailbox(address)
        stopped = threading.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda _signal, _frame: stopped.set())
        with microsoft:
            for variable, value in microsoft.environment().items():
                self.stdout.write(f"{variable}={value}")
            self.stdout.flush()
            stopped.wait()
