"""A private Dovecot 2.3 from Debian's package, on loopback, with its own certificate and Maildirs in a temporary folder."""

import contextlib
import grp
import hashlib
import imaplib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from inboxes.providers.imap import ImapSettings
from inboxes.providers.network import Security
from tests.fakes.certificates import LocalAuthority

_CONFIG = """\
base_dir = {home}/run
state_dir = {home}/run
log_path = {home}/dovecot.log
protocols = imap
listen = 127.0.0.1
auth_mechanisms = plain login
auth_failure_delay = 0
disable_plaintext_auth = no
default_internal_user = {internal_user}
default_login_user = {login_user}
default_internal_group = {internal_group}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = 50
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    special_use = \\Sent
    auto = create
  }}
  mailbox Drafts {{
    special_use = \\Drafts
    auto = create
  }}
  mailbox Junk {{
    special_use = \\Junk
    auto = create
  }}
  mailbox Trash {{
    special_use = \\Trash
    auto = create
  }}
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {home}/passwords/%u
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service auth {{
  unix_listener auth-userdb {{
    mode = 0600
  }}
}}
service anvil {{
  chroot =
  # No waiting for an address that has signed in wrongly before.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
protocol imap {{
  rawlog_dir = {home}/rawlog
}}
"""
_PASSWORD = "correct horse"
_UIDLIST_HEADER = re.compile(rb"^3 V(\d+) N(\d+)")


