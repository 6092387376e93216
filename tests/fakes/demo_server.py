"""The demo's own mail server (IMAP and SMTP in Python) for tests that need real mailboxes wherever they run."""

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crm_project.demo.server import MailFolders
from crm_project.runner.ports import free_port, reserve

HOST = "127.0.0.1"
STARTS_WITHIN_SECONDS = 120.0
PROJECT = Path(__file__).resolve().parent.parent.parent
PROGRAM = """
import asyncio, pathlib, sys
from crm_project.demo.server import serve
asyncio.run(serve(pathlib.Path(sys.argv[1]), imap_port=int(sys.argv[2]), smtp_port=int(sys.argv[3])))
"""


@dataclass
class DemoServer:
    """A process of its own. Stop and start it as often as a test likes: its mailboxes and ports stay."""

    home: Path
    imap_port: int
    smtp_port: int
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def folders(self) -> MailFolders:
        return MailFolders(self.home)

    def start(self) -> None:
        ports = [str(self.imap_port), str(self.smtp_port)]
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(self.home), *ports], cwd=PROJECT, stderr=subprocess.DEVNULL
        )
        give_up_at = time.monotonic() + STARTS_WITHIN_SECONDS
        while not all(map(_answers, (self.imap_port, self.smtp_port))):
            if self._process.poll() is not None or time.monotonic() > give_up_at:
                raise RuntimeError("the mail server does not start")
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextlib.contextmanager
def demo_server(accounts: dict[str, str]) -> Iterator[DemoServer]:
    """Running, with an empty mailbox for each account (address → password)."""
    with tempfile.TemporaryDirectory(prefix="genkan-mail-") as folder:
        server = DemoServer(Path(folder), free_port(), free_port())
        server.folders.create(accounts)
        with reserve(server.imap_port), reserve(server.smtp_port):
            server.start()
            try:
                yield server
            finally:
                server.stop()


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
        return True
    return False
