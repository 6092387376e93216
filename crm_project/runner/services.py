"""Using the embedded services: the first user starts them, the last one to leave lets them stop."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from crm_project.runner import locks
from crm_project.runner.errors import LaunchError
from crm_project.runner.folders import PROJECT


class Addresses(TypedDict):
    database: str
    redis: str


@contextmanager
def in_use(folder: Path, *, throw_away: bool = False) -> Iterator[Addresses]:
    """The addresses of the services in this folder, up at least until the block ends. Raises LaunchError."""
    folder.mkdir(parents=True, exist_ok=True)
    with locks.shared(folder / "users.lock"):
        yield _ensure_running(folder, throw_away=throw_away)


@contextmanager
def thrown_away() -> Iterator[Addresses]:
    """Services with empty databases that vanish after use, also after a kill -9."""
    folder = Path(tempfile.mkdtemp(prefix="genkan-"))
    folder.chmod(0o711)
    with in_use(folder, throw_away=True) as addresses:
        keeper_lock = (folder / "keeper.lock").open("a")
        yield addresses
    with keeper_lock:
        locks.wait_exclusive(keeper_lock)


def keep(folder: Path) -> Addresses:
    """The addresses; the services stay up without users until `release`."""
    with in_use(folder) as addresses:
        (folder / "keep").touch()
        return addresses


def release(folder: Path) -> bool:
    """Lets the services stop as soon as nobody uses them; true when they are down already on return."""
    (folder / "keep").unlink(missing_ok=True)
    if not folder.exists():
        return True
    with (folder / "users.lock").open("a") as users:
        is_stopping = locks.is_held(folder / "keeper.lock") and not (folder / "running.json").exists()
        if not is_stopping and not locks.try_exclusive(users):
            return False
    with locks.exclusive(folder / "keeper.lock"):
        return True


def _ensure_running(folder: Path, *, throw_away: bool) -> Addresses:
    with locks.exclusive(folder / "start.lock"):
        if locks.is_held(folder / "keeper.lock"):
            with contextlib.suppress(FileNotFoundError):
                addresses: Addresses = json.loads((folder / "running.json").read_text())
                return addresses
            # The keeper is on its way out.
            with locks.exclusive(folder / "keeper.lock"):
                pass
        return _start_keeper(folder, throw_away=throw_away)


def _start_keeper(folder: Path, *, throw_away: bool) -> Addresses:
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "crm_project.runner.keeper", str(folder), str(writing)]
    with os.fdopen(reading) as answer, (folder / "keeper.log").open("w") as log:
        subprocess.run(
            command + ["--throw-away"] * throw_away,
            check=False,
            cwd=PROJECT,
            pass_fds=[writing],
            start_new_session=True,
            stderr=log,
            stdin=subprocess.DEVNULL,
            stdout=log,
        )
        os.close(writing)
        text = answer.read()
    if not text:
        raise LaunchError("The database and the broker do not start.", hint=(folder / "keeper.log").read_text())
    told = json.loads(text)
    if "error" in told:
        raise LaunchError(told["error"])
    return Addresses(database=told["database"], redis=told["redis"])
