"""bin/check: everything about the code that can be told without running it."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from crm_project.runner.environment import without_services
from crm_project.runner.folders import PROJECT, data_folder

BIN = Path(sys.executable).parent


def commands() -> dict[str, list[str]]:
    """Each check by name; a check passes when its command exits with 0."""
    templates = sorted(str(path.relative_to(PROJECT)) for path in PROJECT.glob("templates/**/*.html"))
    manage = [sys.executable, "manage.py"]
    return {
        "mypy": [str(BIN / "mypy"), "."],  # first, since it takes as long as all others together
        "ruff": [str(BIN / "ruff"), "check", "."],
        "format": [str(BIN / "ruff"), "format", "--check", "."],
        "imports": [str(BIN / "lint-imports")],
        "templates": [str(BIN / "djade"), "--check", "--target-version", "5.2", *templates],
        "migrations": [*manage, "makemigrations", "--check", "--dry-run"],
        "messages": [*manage, "messages", "--check"],
        # The workers of the tests find every test file compiled after this, instead of each compiling all of them.
        "collection": [sys.executable, "-m", "pytest", "--collect-only", "-qq"],
        "locks": [sys.executable, "crm_project/runner/install.py", "--lock", "--check"],
    }


def main(names: list[str]) -> int:
    """Runs all checks, or those named, as many at once as there are cores; every failure is shown, none hides the next."""
    environment = without_services(data_folder())
    known = commands()
    unknown = set(names) - known.keys()
    if unknown:
        print(f"genkan: no such check: {', '.join(sorted(unknown))}. There are: {', '.join(known)}.", file=sys.stderr)
        return 2
    names = names or list(known)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as at_once:
        passed = at_once.map(lambda name: _passes(name, known[name], environment), names)
    failed = [name for name, has_passed in zip(names, passed, strict=True) if not has_passed]
    if failed:
        print(f"genkan: failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _passes(name: str, command: list[str], environment: dict[str, str]) -> bool:
    started = time.monotonic()
    done = subprocess.run(command, cwd=PROJECT, env=environment, check=False, capture_output=True, encoding="utf-8")
    verdict = "ok" if done.returncode == 0 else "FAILED"
    said = "" if done.returncode == 0 else done.stdout + done.stderr + "\n"
    # In one piece: others print at the same time.
    print(f"{name:<12}{verdict:<8}{time.monotonic() - started:.1f} s\n{said}", end="", flush=True)
    return done.returncode == 0