class Mailbox:
    """One account's Maildir, changed behind the server's back as a delivery agent or another program would."""

    def __init__(self, server: "Dovecot", user: str) -> None:
        self.server = server
        self.user = user
        self._home = server.home / "mail" / user
        self._delivered = 0

    @property
    def settings(self) -> ImapSettings:
        """Over TLS, as in real life."""
        return self.server.settings(self.user)

    def folder(self, name: str) -> Path:
        maildir = self._home / "Maildir"
        return maildir if name == "INBOX" else maildir / ("." + name.replace("/", "."))

    def deliver(
        self, raw: bytes, folder: str = "INBOX", *, received_at: datetime | None = None, flags: str = ""
    ) -> Path:
        """File one message; its INTERNALDATE becomes `received_at`. Bare LF becomes CRLF when served."""
        path = self.folder(folder)
        new_folder = not (path / "new").exists()
        for part in ("tmp", "cur", "new"):
            (path / part).mkdir(parents=True, exist_ok=True)
        self._delivered += 1
        name = f"{1_700_000_000 + self._delivered}.M{self._delivered}P1.test"
        target = path / "cur" / f"{name}:2,{flags}" if flags else path / "new" / name
        target.write_bytes(raw)
        if received_at is not None:
            os.utime(target, (received_at.timestamp(), received_at.timestamp()))
        self.server.own(target)
        if new_folder:
            self.server.own(self._home)
        return target

    def delete(self, path: Path) -> None:
        """Remove a delivered file, wherever Dovecot has moved it meanwhile."""
        stem = path.name.partition(":")[0]
        for found in path.parent.parent.glob(f"*/{stem}*"):
            found.unlink()

    def rename_folder(self, old: str, new: str) -> None:
        self.folder(old).rename(self.folder(new))

    def delete_folder(self, name: str) -> None:
        shutil.rmtree(self.folder(name))

    def create_raw_folder(self, name: bytes) -> None:
        """A folder by the bytes of its name, which need not be valid modified UTF-7."""
        path = self._home / "Maildir" / os.fsdecode(b"." + name)
        for part in ("cur", "new", "tmp"):
            (path / part).mkdir(parents=True)
        self.server.own(self._home)

    def set_uidvalidity(self, folder: str, change: int) -> None:
        """Renumber: another UIDVALIDITY (up or down) and UIDs anew from 1."""
        uidlist = self.folder(folder) / "dovecot-uidlist"
        match = _UIDLIST_HEADER.match(uidlist.read_bytes())
        assert match, "the folder was never opened"
        for index in self.folder(folder).glob("dovecot.index*"):
            index.unlink()
        uidlist.write_bytes(b"3 V%d N1\n" % (int(match[1]) + change))
        self.server.own(self._home)

    def fingerprint(self) -> dict[str, str]:
        """File name (which holds the flags) → hash of its bytes; equal before and after means that nothing was touched."""
        files = sorted(path for path in (self._home / "Maildir").rglob("*") if path.parent.name in {"cur", "new"})
        # Opening a folder moves new files to cur/ with no flags; that is the server's business.
        return {path.name.removesuffix(":2,"): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    @contextlib.contextmanager
    def other_program(self) -> Iterator[imaplib.IMAP4]:
        """The owner's own mail program, signed in."""
        client = imaplib.IMAP4("127.0.0.1", self.server.port)
        try:
            client.login(self.user, _PASSWORD)
            yield client
        finally:
            client.logout()


class Dovecot:
    """Start and stop as often as wanted; mail and ports stay."""

    def __init__(self, home: Path, authority: LocalAuthority) -> None:
        self.home = home
        self.authority = authority
        self.port, self.tls_port = _free_port(), _free_port()
        self._passwords: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._root = os.geteuid() == 0
        owner = pwd.getpwnam("nobody") if self._root else pwd.getpwuid(os.geteuid())
        self._owner = (owner.pw_uid, owner.pw_gid)
        (home / "mail").mkdir()
        (home / "passwords").mkdir()
        (home / "rawlog").mkdir()
        self.own(home / "mail")
        self.own(home / "rawlog")
        self._write_config()

    @property
    def log(self) -> str:
        return (self.home / "dovecot.log").read_text(errors="replace")

    def settings(self, user: str, *, security: Security = Security.TLS) -> ImapSettings:
        return ImapSettings(
            host="localhost",
            port=self.tls_port if security is Security.TLS else self.port,
            security=security,
            username=user,
            password=self._passwords.get(user, _PASSWORD),
            allowed_hosts=("localhost",),
        )

    def mailbox(self, user: str) -> Mailbox:
        self.set_password(user, _PASSWORD)
        mailbox = Mailbox(self, user)
        mailbox.folder("INBOX").mkdir(parents=True, exist_ok=True)
        self.own(self.home / "mail" / user)
        return mailbox

    def set_password(self, user: str, password: str) -> None:
        """Returns when the running server knows it."""
        is_change = user in self._passwords
        self._passwords[user] = password
        path = self.home / "passwords" / user
        path.write_text(f"{user}:{{PLAIN}}{password}::::::\n")
        path.chmod(0o644)
        if is_change:
            time.sleep(1.1)  # it looks at the file once a second at most

    def start(self) -> None:
        self._process = subprocess.Popen(
            [str(_binary()), "-F", "-c", str(self.home / "dovecot.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                if probe.recv(4) == b"* OK":
                    return
            time.sleep(0.05)
        raise RuntimeError(f"Dovecot did not start: {self.log[-2000:]}")

    def stop(self) -> None:
        if self._process is not None:
            # The whole group: sessions that are signed in would outlive the master.
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait(timeout=20)
            self._process = None

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

    def own(self, path: Path) -> None:
        if not self._root:
            return
        os.chown(path, *self._owner)
        for inside in path.rglob("*"):
            os.chown(inside, *self._owner)

    def _write_config(self) -> None:
        certificate, key = self.authority.issue("localhost", "127.0.0.1")
        me = pwd.getpwuid(os.geteuid())
        text = _CONFIG.format(
            home=self.home,
            internal_user="dovecot" if self._root else me.pw_name,
            login_user="dovenull" if self._root else me.pw_name,
            internal_group="dovecot" if self._root else grp.getgrgid(me.pw_gid).gr_name,
            certificate=certificate,
            key=key,
            uid=self._owner[0],
            gid=self._owner[1],
            port=self.port,
            tls_port=self.tls_port,
        )
        (self.home / "dovecot.conf").write_text(text)


def require_dovecot() -> None:
    """Skip the test where Dovecot is not installed; in CI that is a failure."""
    if _binary() is None:
        message = "needs Dovecot: apt-get install dovecot-imapd"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


def _binary() -> str | None:
    return shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
