"""Several workers in one process."""

import threading
from collections.abc import Callable

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
