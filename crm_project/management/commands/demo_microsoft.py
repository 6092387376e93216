"""`manage.py demo_microsoft`: the demo's stand-in for Microsoft 365, until it is stopped."""

import signal
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from crm_project.demo import home
from crm_project.demo.microsoft.accounts import fill
from crm_project.demo.microsoft.server import MicrosoftStandIn


class Command(BaseCommand):
    help = "Runs a stand-in for Microsoft 365 (sign-in, Graph) on loopback until it is stopped. It remembers its state."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=0, help="default: a free one")
        parser.add_argument("--folder", type=Path, help="default: that of the demo")
        parser.add_argument(
            "--redirect-uri", action="append", default=[], help="where people may be sent back to; may be repeated"
        )
        parser.add_argument(
            "--account", action="append", default=[], help="an address that has an empty mailbox; may be repeated"
        )
        parser.add_argument(
            "--push-to",
            default="",
            metavar="URL",
            help="where subscriptions of earlier starts are announced from now on",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        microsoft = MicrosoftStandIn(port=options["port"], redirect_uris=options["redirect_uri"], keep_requests=100)
        demo = home.known(settings.DATA_DIR)
        folder = options["folder"] or home.folder_in(settings.DATA_DIR) / "microsoft"
        if not microsoft.keep_in(folder) and not options["account"]:
            fill(microsoft, demo.began if demo else timezone.now())
        for address in options["account"]:
            microsoft.mailbox(address)
        if options["push_to"]:
            microsoft.notifier.redirect(options["push_to"])
        stopped = threading.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda _signal, _frame: stopped.set())
        with microsoft:
            if options["verbosity"]:
                self.stdout.write("".join(f"{name}={value}\n" for name, value in microsoft.environment().items()))
                self.stdout.flush()
            stopped.wait()
