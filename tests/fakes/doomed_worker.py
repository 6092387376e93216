"""`python -m tests.fakes.doomed_worker`: for each line "INBOX STATEMENT" a fresh process syncs the inbox and kills itself before
it makes that statement. Only those are counted that change something, and the first one after each of them: between two that
only read there is nothing to be lost.
"""

import importlib
import os
import pkgutil
import signal
import sys
from collections.abc import Callable
from typing import Any

import django
from django.db import connection


class Killer:
    """Counts the boundaries between steps, and does not survive the chosen one."""

    def __init__(self, killed_at: int) -> None:
        self._left = killed_at
        self._reads_only = False

    def __call__(self, execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        reads_only = sql.lstrip().startswith("SELECT")
        if not (reads_only and self._reads_only):
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        self._reads_only = reads_only
        return execute(sql, *arguments)


def main() -> None:
    django.setup()
    # Once, before there are children: what they import themselves each of them would have to import again.
    import inboxes.oauth
    import inboxes.providers
    from logging_rules.slices import sync_slice

    for package in (inboxes.oauth, inboxes.providers):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)

    for line in sys.stdin:
        inbox_id, killed_at = map(int, line.split())
        child = os.fork()
        if child == 0:
            with connection.execute_wrapper(Killer(killed_at)):
                while (outcome := sync_slice(inbox_id=inbox_id, worker="doomed").outcome) == "more":
                    pass
            os._exit(0 if outcome == "done" else 1)
        _, status = os.waitpid(child, 0)
        sys.stdout.write("killed\n" if os.WIFSIGNALED(status) else "done\n" if status == 0 else "failed\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
