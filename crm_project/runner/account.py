"""The unprivileged account that the embedded services run under when Genkan itself is started by root."""

import os
import pwd
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crm_project.runner.errors import LaunchError

FITTING_ACCOUNTS = ("postgres", "nobody")
CLEAN_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


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

    def start(self, command: list[str], *, log: Path, stdin: int | None = None) -> subprocess.Popen[bytes]:
        """A service that outlives neither us nor a kill -9 of us (where the kernel can promise that)."""
        from crm_project.runner.orphans import die_with_parent  # noqa: PLC0415 - keeps ctypes out of short commands

        with log.open("ab") as output:
            return subprocess.Popen(
                command,
                cwd="/",
                env=CLEAN_ENVIRONMENT,
                preexec_fn=die_with_parent,
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

    def _identity(self) -> Mapping[str, object]:
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
