"""The benchmark's Dovecot as tests need it: with TLS, a log of every command, and all that happens in a mailbox's life."""

import contextlib
import hashlib
import imaplib
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_project.bench import dovecot
from crm_project.bench.dovecot import PASSWORD, find_dovecot, free_port
from crm_project.runner.ports import is_free
from inboxes.providers.imap import ImapSettings
from inboxes.providers.network import Security
from tests.fakes.certificates import LocalAuthority

_MORE_CONFIG = """\
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
service imap-login {{
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
protocol imap {{
  rawlog_dir = {rawlog}
}}
"""
_UIDLIST_HEADER = re.compile(rb"^3 V(\d+) N(\d+)")


class Mailbox(dovecot.Mailbox):
    """One account's Maildir, changed behind the server's back as another program would."""

    server: "Dovecot"

    @property
    def settings(self) -> ImapSettings:
        """Over TLS, as in real life."""
        return self.server.settings(self.user)

    def delete(self, path: Path) -> None:
        """Remove a delivered file, wherever Dovecot has moved it meanwhile."""
        stem = path.name.partition(":")[0]
        for found in path.parent.parent.glob(f"*/{stem}*"):
            found.unlink()

    def rename_folder(self, old: str, new: str) -> None:
        self.folder(old).rename(self.folder(new))

    def delete_folder(self, name: str) -> None:
        shutil.rmtree(self.folder(name))

    def set_uidvalidity(self, folder: str, change: int) -> None:
        """Renumber: another UIDVALIDITY (up or down) and UIDs anew from 1."""
        uidlist = self.folder(folder) / "dovecot-uidlist"
        match = _UIDLIST_HEADER.match(uidlist.read_bytes())
        assert match, "the folder was never opened"
        for index in self.folder(folder).glob("dovecot.index*"):
            index.unlink()
        uidlist.write_bytes(b"3 V%d N1\n" % (int(match[1]) + change))
        self.server.own(self.home)

    def fingerprint(self) -> dict[str, str]:
        """File name (which holds the flags) → hash of its bytes; equal before and after means that nothing was touched."""
        files = sorted(path for path in (self.home / "Maildir").rglob("*") if path.parent.name in {"cur", "new"})
        # Opening a folder moves new files to cur/ with no flags; that is the server's business.
        return {path.name.removesuffix(":2,"): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    @contextlib.contextmanager
    def other_program(self) -> Iterator[imaplib.IMAP4]:
        """The owner's own mail program, signed in."""
        client = imaplib.IMAP4("127.0.0.1", self.server.port)
        try:
            client.login(self.user, PASSWORD)
            yield client
        finally:
            client.logout()


class Dovecot(dovecot.Dovecot):
    def __init__(self, home: Path, authority: LocalAuthority) -> None:
        self.authority = authority
        self.tls_port = free_port()
        self._passwords: dict[str, str] = {}
        (home / "rawlog").mkdir()
        super().__init__(home)
        self.own(home / "rawlog")

    def config(self) -> str:
        certificate, key = self.authority.issue("localhost", "127.0.0.1")
        return super().config() + _MORE_CONFIG.format(
            certificate=certificate, key=key, port=self.tls_port, rawlog=self.home / "rawlog"
        )

    def stop(self) -> None:
        """Returns when nobody accepts connections any more: its processes end one by one."""
        super().stop()
        while not (is_free("127.0.0.1", self.port) and is_free("127.0.0.1", self.tls_port)):
            time.sleep(0.01)

    def settings(self, user: str, *, security: Security = Security.TLS) -> ImapSettings:
        return ImapSettings(
            host="localhost",
            port=self.tls_port if security is Security.TLS else self.port,
            security=security,
            username=user,
            password=self._passwords.get(user, PASSWORD),
            allowed_hosts=("localhost",),
        )

    def mailbox(self, user: str) -> Mailbox:
        return Mailbox(self, super().mailbox(user).user)

    def set_password(self, user: str, password: str) -> None:
        """Returns when the running server knows it."""
        is_change = user in self._passwords
        self._passwords[user] = password
        super().set_password(user, password)
        if is_change:
            time.sleep(1.1)  # it looks at the file once a second at most

    def commands(self) -> list[str]:
        """Every command received in every session so far, without tags, in order of the sessions' logs. Sign-in is not among them."""
        found = []
        for path in sorted((self.home / "rawlog").glob("*.in"), key=lambda path: path.stat().st_mtime_ns):
            for line in path.read_text(errors="replace").splitlines():
                _, _, command = line.partition(" ")  # the time comes first, then the tag
                found.append(command.partition(" ")[2])
        return [command for command in found if command]

    def forget_commands(self) -> None:
        for path in (self.home / "rawlog").iterdir():
            path.unlink()


def require_dovecot() -> None:
    """Skip the test where Dovecot is not installed; in CI that is a failure."""
    if find_dovecot() is None:
        message = "needs Dovecot: apt-get install dovecot-imapd"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
