"""Several programs run as one."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crm_project.runner.folders import PROJECT

# Runs the programs given as NAME=PYTHON CODE.
RUNNER = """
import os, sys
from crm_project.runner.processes import ProcessRunner, Program
programs = [Program(name, [sys.executable, "-u", "-c", code]) for name, code in (a.split("=", 1) for a in sys.argv[1:])]
runner = ProcessRunner(environment=dict(os.environ))
runner.start(programs)
# In one write: the programs print meanwhile.
print("started\\n", end="", flush=True)
runner.wait()
"""
SLEEP = "import time; print('up'); time.sleep(600)"
PARENT = (
    "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', 'MARK']); "
)


@pytest.fixture
def run():
    started = []

    def start(**programs):
        arguments = [f"{name}={code}" for name, code in programs.items()]
        process = subprocess.Popen(
            [sys.executable, "-c", RUNNER, *arguments],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def read_until(process, line):
    lines = []
    while not lines or lines[-1] != line:
        lines.append(process.stdout.readline().rstrip("\n"))
        assert lines[-1] != "" or process.poll() is None, f"ended before {line!r}: {lines}"
    return lines


def alive(mark):
    """Processes with this mark on their command line, the runner itself left out."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = process.read_bytes()
        except OSError:
            continue
        if mark.encode() in command and b"ProcessRunner" not in command:
            found.append(process)
    return found


def wait_until(condition):
    deadline = time.monotonic() + 240
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_each_line_carries_the_name_of_its_program(run):
    process = run(web="print('one'); print('二'); import time; time.sleep(600)", beat=SLEEP)
    lines = [process.stdout.readline() for _ in range(4)]

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=240)

    assert sorted(lines) == ["beat      | up\n", "started\n", "web       | one\n", "web       | 二\n"]
    assert process.returncode == 0


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_ends_every_program_and_what_it_started(run, name):
    mark = f"mark-{os.getpid()}-{name}"
    process = run(worker=PARENT.replace("MARK", mark) + SLEEP, other=SLEEP)
    read_until(process, "worker    | up")
    wait_until(lambda: alive(mark))

    process.send_signal(name)
    process.communicate(timeout=240)

    assert process.returncode == 0
    assert alive(mark) == []


def test_a_program_that_ended_is_started_again_after_a_pause(run):
    process = run(worker="import time; print('up', time.monotonic()); raise SystemExit(3)", other=SLEEP)

    lines = read_until(process, "worker    | ended (exit code 3); starting again in 2 s")

    first, second = (float(line.rpartition(" ")[2]) for line in lines if line.startswith("worker    | up"))
    assert second - first >= 1
    assert "worker    | ended (exit code 3); starting again in 1 s" in lines


def test_a_killed_runner_leaves_no_program_behind(run):
    mark = f"mark-{os.getpid()}-killed"
    process = run(worker=f"'{mark}'; {SLEEP}")
    read_until(process, "worker    | up")

    process.kill()
    process.wait()

    wait_until(lambda: not alive(mark))
