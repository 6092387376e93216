"""What tests about people share."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def fresh_rate_limits() -> Iterator[None]:
    """Sign-ins are counted per address of the visitor, which is the same in every test."""
    cache.clear()
    yield
    cache.clear()
