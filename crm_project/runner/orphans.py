"""Nothing outlives the process that answers for it, not even after a kill -9."""

import ctypes
import signal
import sys

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent(death_signal: signal.Signals) -> None:
    """Runs in a new child, between fork and exec: the kernel signals it when the thread that started it ends.

    Elsewhere than on Linux there is no such promise.
    """
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, death_signal)
