"""The unprivileged account that the embedded services run under when Genkan itself is started by root."""

import os
import pwd
import signal
import subprocess
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypedDict

from crm_project.runner.errors import LaunchError
from crm_project.runner.orphans import die_with_parent

FITTING_ACCOUNTS = ("postgres", "nobody")
CLEAN_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


class Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """Who a service runs as; `switch` tells whether that is somebody else than us."""

    uid: int
    gid: int
    switch: bool

    def run(self, command: list[str], *, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """The finished command, its output captured; never raises for a non-zero exit."""
        return subprocess.run(
            command,
            check=False,
            capture_output=True,
            cwd="/",
            encoding="utf-8",
            env=CLEAN_ENVIRONMENT,
            errors="replace",
            input=text,
            **self._identity(),
        )

    def start(
        self, command: list[str], *, log: Path, stop_signal: signal.Signals, stdin: int | None = None
    ) -> subprocess.Popen[bytes]:
        """A service; it gets its stop signal also when we are killed."""
        with log.open("ab") as output:
            return subprocess.Popen(
                command,
                cwd="/",
                env=CLEAN_ENVIRONMENT,
                preexec_fn=partial(die_with_parent, stop_signal),
                start_new_session=True,
                stderr=output,
                stdin=subprocess.DEVNULL if stdin is None else stdin,
                stdout=output,
                **self._identity(),
            )

    def can_reach(self, path: Path) -> bool:
        return self.run(["test", "-x", str(path)]).returncode == 0

    def make_folder(self, path: Path) -> None:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chown(path, self.uid, self.gid)
        path.chmod(0o700)

    def _identity(self) -> Identity:
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}


def service_account() -> Account:
    """Ourselves, or for root (PostgreSQL refuses to run as root) an account that the machine already has."""
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid(), switch=False)
    for name in FITTING_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=entry.pw_gid, switch=True)
    message = "PostgreSQL refuses to run as root and this machine has neither a 'postgres' nor a 'nobody' account."
    raise LaunchError(message, hint="Run Genkan as an ordinary user, or set DATABASE_URL and REDIS_URL.")
