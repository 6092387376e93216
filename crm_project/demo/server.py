"""The local mail server of the demo: IMAP (pymap on Maildir, so UIDs survive a restart) and SMTP submission (aiosmtpd), loopback only."""

import asyncio
import mailbox
import os
from argparse import Namespace
from collections.abc import Iterable
from contextlib import AsyncExitStack
from datetime import datetime
from email.utils import getaddresses
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pymap.backend.maildir import Config, Login, MaildirBackend
from pymap.imap import IMAPService
from pysasl.hashing import Cleartext

from crm_project.demo.mail import DemoMail, oldest_first


class MailFolders:
    """Maildirs below one folder, one per account, with the files pymap reads accounts and passwords from."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def create(self, accounts: dict[str, str]) -> None:
        """Accounts (address → password), each with an empty Sent folder. Safe to repeat."""
        (self.home / "maildirs").mkdir(parents=True, exist_ok=True)
        # passwd(5): name:password:uid:gid:comment:home:shell
        (self.home / "pymap-etc-passwd").write_text(
            "".join(f"{address}:x::::maildirs/{address}:\n" for address in accounts)
        )
        shadow = self.home / "pymap-etc-shadow"
        shadow.touch(mode=0o600)
        shadow.write_text("".join(f"{address}:{password}:::::::\n" for address, password in accounts.items()))
        for address in accounts:
            self._folder(address, "Sent")

    def filled(self) -> set[str]:
        """The accounts that have a mailbox."""
        maildirs = self.home / "maildirs"
        return {folder.name for folder in maildirs.iterdir()} if maildirs.exists() else set()

    def take_over(self, address: str, other: "MailFolders") -> None:
        """Moves the mailbox of an account here, all at once."""
        (self.home / "maildirs").mkdir(parents=True, exist_ok=True)
        (other.home / "maildirs" / address).rename(self.home / "maildirs" / address)

    def accounts(self) -> dict[str, str]:
        lines = (self.home / "pymap-etc-shadow").read_text().splitlines()
        return {address: password for address, password, *_rest in (line.split(":") for line in lines)}

    def add(self, address: str, mails: Iterable[DemoMail]) -> int:
        """Returns how many they are."""
        ordered = oldest_first(mails)
        for mail in ordered:
            self.deliver(address, mail.as_bytes(), folder=mail.folder, received_at=mail.sent_at)
        return len(ordered)

    def deliver(self, address: str, raw: bytes, *, folder: str = "INBOX", received_at: datetime | None = None) -> None:
        message = mailbox.MaildirMessage(raw)
        if received_at:
            message.set_date(received_at.timestamp())
        self._folder(address, folder).add(message)

    def _folder(self, address: str, name: str) -> mailbox.Maildir:
        inbox = mailbox.Maildir(self.home / "maildirs" / address)
        if name == "INBOX":
            return inbox
        return inbox.get_folder(name) if name in inbox.list_folders() else inbox.add_folder(name)


class LocalDelivery:
    """Accepts mail of signed-in accounts and files it for local recipients; anybody else's is accepted and dropped."""

    def __init__(self, folders: MailFolders) -> None:
        self.folders = folders

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        accounts = self.folders.accounts()
        recipients = {address.lower() for _name, address in getaddresses(envelope.rcpt_tos)}
        for address in recipients & accounts.keys():
            await asyncio.to_thread(self.folders.deliver, address, envelope.original_content or b"")
        return "250 Accepted"

    def __call__(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        known = isinstance(data, LoginPassword) and (
            self.folders.accounts().get(data.login.decode()) == data.password.decode()
        )
        return AuthResult(success=known, handled=known)


async def serve(home: Path, *, imap_port: int, smtp_port: int) -> None:
    """Runs until cancelled. Plain text on loopback: `MAIL_HOSTS_ALLOWED` must name 127.0.0.1."""
    folders = MailFolders(home)
    config = Config.from_args(
        Namespace(
            host="127.0.0.1", port=imap_port, debug=False, cert=None, key=None, tls=False, passlib_cfg=None,
            proxy_protocol=None, inherited_sockets=None, base_dir=os.fspath(home), layout="++", colon=None, concurrency=4,
        ),
        hash_context=Cleartext(),
        secure_auth=False,
        reject_dnsbl=False,
    )  # fmt: skip
    config.apply_context()
    backend = MaildirBackend(Login(config), config)
    delivery = LocalDelivery(folders)
    smtp = Controller(
        delivery,
        hostname="127.0.0.1",
        port=smtp_port,
        authenticator=delivery,
        auth_required=True,
        auth_require_tls=False,
        ready_timeout=60,
    )
    async with AsyncExitStack() as stack:
        await backend.start(stack)
        await IMAPService(backend, config).start(stack)
        smtp.start()
        stack.callback(smtp.stop)
        await asyncio.Event().wait()
