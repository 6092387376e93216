"""`python -m crm_project.runner dev|manage|test|check`: what bin/dev, bin/manage, bin/test and bin/check call."""

import os
import sys

from crm_project.runner import checks, dev, manage, tests
from crm_project.runner.errors import LaunchError

COMMANDS = {"dev": dev.main, "manage": manage.main, "test": tests.main, "check": checks.main}


def main(arguments: list[str]) -> int:
    _keep_bytecode()
    if not arguments or arguments[0] not in COMMANDS:
        print(f"usage: python -m crm_project.runner {'|'.join(COMMANDS)}", file=sys.stderr)
        return 2
    try:
        return COMMANDS[arguments[0]](arguments[1:])
    except LaunchError as error:
        print(f"genkan: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _keep_bytecode() -> None:
    """Whatever the caller's environment says: we start many programs, and compiling takes each longer than all else it does."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
