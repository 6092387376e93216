"""Microsoft on loopback: sign-in pages, tokens and Graph. A plugin, so that tests in every folder can take `microsoft`."""

import re
from collections.abc import Collection, Iterator
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from crm_project.demo.microsoft import faults
from crm_project.demo.microsoft.server import MicrosoftStandIn

__all__ = ["FakeMicrosoft", "faults", "microsoft"]


class FakeMicrosoft(MicrosoftStandIn):
    """`with FakeMicrosoft() as microsoft:` is running at `microsoft.url`; `environment()` are the settings to use it.

    People and mail: `mailbox(address)`, `shared_mailbox(address, readers=…)`, `tenant(domain, policy=…)`. Tokens without pages:
    `grant(address, scopes)`. What went on: `requests`; what goes wrong: `faults`; the time: `clock`.
    """

    def consent(
        self,
        url: str,
        address: str,
        *,
        step: str = "consent",
        untick: Collection[str] = (),
        for_everybody: bool = False,
    ) -> dict[str, str]:
        """Goes through the pages at an authorise address as a person would; the answer that comes back to the application.

        `step`: `consent`, `cancel`, `return` (from "Need admin approval"). Raises AssertionError with the page that is in the way.
        """
        answer = requests.get(url, allow_redirects=False, timeout=60)
        if "Pick an account" in answer.text:
            chosen = {"step": "cancel"} if step == "cancel" else {"account": self.account(address).id}
            answer = requests.post(url, data=chosen, allow_redirects=False, timeout=60)
        if answer.status_code == 200:
            ticked = [name for name in re.findall(r'name="scope" value="([^"]+)"', answer.text) if name not in untick]
            form = {"account": self.account(address).id, "step": step, "scope": ticked}
            if for_everybody:
                form["for_everybody"] = "1"
            answer = requests.post(url, data=form, allow_redirects=False, timeout=60)
        assert answer.status_code == 302, unescape(
            re.sub(r"<style>.*</style>|<[^>]+>", " ", answer.text, flags=re.DOTALL)
        )
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


@pytest.fixture
def microsoft(settings) -> Iterator[FakeMicrosoft]:
    """A new Microsoft, that the settings name."""
    with FakeMicrosoft() as fake:
        for name, value in fake.environment().items():
            setattr(settings, name, value)
        yield fake
