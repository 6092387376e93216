"""bin/setup: uv into a private folder, the locked packages into .venv, the translations compiled.

Runs on any Python 3.11+ before anything is installed: standard library only, nothing of Genkan imported.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("DATA_DIR") or PROJECT / ".genkan").absolute()
VENV = PROJECT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
UV = DATA / "uv" / "bin" / "uv"
UV_LOCK = PROJECT / "requirements-uv.lock"
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

# Lock file and extras of pyproject.toml, from the smallest set to the largest; each contains the one before.
LOCKS = {
    "requirements.lock": [],
    "requirements-local.lock": ["local"],
    "requirements-dev.lock": ["local", "dev"],
}
DOWNLOADS = {"requirements-local.lock": "75 MB", "requirements-dev.lock": "200 MB"}
COMPILE = ["pip", "compile", "--universal", "--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate"]


class SetupError(Exception):
    """One sentence on what happened, and what to do."""


def main() -> int:
    options = _options()
    DATA.mkdir(parents=True, exist_ok=True)
    try:
        with (DATA / "setup.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if options.lock:
                return write_locks(check=options.check)
            install_packages("requirements-dev.lock" if options.dev else "requirements-local.lock")
            compile_translations()
    except SetupError as error:
        print(f"genkan: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def install_packages(lock: str) -> None:
    """Makes .venv hold exactly the lock's packages. An environment with the development tools keeps them."""
    stamp = VENV / "genkan-lock"
    if _read(stamp).startswith("requirements-dev.lock"):
        lock = "requirements-dev.lock"
    wanted = f"{lock} {_digest([PROJECT / lock])}"
    if _read(stamp) == wanted and VENV_PYTHON.exists():
        return
    install_uv()
    if not VENV_PYTHON.exists():
        _uv("venv", "--clear", "--quiet", "--python", sys.executable, str(VENV))
    print(f"genkan: installing the packages of {lock} into .venv (up to {DOWNLOADS[lock]} to download)", flush=True)
    _uv("pip", "sync", "--require-hashes", "--python", str(VENV_PYTHON), lock)
    stamp.write_text(wanted)


def install_uv() -> None:
    stamp = DATA / "uv" / "genkan-lock"
    wanted = _digest([UV_LOCK])
    if _read(stamp) == wanted and UV.exists():
        return
    if subprocess.run([sys.executable, "-m", "pip", "--version"], check=False, capture_output=True).returncode != 0:
        raise SetupError("this Python has no pip. On Debian: sudo apt-get install python3-pip")
    print("genkan: installing uv into a private folder (about 20 MB to download)", flush=True)
    shutil.rmtree(UV.parent.parent, ignore_errors=True)
    # --target works where Debian's "externally managed" Python refuses any other place.
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-warn-script-location",
    ]
    pip += ["--require-hashes", "--target", str(UV.parent.parent), "-r", str(UV_LOCK)]
    if subprocess.run(pip, check=False, env=_environment() | {"PIP_ROOT_USER_ACTION": "ignore"}).returncode != 0:
        raise SetupError("uv could not be installed; pip's message above says why.")
    stamp.write_text(wanted)


def compile_translations() -> None:
    """Every django.po becomes a django.mo beside it, without GNU gettext."""
    sources = sorted(PROJECT.glob("*/locale/*/LC_MESSAGES/django.po"))
    stamp = DATA / "translations"
    wanted = _digest(sources)
    if _read(stamp) == wanted and all(source.with_suffix(".mo").exists() for source in sources):
        return
    script = PROJECT / "crm_project" / "runner" / "catalogues.py"
    done = subprocess.run([str(VENV_PYTHON), "-I", str(script), *map(str, sources)], check=False)
    if done.returncode != 0:
        raise SetupError("a translation could not be compiled; the message above says which.")
    DATA.mkdir(parents=True, exist_ok=True)
    stamp.write_text(wanted)


def write_locks(*, check: bool) -> int:
    """Resolves pyproject.toml anew, keeping the versions that are locked; with `check`, only tells whether that changes a lock."""
    install_uv()
    changed = []
    with tempfile.TemporaryDirectory() as folder:
        for name, extras in LOCKS.items():
            target = Path(folder) / name
            shutil.copy(PROJECT / name, target)
            options = [option for extra in extras for option in ("--extra", extra)]
            _uv(*COMPILE, "--quiet", *options, "pyproject.toml", "-o", str(target))
            if target.read_bytes() != (PROJECT / name).read_bytes():
                changed.append(name)
                if not check:
                    shutil.copy(target, PROJECT / name)
    if changed:
        print(f"genkan: {'out of date' if check else 'written'}: {', '.join(changed)}")
    return 1 if changed and check else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/setup", description="Installs what Genkan needs into this folder.")
    parser.add_argument("--dev", action="store_true", help="also the tools of bin/test and bin/check")
    parser.add_argument("--lock", action="store_true", help="write the lock files anew from pyproject.toml")
    parser.add_argument("--check", action="store_true", help="with --lock: only tell whether they are up to date")
    return parser.parse_args()


def _uv(*arguments: str) -> None:
    if subprocess.run([str(UV), *arguments], check=False, cwd=PROJECT, env=_environment()).returncode != 0:
        raise SetupError("uv could not finish; its message above says why. Nothing of yours was changed: try again.")


def _environment() -> dict[str, str]:
    """uv must not fetch a Python of its own, nor need a home folder that can be written to."""
    environment = os.environ | {"UV_PYTHON_DOWNLOADS": "never"}
    environment.pop("VIRTUAL_ENV", None)
    if SYSTEM_CERTIFICATES.exists():
        # Companies that inspect traffic put their own authority there; uv's built-in list does not have it.
        environment.setdefault("UV_SYSTEM_CERTS", "1")
    home = os.environ.get("HOME", "")
    if not (home and os.access(home, os.W_OK)):
        environment.setdefault("UV_CACHE_DIR", str(DATA / "uv-cache"))
        environment["PIP_NO_CACHE_DIR"] = "1"
    return environment


def _digest(files: list[Path]) -> str:
    together = hashlib.sha256()
    for file in files:
        together.update(file.relative_to(PROJECT).as_posix().encode() + b"\0" + file.read_bytes())
    return together.hexdigest()


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
