"""Google on loopback, for every test that talks to it. A plugin: the fixture `google` is there everywhere."""

import re
from collections.abc import Collection, Iterator
from html import unescape

import pytest
import requests

from crm_project.demo.google import answers
from crm_project.demo.google.server import FakeGoogle

__all__ = ["FakeGoogle", "answers", "consent", "google"]
_KEY = re.compile(r'name="request" value="([^"]+)"')
_SCOPES = re.compile(r'name="scope" value="([^"]+)"')


@pytest.fixture
def google(settings) -> Iterator[FakeGoogle]:
    """A new Google, that the settings name."""
    with FakeGoogle() as fake:
        for name, value in fake.environment().items():
            setattr(settings, name, value)
        yield fake


def consent(url: str, address: str, *, untick: Collection[str] = (), cancels: bool = False) -> str:
    """What a person does in a browser: opens the address, chooses the account, ticks off, allows. Returns where they are sent."""
    browser = requests.Session()
    page = browser.get(url, allow_redirects=False, timeout=60)
    root = "/".join(url.split("/")[:3])
    if 'action="/signin/account"' in page.text:
        form = {"request": _KEY.search(page.text)[1], "account": address}
        page = browser.post(f"{root}/signin/account", form, allow_redirects=False, timeout=60)
    if 'action="/signin/consent"' in page.text:
        scopes = [unescape(scope) for scope in _SCOPES.findall(page.text)]
        form = {
            "request": _KEY.search(page.text)[1],
            "account": address,
            "scope": [scope for scope in scopes if scope not in untick],
            "decision": "cancel" if cancels else "allow",
        }
        page = browser.post(f"{root}/signin/consent", form, allow_redirects=False, timeout=60)
    assert page.status_code == 302, page.text
    return page.headers["Location"]
