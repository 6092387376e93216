"""bin/setup, as far as it goes without a download."""

import os
import subprocess
import sys
import venv

import pytest

from crm_project.runner import install
from crm_project.runner.folders import PROJECT


def test_nothing_to_do_is_done_in_silence_and_without_starting_anything(monkeypatch, capfd):
    monkeypatch.setattr(sys, "argv", ["install.py", "--dev"])
    assert install.main() == 0
    capfd.readouterr()

    monkeypatch.setattr(subprocess, "run", lambda command, **_: pytest.fail(f"started {command}"))
    assert install.main() == 0

    assert capfd.readouterr() == ("", "")


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
