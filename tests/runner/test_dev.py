"""bin/dev, bin/manage and bin/test as a person uses them."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest

from crm_project.demo import home
from crm_project.runner.folders import PROJECT
from crm_project.runner.ports import is_free
from tests.runner.test_services import processes_in, wait_until

OURS = (
    "ALLOWED_HOSTS",
    "BASE_URL",
    "DATABASE_URL",
    "EMAIL_URL",
    "FIELD_KEYS",
    "MAIL_HOSTS_ALLOWED",
    "REDIS_URL",
    "SECRET_KEY",
)
OF_PROVIDERS = ("GOOGLE_", "MICROSOFT_", "GRAPH_", "GMAIL_")
# A start costs up to half a minute of processor time, and other tests want the processor too.
PATIENCE = 300
_launched: list[subprocess.Popen[str]] = []


@contextmanager
def terminal():
    """The environment of one: nothing of the tests' own settings, and a data folder where nothing was ever started."""
    with tempfile.TemporaryDirectory(prefix="genkan-dev-") as path:
        Path(path).chmod(0o711)
        rest = {
            name: value
            for name, value in os.environ.items()
            if name not in OURS and not name.startswith(OF_PROVIDERS) and "PYTEST" not in name
        }
        yield rest | {"DATA_DIR": path}
        wait_until(lambda: processes_in(path) == [])


def end_launched():
    """What a test left running that failed before it could stop it."""
    while _launched:
        process = _launched.pop()
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture
def unused():
    with terminal() as environment:
        yield environment
        end_launched()


@pytest.fixture(scope="module")
def empty():
    with terminal() as environment:
        yield environment


@pytest.fixture
def environment(empty):
    """Without the demo. The first test finds it unused and creates the database, which takes half of a start; the others find that."""
    yield empty
    end_launched()
    wait_until(lambda: processes_in(empty["DATA_DIR"]) == [])


def launch(*arguments, environment):
    process = subprocess.Popen(
        [sys.executable, "-m", "crm_project.runner", *arguments],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    _launched.append(process)
    return process


def address_of(process):
    lines = []
    for line in process.stdout:
        lines.append(line)
        found = re.fullmatch(r"Genkan is running: http://127\.0\.0\.1:(\d+)\n", line)
        if found:
            return int(found.group(1))
    raise AssertionError("".join(lines))


def status_of(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", "/accounts/login/")
        return connection.getresponse().status
    finally:
        connection.close()


def test_it_serves_an_empty_workspace_once_and_stops_without_a_trace(environment):
    process = launch("dev", "--empty", environment=environment)
    port = address_of(process)
    assert status_of(port) == 200
    assert home.known(Path(environment["DATA_DIR"])) is None  # no stand-ins

    second = launch("dev", "--empty", environment=environment)
    output, _ = second.communicate(timeout=PATIENCE)
    assert second.returncode == 1
    assert output == f"genkan: Genkan is running already: http://127.0.0.1:{port}\nStop that one with Ctrl-C first.\n"

    stop(process, signal.SIGINT, environment)


def stop(process, how, environment):
    process.send_signal(how)
    output, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 0
    assert output.endswith("genkan: stopped\n")
    wait_until(lambda: processes_in(environment["DATA_DIR"]) == [])


def test_the_demo_has_an_inbox_at_each_provider_and_stops_without_a_trace(unused):
    process = launch("dev", environment=unused)
    assert status_of(address_of(process)) == 200
    demo = home.known(Path(unused["DATA_DIR"]))
    assert not any(is_free(home.HOST, port) for port in asdict(demo.ports).values())
    code, listed = run("inbox", "list", "--json", environment=unused)
    assert (code, {inbox["address"]: inbox["provider"] for inbox in json.loads(listed)}) == (
        0,
        {
            "emma@minato.example": "graph",
            "james@minato.example": "gmail",
            "support@minato.example": "imap",
            "yuki@minato.example": "imap",
        },
    )

    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=PATIENCE)

    assert (process.returncode, output.splitlines()[-1]) == (0, "genkan: stopped")
    wait_until(lambda: all(is_free(home.HOST, port) for port in asdict(demo.ports).values()))


def test_after_a_kill_nothing_is_left_and_the_next_start_works(environment):
    process = launch("dev", "--empty", environment=environment)
    address_of(process)
    process.kill()
    process.communicate()
    wait_until(lambda: processes_in(environment["DATA_DIR"]) == [])

    again = launch("dev", "--empty", environment=environment)
    assert status_of(address_of(again)) == 200

    stop(again, signal.SIGTERM, environment)


def test_a_taken_port_is_named(environment):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = launch("dev", "--empty", "--port", str(port), environment=environment)
        output, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 1
    assert output == (f"genkan: Port {port} is taken.\nChoose another with --port, or none to get a free one.\n")


def run(*arguments, environment):
    process = launch("manage", *arguments, environment=environment)
    output, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, output


def test_services_are_printed_kept_and_stopped(environment):
    code, output = run("services", "--json", environment=environment)
    addresses = json.loads(output)
    assert (code, set(addresses)) == (0, {"database", "redis"})

    assert run("migrate", "--verbosity", "0", environment=environment) == (0, "")
    assert json.loads(run("services", "--json", environment=environment)[1]) == addresses

    assert run("services", "--stop", "--json", environment=environment) == (0, '{"services": "stopped"}\n')


def test_the_exit_code_of_a_command_is_passed_on(environment):
    assert run("no_such_command", environment=environment)[0] == 1


def test_bin_test_runs_the_tests_it_is_given_on_services_of_its_own(environment):
    process = launch("test", "-q", "-n0", "tests/test_ground.py", "-k", "real_server", environment=environment)
    output, _ = process.communicate(timeout=PATIENCE)

    assert (process.returncode, re.findall(r"^\d+ passed", output, re.MULTILINE)) == (0, ["1 passed"])
