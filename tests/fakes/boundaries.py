"""Where it makes a difference that a worker is killed: what no transaction has committed never was."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from django.db import connection

CHANGES_NOTHING = ("SELECT", "SAVEPOINT", "RELEASE")


def at(number: int, die: Callable[[], None]) -> Callable[[], None]:
    """Something to call at each boundary: at the one with that number it dies."""
    passed = count(1)

    def pass_by() -> None:
        if next(passed) == number:
            die()

    return pass_by


def kill_this_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def watched(reached: Callable[[], None]) -> Iterator[None]:
    """Calls `reached` before each commit that keeps something, and before the next statement, since in between the worker may have
    done something elsewhere. A writing statement outside any transaction is a commit."""
    wrote = has_committed = False
    commit = connection._commit

    def note(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        nonlocal wrote, has_committed
        if has_committed:
            reached()
        has_committed = False
        if sql.lstrip().startswith(CHANGES_NOTHING):
            return execute(sql, *arguments)
        if connection.in_atomic_block:
            wrote = True
            return execute(sql, *arguments)
        reached()
        result = execute(sql, *arguments)
        has_committed = True
        return result

    def note_and_commit() -> None:
        nonlocal wrote, has_committed
        if wrote:
            reached()
        commit()
        wrote, has_committed = False, wrote

    with pytest.MonkeyPatch.context() as patch, connection.execute_wrapper(note):
        patch.setattr(connection, "_commit", note_and_commit)
        yield
