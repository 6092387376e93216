"""`manage.py demo_google`: the demo's stand-in for Google, until it is stopped."""

import signal
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from crm_project.demo import home
from crm_project.demo.google.accounts import fill
from crm_project.demo.google.server import FakeGoogle


class Command(BaseCommand):
    help = (
        "Runs a stand-in for Google (sign-in, Gmail, Pub/Sub) on loopback until it is stopped. It remembers its state."
    )
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
            "--push-to", default="", metavar="URL", help="where changes of watched mailboxes are announced"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        google = FakeGoogle(port=options["port"])
        google.client.redirect_uris.extend(options["redirect_uri"])
        google.pubsub.endpoint = options["push_to"]
        google.requests.keep(100)
        demo = home.known(settings.DATA_DIR)
        folder = options["folder"] or home.folder_in(settings.DATA_DIR) / "google"
        if not google.keep_in(folder) and not options["account"]:
            fill(google, demo.began if demo else timezone.now())
        for address in options["account"]:
            google.mailbox(address)
        stopped = threading.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda _signal, _frame: stopped.set())
        with google:
            google.push_by_itself()
            if options["verbosity"]:
                self.stdout.write("".join(f"{name}={value}\n" for name, value in google.environment().items()))
                self.stdout.flush()
            stopped.wait()
