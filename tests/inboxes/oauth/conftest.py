"""Both providers, as the settings name them."""

import pytest


@pytest.fixture
def microsoft(microsoft, settings):
    for name, value in microsoft.environment().items():
        setattr(settings, name, value)
    return microsoft
