"""The process that is measured, on a database and in a data folder of its own, both gone afterwards."""

import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import urlsplit

import psycopg2
from django.conf import settings
from django.db import connection


class WorkerFailed(Exception):
    """The measured worker ended, or could not sync."""


class Worker:
    """`manage.py bench_worker`, started and waiting for requests."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        self._requests = cast("IO[str]", process.stdin)
        self._answers = cast("IO[str]", process.stdout)
        self._log = log

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """The answer to one request. Raises `WorkerFailed`, with the last that the process said."""
        try:
            self._requests.write(json.dumps({"do": do, **arguments}) + "\n")
            self._requests.flush()
            answer: dict[str, Any] = json.loads(self._answers.readline())
        except (BrokenPipeError, ValueError):
            lines = self._log.read_text().splitlines()
            raise WorkerFailed(f"The measured worker ended: {lines[-1] if lines else 'it said nothing.'}") from None
        return answer


@contextmanager
def worker(folder: Path) -> Iterator[Worker]:
    """`folder` takes its log and the mail that is stored."""
    log = folder / "worker.log"
    with _database() as url, log.open("w") as errors:
        environment = os.environ | {
            "DATABASE_URL": url,
            "DATA_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "crm_project.settings",
            "MAIL_HOSTS_ALLOWED": "127.0.0.1",
        }
        with subprocess.Popen(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "bench_worker"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process:
            try:
                yield Worker(process, log)
            finally:
                process.kill()


@contextmanager
def prepared_worker() -> Iterator[Worker]:
    """With empty tables, and without contacts."""
    with tempfile.TemporaryDirectory(prefix="genkan-bench-data-") as data, worker(Path(data)) as prepared:
        prepared.ask("prepare", contacts=[])
        yield prepared


@contextmanager
def _database() -> Iterator[str]:
    """The address of an empty database beside ours; it is dropped at the end."""
    name = f"genkan_bench_{os.getpid()}_{uuid.uuid4().hex[:12]}"
    _run_on_server(f"CREATE DATABASE {name}")
    try:
        yield urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    finally:
        _run_on_server(f"DROP DATABASE {name} WITH (FORCE)")


def _run_on_server(statement: str) -> None:
    """Outside any transaction, which is how databases are made. Raises psycopg2's errors."""
    server = psycopg2.connect(**connection.get_connection_params() | {"dbname": "postgres"})
    try:
        server.autocommit = True
        with server.cursor() as cursor:
            cursor.execute(statement)
    finally:
        server.close()
