"""`manage.py demo_server`: the demo's mail server, until it is stopped."""

import asyncio
import logging
import signal
import warnings
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from crm_project.demo import home
from crm_project.demo.accounts import fill
from crm_project.demo.home import Home
from crm_project.demo.server import serve


class Command(BaseCommand):
    help = "Runs the demo's mail server (IMAP and SMTP on loopback) until it is stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        # aiosmtpd warns twice at every connection that there is no TLS; this server never leaves loopback.
        warnings.filterwarnings("ignore", message="Requiring AUTH while not requiring TLS")
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        demo = home.known(settings.DATA_DIR)
        if demo is None:
            raise CommandError("There is no demo here yet. Run bin/dev.")
        fill(demo)
        self.stdout.write(f"IMAP on port {demo.ports.imap}, SMTP on port {demo.ports.smtp}")
        asyncio.run(_serve_until_stopped(demo))


async def _serve_until_stopped(demo: Home) -> None:
    server = asyncio.create_task(serve(demo.mail, imap_port=demo.ports.imap, smtp_port=demo.ports.smtp))
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, server.cancel)
    try:
        await server
    except asyncio.CancelledError:
        return
