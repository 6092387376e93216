"""bin/check: everything about the code that can be told without running it."""

import subprocess
import sys
import time
from pathlib import Path

from crm_project.runner.environment import without_services
from crm_project.runner.folders import PROJECT, data_folder

BIN = Path(sys.executable).parent


def commands() -> dict[str, list[str]]:
    """Each check by name; a check passes when its command exits with 0."""
    templates = sorted(str(path.relative_to(PROJECT)) for path in PROJECT.glob("templates/**/*.html"))
    manage = [sys.executable, "manage.py"]
    return {
        "ruff": [str(BIN / "ruff"), "check", "."],
        "format": [str(BIN / "ruff"), "format", "--check", "."],
        "mypy": [str(BIN / "mypy"), "."],
        "imports": [str(BIN / "lint-imports")],
        "templates": [str(BIN / "djade"), "--check", "--target-version", "5.2", *templates],
        "migrations": [*manage, "makemigrations", "--check", "--dry-run"],
        "messages": [*manage, "messages", "--check"],
        "locks": [sys.executable, "crm_project/runner/install.py", "--lock", "--check"],
    }


def main(names: list[str]) -> int:
    """Runs all checks, or those named; every failure is shown, none hides the next."""
    environment = without_services(data_folder())
    known = commands()
    unknown = set(names) - known.keys()
    if unknown:
        print(f"genkan: no such check: {', '.join(sorted(unknown))}. There are: {', '.join(known)}.", file=sys.stderr)
        return 2
    failed = [name for name in names or known if not _passes(name, known[name], environment)]
    if failed:
        print(f"genkan: failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _passes(name: str, command: list[str], environment: dict[str, str]) -> bool:
    started = time.monotonic()
    done = subprocess.run(command, cwd=PROJECT, env=environment, check=False, capture_output=True, encoding="utf-8")
    verdict = "ok" if done.returncode == 0 else "FAILED"
    print(f"{name:<12}{verdict:<8}{time.monotonic() - started:.1f} s", flush=True)
    if done.returncode != 0:
        print(done.stdout + done.stderr, flush=True)
    return done.returncode == 0
