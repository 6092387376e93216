"""Runs several programs as one: their output prefixed, one signal ends all, a crashed one comes back."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import FrameType
from typing import IO

from crm_project.runner.folders import PROJECT
from crm_project.runner.orphans import die_with_parent

STOP_SECONDS = 20
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
# A program that ran this long before it ended starts over with the first pause.
STEADY_SECONDS = 60.0
NAME_WIDTH = 9
COLOURS = (36, 35, 32, 33, 34, 31)


@dataclass(frozen=True)
class Program:
    name: str
    command: Sequence[str]


@dataclass
class Running:
    """One program and its place in the restart ladder; times are of the monotonic clock."""

    program: Program
    prefix: str
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS
    readers: list[threading.Thread] = field(default_factory=list)


class ProcessRunner:
    """Runs until SIGINT, SIGTERM or SIGHUP. Starts children from the calling thread only, which must be the main thread:
    the kernel ends them with the thread that started them."""

    def __init__(self, *, environment: Mapping[str, str], output: IO[str] = sys.stdout) -> None:
        self._environment = environment
        self._output = output
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._running: list[Running] = []
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, self._ask_to_stop)

    def start(self, programs: Sequence[Program]) -> None:
        """May be called again, with more programs; does nothing once it was asked to stop."""
        for program in programs:
            if not self.is_stopping:
                running = Running(program, self._prefix(program.name, COLOURS[len(self._running) % len(COLOURS)]))
                self._running.append(running)
                self._start(running)

    def wait(self) -> None:
        """Returns after a signal, when every program and everything it started has ended."""
        while not self._stopping.wait(0.2):
            for running in self._running:
                self._look_after(running)
        self._stop_all()

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    def stop(self) -> None:
        self._stopping.set()

    def _ask_to_stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stop()

    def _start(self, running: Running) -> None:
        process = subprocess.Popen(
            running.program.command,
            cwd=PROJECT,
            env=dict(self._environment),
            preexec_fn=partial(die_with_parent, signal.SIGTERM),
            start_new_session=True,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        running.process = process
        running.started_at = time.monotonic()
        reader = threading.Thread(target=self._copy_output, args=(process.stdout, running.prefix), daemon=True)
        reader.start()
        running.readers = [reader]

    def _look_after(self, running: Running) -> None:
        now = time.monotonic()
        if running.process is None:
            if now >= running.start_at:
                self._start(running)
            return
        code = running.process.poll()
        if code is None:
            return
        _kill_group(running.process.pid)
        if now - running.started_at >= STEADY_SECONDS:
            running.pause = FIRST_PAUSE_SECONDS
        self._say(running.prefix, f"ended ({_reason(code)}); starting again in {running.pause:.0f} s")
        running.process = None
        running.start_at = now + running.pause
        running.pause = min(running.pause * 2, LONGEST_PAUSE_SECONDS)

    def _stop_all(self) -> None:
        processes = [running.process for running in self._running if running.process is not None]
        for process in processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            # Also what the program itself left behind, such as pool processes.
            _kill_group(process.pid)
            process.wait()
        for running in self._running:
            for reader in running.readers:
                reader.join(1)

    def _copy_output(self, source: IO[bytes], prefix: str) -> None:
        with source:
            for line in source:
                self._say(prefix, line.decode("utf-8", "replace").rstrip("\n"))

    def _say(self, prefix: str, line: str) -> None:
        with self._lock:
            self._output.write(f"{prefix}{line}\n")
            self._output.flush()

    def _prefix(self, name: str, colour: int) -> str:
        name = name.ljust(NAME_WIDTH)
        coloured = self._output.isatty() and "NO_COLOR" not in os.environ
        return f"\033[{colour}m{name} |\033[0m " if coloured else f"{name} | "


def _kill_group(leader: int) -> None:
    """Each program leads a session of its own, so its number is also its group's."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def _reason(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
