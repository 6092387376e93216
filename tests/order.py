"""In which order tests run: in every process the long ones first, so that no process is left alone with one at the end. A plugin."""

import os
from itertools import chain

import pytest

LONG = (
    "tests/inboxes/sync/test_crashes.py",
    "tests/acceptance/test_crashes.py",
    "tests/inboxes/sync/test_team_crashes.py",
    "tests/acceptance/test_api_crashes.py",
    "tests/inboxes/sync/test_marks_crashes.py",
    "tests/browser/test_pages.py",
    "tests/acceptance/test_access.py",
    "tests/acceptance/test_query_counts.py",
    "tests/acceptance/test_exact_logging.py",
    "tests/inboxes/oauth/test_transport.py",
    "tests/inboxes/test_life_of_inboxes.py",
    "tests/acceptance/test_notices.py",
)
"""Tests of these go to different processes."""

TOGETHER = ("tests/runner/test_dev.py", "tests/acceptance/test_api_providers.py")
"""Long, too, but they share what is costly to set up."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The processes are given equal parts of this list one after another, and take over from each other later."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = sorted((item for item in items if item.nodeid.startswith(LONG)), key=_place)
    shares = [long[number::processes] for number in range(processes)]
    for number, name in enumerate(TOGETHER):
        shares[-1 - number % processes][:0] = [item for item in items if item.nodeid.startswith(name)]
    short = [item for item in items if not item.nodeid.startswith((*LONG, *TOGETHER))]
    size = -(-len(items) // processes)
    for share in shares:
        room = max(0, size - len(share))
        share += short[:room]
        del short[:room]
    items[:] = [*chain.from_iterable(shares), *short]


def _place(item: pytest.Item) -> int:
    return next(place for place, name in enumerate(LONG) if item.nodeid.startswith(name))
