"""`python -m tests.fakes.doomed_worker`: for each line "INBOX BOUNDARY" a fresh process syncs the inbox and kills itself at that
one of its boundaries.
"""

import importlib
import os
import pkgutil
import sys

import django

from tests.fakes.boundaries import at, kill_this_process, watched


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
        inbox_id, boundary = map(int, line.split())
        child = os.fork()
        if child == 0:
            with watched(at(boundary, kill_this_process)):
                while (outcome := sync_slice(inbox_id=inbox_id, worker="doomed").outcome) == "more":
                    pass
            os._exit(0 if outcome == "done" else 1)
        _, status = os.waitpid(child, 0)
        sys.stdout.write("killed\n" if os.WIFSIGNALED(status) else "done\n" if status == 0 else "failed\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
