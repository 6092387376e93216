"""bin/dev: everything that makes Genkan work on this machine, in one terminal."""

import argparse
import contextlib
import http.client
import subprocess
import sys
import time
from http import HTTPStatus

from crm_project.runner.environment import with_services
from crm_project.runner.errors import LaunchError
from crm_project.runner.folders import PROJECT, data_folder
from crm_project.runner.ports import is_free
from crm_project.runner.processes import ProcessRunner, Program

HOST = "127.0.0.1"
FIRST_PORT, LAST_PORT = 8000, 8020
READY_SECONDS = 60
QUEUES = "live,backfill,default,mail_out"
WEB_LOGS = ["--log-level", "warning", "--logger-class", "crm_project.web_server.Logger"]


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    port = _choose_port(options.port)
    address = f"http://{HOST}:{port}"
    print("genkan: starting the database and the broker", flush=True)
    with with_services(data_folder()) as environment:
        environment = {"BASE_URL": address} | environment
        _manage("migrate", "--no-input", "--verbosity", "0", environment=environment)
        runner = ProcessRunner(programs(port, demo=not options.empty), environment=environment)
        runner.start()
        try:
            _wait_until_ready(port, runner)
            if not options.empty and not runner.is_stopping and _has_command("demo"):
                _manage("demo", "ensure", environment=environment)
            if not runner.is_stopping:
                print(_welcome(address, environment, demo=not options.empty), flush=True)
        except LaunchError:
            runner.stop()
            runner.wait()
            raise
        runner.wait()
    print("genkan: stopped", flush=True)
    return 0


def programs(port: int, *, demo: bool) -> list[Program]:
    python = sys.executable
    # Root is a fine account for a trial; the services have left it already.
    celery = [python, "-W", "ignore:You're running the worker", "-m", "celery", "--quiet", "-A", "crm_project"]
    schedule = str(data_folder() / "beat-schedule")
    web = ["--bind", f"{HOST}:{port}", "--worker-class", "gthread", "--threads", "8", "--no-control-socket"]
    every = [
        Program("web", [python, "-m", "gunicorn", "crm_project.wsgi", *web, *WEB_LOGS]),
        Program("worker", [*celery, "worker", "-Q", QUEUES, "--concurrency", "4", "--without-mingle", "-l", "WARNING"]),
        Program("beat", [*celery, "beat", "--schedule", schedule, "--pidfile=", "-l", "WARNING"]),
    ]
    if _has_command("watch_inboxes"):
        every += [Program("watcher", [python, "manage.py", "watch_inboxes"])]
    if demo and _has_command("demo_server"):
        every += [Program("mail", [python, "manage.py", "demo_server"])]
    return every


def _has_command(name: str) -> bool:
    return any(PROJECT.glob(f"*/management/commands/{name}.py"))


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/dev", description="Runs Genkan on this machine until Ctrl-C.")
    parser.add_argument("--empty", action="store_true", help="without the demo workspace and its mail server")
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
    command = [sys.executable, "manage.py", *arguments]
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


def _wait_until_ready(port: int, runner: ProcessRunner) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not runner.is_stopping:
        if time.monotonic() > deadline:
            raise LaunchError("The web server does not answer; its lines above say why.")
        connection = http.client.HTTPConnection(HOST, port, timeout=5)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/healthz")
            if connection.getresponse().status < HTTPStatus.INTERNAL_SERVER_ERROR:
                return
        time.sleep(0.1)


def _welcome(address: str, environment: dict[str, str], *, demo: bool) -> str:
    lines = ["", f"Genkan is running: {address}", ""]
    if demo and _has_command("demo"):
        lines += [_manage("demo", "describe", environment=environment).strip()]
    else:
        lines += ["Create the first super admin:  bin/manage user add you@example.com --role super_admin"]
    return "\n".join([*lines, "", "Ctrl-C stops everything.", ""])
