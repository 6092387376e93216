"""`manage.py demo_server`: the demo's mail server, until it is stopped."""

import asyncio
import logging
import signal
import warnings
from typing import Any

from django.core.management.base import BaseCommand

from crm_project.demo.home import mail_home, prepare
from crm_project.demo.server import serve


class Command(BaseCommand):
    help = "Runs the demo's mail server (IMAP and SMTP on loopback) until it is stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        # aiosmtpd warns twice at every connection that there is no TLS; this server never leaves loopback.
        warnings.filterwarnings("ignore", message="Requiring AUTH while not requiring TLS")
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        ports = prepare()
        self.stdout.write(f"IMAP on port {ports.imap}, SMTP on port {ports.smtp}")
        asyncio.run(_serve_until_stopped(ports.imap, ports.smtp))


async def _serve_until_stopped(imap_port: int, smtp_port: int) -> None:
    server = asyncio.create_task(serve(mail_home(), imap_port=imap_port, smtp_port=smtp_port))
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, server.cancel)
    try:
        await server
    except asyncio.CancelledError:
        return
