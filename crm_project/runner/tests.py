"""bin/test: the checks, then every test (or those named) on services of its own."""

import subprocess
import sys

from crm_project.runner import checks
from crm_project.runner.folders import PROJECT

PROCESSES = "2"


def main(arguments: list[str]) -> int:
    """With arguments only pytest runs, with exactly them; without, the checks come first and everything runs."""
    failed = checks.main([]) if not arguments else 0
    spread = [] if any(argument.startswith("-n") for argument in arguments) else ["-n", PROCESSES]
    pytest = subprocess.run([sys.executable, "-m", "pytest", *spread, *arguments], cwd=PROJECT, check=False)
    return pytest.returncode or failed
