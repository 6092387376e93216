"""bin/dev: everything that makes Genkan work on this machine, in one terminal."""

import argparse
import contextlib
import http.client
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from crm_project.demo.home import Home, settle
from crm_project.runner.environment import with_services
from crm_project.runner.errors import LaunchError
from crm_project.runner.folders import PROJECT, data_folder
from crm_project.runner.locks import try_exclusive
from crm_project.runner.ports import is_free, reserve
from crm_project.runner.processes import ProcessRunner, Program

PYTHON = sys.executable
HOST = "127.0.0.1"
FIRST_PORT, LAST_PORT = 8000, 8020
READY_SECONDS = 180
FIRST_STEP = """\
Create the first super admin, in another terminal:
  bin/manage user add you@example.com --name "Your Name" --role super_admin"""
QUEUES = "live,backfill,default,mail_out"


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    data = data_folder()
    data.mkdir(parents=True, exist_ok=True)
    with (data / "dev.lock").open("a+") as lock:
        if not try_exclusive(lock):
            lock.seek(0)
            raise LaunchError(f"Genkan is running already: {lock.read()}", hint="Stop that one with Ctrl-C first.")
        address = f"http://{HOST}:{_choose_port(options.port)}"
        lock.truncate(0)
        lock.write(address)
        lock.flush()
        demo = None if options.empty else settle(data, now=datetime.now(UTC))
        with contextlib.ExitStack() as ports:
            # It takes its servers a while to get to them.
            for port in asdict(demo.ports).values() if demo else ():
                ports.enter_context(reserve(port))
            _run(data, address, demo)
    print("genkan: stopped", flush=True)
    return 0


def _run(data: Path, address: str, demo: Home | None) -> None:
    """Returns after Ctrl-C or SIGTERM, when everything has stopped."""
    print("genkan: starting the database and the broker", flush=True)
    with with_services(data) as environment:
        environment = {"BASE_URL": address} | environment
        runner = ProcessRunner(environment=environment)
        try:
            # What takes the time is starting Django, so whatever can start at once does.
            runner.start([web(address), *(demo_servers(demo, environment) if demo else [])])
            guide = _prepare(demo, environment)
            _wait_until_ready(address, runner)
            if not runner.is_stopping:
                print(f"\nGenkan is running: {address}\n\n{guide}\n\nCtrl-C stops everything.\n", flush=True)
            runner.start(background())
        except BaseException as error:
            # A command that Ctrl-C interrupted has nothing to report.
            was_interrupted = runner.is_stopping and isinstance(error, LaunchError)
            runner.stop()
            if not was_interrupted:
                raise
        finally:
            runner.wait()


def _prepare(demo: Home | None, environment: dict[str, str]) -> str:
    """The database and what is in it; returns what to do first. One command, since each begins with starting Django."""
    if demo is None:
        _manage("migrate", "--no-input", "--verbosity", "0", environment=environment)
        return FIRST_STEP
    return _manage("demo", "ensure", "--migrate", environment=environment).strip()


def web(address: str) -> Program:
    place = ["--bind", urlsplit(address).netloc, "--no-control-socket"]
    logs = ["--log-level", "warning", "--logger-class", "crm_project.web_server.Logger"]
    threads = ["--worker-class", "gthread", "--threads", "8"]
    return Program("web", [PYTHON, "-m", "gunicorn", "crm_project.wsgi", *place, *threads, *logs])


def demo_servers(demo: Home, environment: Mapping[str, str]) -> list[Program]:
    """The demo's mailboxes; a stand-in for Google or Microsoft only where this installation takes it for them."""
    programs = [Program("mail", [PYTHON, "manage.py", "demo_server"])]
    if environment.get("GOOGLE_API_ROOT") == demo.google_url:
        programs.append(_stand_in("google", demo.ports.google, environment["BASE_URL"].rstrip("/")))
    if environment.get("MICROSOFT_AUTHORITY", "").startswith(demo.microsoft_url):
        programs.append(_stand_in("microsoft", demo.ports.microsoft, environment["BASE_URL"].rstrip("/")))
    return programs


def _stand_in(provider: str, port: int, address: str) -> Program:
    # Asking Django for its own addresses would take longer than all the rest of the launcher.
    places = ["--redirect-uri", f"{address}/inboxes/oauth/{provider}/callback"]
    places += ["--push-to", f"{address}/inboxes/hooks/{provider}/"]
    quietly = ["--port", str(port), "--verbosity", "0"]
    return Program(provider, [PYTHON, "manage.py", f"demo_{provider}", *quietly, *places])


def background() -> list[Program]:
    """What needs the tables to be there."""
    # Root is a fine account for a trial; the services have left it already.
    celery = [PYTHON, "-W", "ignore:You're running the worker", "-m", "celery", "--quiet", "-A", "crm_project"]
    schedule = ["--schedule", str(data_folder() / "beat-schedule"), "--pidfile="]
    return [
        Program("worker", [*celery, "worker", "-Q", QUEUES, "--concurrency", "4", "--without-mingle", "-l", "WARNING"]),
        Program("beat", [*celery, "beat", *schedule, "-l", "WARNING"]),
        Program("watcher", [PYTHON, "manage.py", "watch_inboxes"]),
    ]


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/dev", description="Runs Genkan on this machine until Ctrl-C.")
    parser.add_argument("--empty", action="store_true", help="without the demo workspace and its servers")
    parser.add_argument("--port", type=int, help=f"the web port (default: the first free one from {FIRST_PORT})")
    return parser.parse_args(arguments)


def _choose_port(wanted: int | None) -> int:
    if wanted is not None:
        if not is_free(HOST, wanted):
            raise LaunchError(f"Port {wanted} is taken.", hint="Choose another with --port, or none to get a free one.")
        return wanted
    for port in range(FIRST_PORT, LAST_PORT + 1):
        if is_free(HOST, port):
            return port
    raise LaunchError(f"The ports {FIRST_PORT} to {LAST_PORT} are all taken.", hint="Choose another with --port.")


def _manage(*arguments: str, environment: dict[str, str]) -> str:
    """The command's output. Raises LaunchError with what it said when it fails."""
    command = [PYTHON, "manage.py", *arguments]
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env=environment,
        check=False,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode != 0:
        raise LaunchError(f"manage.py {arguments[0]} failed:", hint=done.stdout.strip())
    return done.stdout


def _wait_until_ready(address: str, runner: ProcessRunner) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not runner.is_stopping:
        if time.monotonic() > deadline:
            raise LaunchError("The web server does not answer; its lines above say why.")
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=5)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/healthz")
            if connection.getresponse().status < HTTPStatus.INTERNAL_SERVER_ERROR:
                return
        time.sleep(0.1)
