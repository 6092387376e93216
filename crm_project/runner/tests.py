"""bin/test: the checks and every test (or those named), on services of its own."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from crm_project.runner import checks
from crm_project.runner.folders import PROJECT

# One more than the cores we count on, two, since browsers, servers and killed programs wait now and then; who is done takes over from the
# others. Each must start all it needs: four take longer.
SPREAD = ["-n", "3", "--dist", "worksteal"]


def main(arguments: list[str]) -> int:
    """With arguments only pytest runs, with exactly them; without, the checks run too and everything is tested."""
    if arguments:
        return _pytest(arguments)
    with ThreadPoolExecutor(1) as beside:
        # It takes as long as all others together, on one core; the tests need not wait for it.
        types = beside.submit(checks.main, ["mypy"])
        failed = checks.main([name for name in checks.commands() if name != "mypy"])
        return _pytest([]) or failed or types.result()


def _pytest(arguments: list[str]) -> int:
    spread = [] if any(argument.startswith("-n") for argument in arguments) else SPREAD
    # pytest-django would read the settings before the services are up, if it were told of them this early.
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-m", "pytest", *spread, *arguments]
    return subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode
