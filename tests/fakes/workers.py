"""Workers in processes of their own, which can be killed: a Celery worker, and one that kills itself at a chosen statement."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

PROJECT = Path(__file__).resolve().parents[2]


def environment() -> dict[str, str]:
    """This test's own, with its database."""
    database = connection.settings_dict
    user = f"{quote(database['USER'])}:{quote(database['PASSWORD'])}"
    place = f"?host={quote(database['HOST'], safe='')}&port={database['PORT']}"
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "crm_project.settings",
        "DATABASE_URL": f"postgresql://{user}@/{database['NAME']}{place}",
        "REDIS_URL": settings.REDIS_URL,
    }


@contextlib.contextmanager
def celery_worker() -> Iterator["subprocess.Popen[bytes]"]:
    """Serves all queues until it is killed; killed at the latest when the block ends."""
    command = [sys.executable, "-W", "ignore", "-m", "celery", "--quiet", "-A", "crm_project", "worker"]
    options = [
        "-Q",
        "live,backfill,default",
        "--concurrency",
        "2",
        "--without-mingle",
        "--without-gossip",
        "-l",
        "ERROR",
    ]
    worker = subprocess.Popen([*command, *options], cwd=PROJECT, env=environment(), process_group=0)
    try:
        yield worker
    finally:
        kill(worker)


def kill(worker: "subprocess.Popen[bytes]") -> None:
    """All its processes, with no chance to tidy up."""
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


class DoomedWorker:
    """Syncs an inbox to the end, or up to the statement before which it is killed. `more` is added to its environment."""

    def __init__(self, more: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.doomed_worker"],
            cwd=PROJECT,
            env=environment() | dict(more or {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def sync(self, inbox_id: int, *, killed_at: int) -> str:
        """Answers "killed", or "done" when it had fewer statements to make."""
        orders, answers = self._process.stdin, self._process.stdout
        assert orders is not None
        assert answers is not None
        orders.write(f"{inbox_id} {killed_at}\n")
        orders.flush()
        return answers.readline().strip()

    def close(self) -> None:
        self._process.communicate()
