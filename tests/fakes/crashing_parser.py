"""Takes Python's place in a process that reads mail: its HTML parser, which is native code, crashes on one that says CRASH."""

import os
import runpy
import signal
import sys
from typing import Any

import nh3

_Cleaner = nh3.Cleaner


class CrashingCleaner:
    def __init__(self, **options: Any) -> None:
        self._cleaner = _Cleaner(**options)

    def clean(self, html: str) -> str:
        if "CRASH" in html:
            os.kill(os.getpid(), signal.SIGKILL)
        if "RAISE" in html:
            raise ValueError(html)
        return self._cleaner.clean(html)


if __name__ == "__main__":
    setattr(nh3, "Cleaner", CrashingCleaner)  # noqa: B010 - no type checker would let it pass
    runpy.run_module(sys.argv[-1], run_name="__main__")
