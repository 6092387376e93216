"""bin/setup, as far as it goes without a download."""

import os
import subprocess
import sys
import time
import venv

from crm_project.runner import install
from crm_project.runner.folders import PROJECT


def test_nothing_to_do_is_done_in_a_moment_and_in_silence():
    command = [sys.executable, "-I", "crm_project/runner/install.py", "--dev"]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)

    started = time.monotonic()
    done = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, encoding="utf-8")

    assert (done.stdout, done.stderr) == ("", "")
    assert time.monotonic() - started < 5


def test_it_needs_nothing_but_the_standard_library():
    modules = subprocess.run(
        [sys.executable, "-I", "-S", "-c", "import runpy; runpy.run_path('crm_project/runner/install.py')"],
        cwd=PROJECT,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    assert (modules.returncode, modules.stderr) == (0, "")


def test_a_python_without_pip_gets_the_line_that_installs_it(tmp_path):
    venv.create(tmp_path / "bare", with_pip=False)
    done = subprocess.run(
        [tmp_path / "bare" / "bin" / "python", "-I", "crm_project/runner/install.py", "--lock", "--check"],
        cwd=PROJECT,
        env=os.environ | {"DATA_DIR": str(tmp_path / "data")},
        check=False,
        capture_output=True,
        encoding="utf-8",
    )

    line = "genkan: this Python has no pip. On Debian: sudo apt-get install python3-pip\n"
    assert (done.returncode, done.stderr) == (1, line)


def test_a_home_that_does_not_exist_is_left_alone(monkeypatch):
    monkeypatch.setenv("HOME", "/nonexistent")
    assert install._environment()["UV_CACHE_DIR"] == str(install.DATA / "uv-cache")


def test_uv_never_fetches_a_python():
    assert install._environment()["UV_PYTHON_DOWNLOADS"] == "never"
