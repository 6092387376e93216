"""Several workers in one process."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


def in_threads(*acts: Callable[[], object]) -> None:
    """All at once, each with a database connection of its own."""
    errors: list[BaseException] = []

    def run(act: Callable[[], object]) -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


@contextmanager
def just_before(statement: str, act: Callable[[], object]) -> Iterator[None]:
    """Somebody else does something, in a transaction of their own, before the first query that holds these words."""
    waiting = [act]

    def somebody_else() -> None:
        try:
            waiting.pop()()
        finally:
            connection.close()

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if statement in sql and waiting:
            other = threading.Thread(target=somebody_else)
            other.start()
            other.join(10)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield
    assert waiting == []
