"""A private Dovecot 2.3 from the distribution's package, on loopback, with Maildirs in a folder of its own.

Shared with the tests, which add TLS, logs of what was asked, and what goes wrong in a mailbox's life.
"""

import contextlib
import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from datetime import datetime
from pathlib import Path

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
ssl = no
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
"""
START_SECONDS = STOP_SECONDS = 60
SYSTEM_FOLDERS = "/usr/sbin:/usr/local/sbin"  # not in everybody's PATH
PASSWORD = "correct horse"  # noqa: S105 - of mailboxes that are generated and thrown away


class Mailbox:
    """One account's Maildir, filled behind the server's back as a delivery agent would."""

    def __init__(self, server: "Dovecot", user: str) -> None:
        self.server = server
        self.user = user
        self.home = server.home / "mail" / user
        self._delivered = 0

    def folder(self, name: str) -> Path:
        maildir = self.home / "Maildir"
        return maildir if name == "INBOX" else maildir / ("." + name.replace("/", "."))

    def deliver(
        self, raw: bytes, folder: str = "INBOX", *, received_at: datetime | None = None, flags: str = ""
    ) -> Path:
        """File one message; its INTERNALDATE becomes `received_at`. Bare LF becomes CRLF when served."""
        path = self.folder(folder)
        new_folder = not (path / "new").exists()
        for part in ("tmp", "cur", "new") if new_folder else ():
            (path / part).mkdir(parents=True, exist_ok=True)
        self._delivered += 1
        name = f"{1_700_000_000 + self._delivered}.M{self._delivered}P1.test"
        target = path / "cur" / f"{name}:2,{flags}" if flags else path / "new" / name
        target.write_bytes(raw)
        if received_at is not None:
            os.utime(target, (received_at.timestamp(), received_at.timestamp()))
        self.server.own(target)
        if new_folder:
            self.server.own(self.home)
        return target


class Dovecot:
    """Start and stop as often as wanted; mail and port stay. `home` must be a folder that others may enter."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._root = os.geteuid() == 0
        self._owner = pwd.getpwnam("nobody") if self._root else pwd.getpwuid(os.geteuid())
        (home / "mail").mkdir()
        (home / "passwords").mkdir()
        self.own(home / "mail")
        (home / "dovecot.conf").write_text(self.config())

    @property
    def log(self) -> str:
        return (self.home / "dovecot.log").read_text(errors="replace")

    def config(self) -> str:
        me = pwd.getpwuid(os.geteuid())
        return _CONFIG.format(
            home=self.home,
            internal_user="dovecot" if self._root else me.pw_name,
            login_user="dovenull" if self._root else me.pw_name,
            internal_group="dovecot" if self._root else grp.getgrgid(me.pw_gid).gr_name,
            uid=self._owner.pw_uid,
            gid=self._owner.pw_gid,
            port=self.port,
        )

    def mailbox(self, user: str) -> Mailbox:
        """An empty mailbox; its password is `PASSWORD`."""
        self.set_password(user, PASSWORD)
        mailbox = Mailbox(self, user)
        mailbox.folder("INBOX").mkdir(parents=True, exist_ok=True)
        self.own(mailbox.home)
        return mailbox

    def set_password(self, user: str, password: str) -> None:
        """Noticed by the running server within a second or so."""
        path = self.home / "passwords" / user
        path.write_text(f"{user}:{{PLAIN}}{password}::::::\n")
        path.chmod(0o644)

    def start(self) -> None:
        self._process = subprocess.Popen(
            [str(find_dovecot()), "-F", "-c", str(self.home / "dovecot.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
        deadline = time.monotonic() + START_SECONDS
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
            self._process.wait(timeout=STOP_SECONDS)
            self._process = None

    def own(self, path: Path) -> None:
        """Give what was put there from outside to the account that serves mail."""
        if not self._root:
            return
        for inside in (path, *path.rglob("*")):
            os.chown(inside, self._owner.pw_uid, self._owner.pw_gid)


def find_dovecot() -> str | None:
    return shutil.which("dovecot") or shutil.which("dovecot", path=SYSTEM_FOLDERS)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
