"""Nothing outlives the process that answers for it, not even after a kill -9."""

import ctypes
import signal
import sys

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Runs in a new child, between fork and exec: the kernel interrupts it when the thread that started it ends.

    SIGINT is what PostgreSQL calls a fast shutdown and what Valkey, gunicorn and Celery end cleanly on. Elsewhere than
    on Linux there is no such promise; the next start then stops what was left.
    """
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT)
