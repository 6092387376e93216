"""A real Chromium in front of the real server. Every page opened here must be free of script errors and of CSP violations, and no swap
may take the focus away from somebody without a mouse."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    CDPSession,
    ConsoleMessage,
    Error,
    Page,
    expect,
    sync_playwright,
)

from tests.browser.hands import HANDS, Hand
from tests.browser.windows import PATIENCE, Look, Windows

if TYPE_CHECKING:  # this file is read before Django is set up
    from users.models import User

expect.set_options(timeout=PATIENCE)
COMPLAINTS = {"error", "warning"}
AXE = (
    "function loadAxe() {"
    + AXE_SCRIPT
    + """
  const { prototype } = axe.commons.color.Color;
  const parse = prototype.parseString;
  const known = new Map();
  prototype.parseString = function (text) {
    const color = known.get(text);
    if (color) return Object.assign(this, color);
    parse.call(this, text);
    known.set(text, { r: this.r, g: this.g, b: this.b, alpha: this.alpha });
    return this;
  };
}"""
)
"""Waits in each document until it is called. Colours are read once: axe would do so for each element, a fifth of its work."""


class OpenPage(Protocol):
    def __call__(
        self,
        path: str,
        *,
        user: "User | None" = None,
        theme: str = "light",
        language: str = "en",
        width: int = 1440,
        script: bool = True,
        is_missing: bool = False,
    ) -> Page: ...


class Accessible(Protocol):
    def __call__(self, page: Page, *, apart_from: str = "") -> None: ...


@pytest.fixture(scope="session")
def browser(needs_debian: Callable[[str, str], str]) -> Iterator[Browser]:
    path = needs_debian("chromium-headless-shell", "chromium-headless-shell")
    # Playwright keeps an event loop in this thread; the ORM would take its presence for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        # Drawing with a graphics card that is not there takes a quarter of the time.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def windows(browser: Browser, live_server, django_db_setup) -> Iterator[Windows]:
    # The server's threads hold connections to the database, so they have to end before it is dropped; nobody asks them any more then.
    live_server.thread.httpd.daemon_threads = False
    yield Windows(browser, live_server.url)
    for context in browser.contexts:
        context.close()
    live_server.stop()


@pytest.fixture
def open_page(windows: Windows, live_server) -> Iterator[OpenPage]:
    """Opens a path as a person (or signed out), in a scheme, a language and a width, with or without scripts."""
    complaints: list[str] = []
    with ExitStack() as until_the_end:

        def open_page(
            path: str,
            *,
            user: "User | None" = None,
            theme: str = "light",
            language: str = "en",
            width: int = 1440,
            script: bool = True,
            is_missing: bool = False,
        ) -> Page:
            look = Look(theme, language, width, script)
            page = windows.take(look)

            def hear(message: ConsoleMessage) -> None:
                if is_complaint(message, is_missing):
                    complaints.append(message.text)

            def hear_error(error: Error) -> None:
                complaints.append(str(error))

            page.on("console", hear)
            page.on("pageerror", hear_error)
            until_the_end.callback(page.remove_listener, "console", hear)
            until_the_end.callback(page.remove_listener, "pageerror", hear_error)
            until_the_end.callback(windows.put_back, look, page)
            if user is not None:
                sign_in(page.context, user, live_server.url)
            page.goto(path)
            return page

        yield open_page
    assert complaints == []


@pytest.fixture(params=list(HANDS.values()), ids=list(HANDS))
def hand(request: pytest.FixtureRequest) -> Hand:
    found: Hand = request.param
    return found


def is_complaint(message: ConsoleMessage, is_missing: bool) -> bool:
    """A form that was filled in wrongly is answered with 422, what `is_missing` with 404, which is as it should be."""
    expected = ["status of 422", *(["status of 404"] if is_missing else [])]
    return message.type in COMPLAINTS and not any(status in message.text for status in expected)


def sign_in(context: BrowserContext, user: "User", url: str) -> None:
    client = Client()
    client.force_login(user)
    context.add_cookies(
        [
            {
                "name": settings.SESSION_COOKIE_NAME,
                "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                "url": url,
            }
        ]
    )


@pytest.fixture(scope="session")
def accessible() -> Accessible:
    """Fails with what axe finds against WCAG 2.2 A and AA; `apart_from` selects what is known to be as it should be."""
    tags = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    # Thousands of passed nodes are neither described nor sent here: that takes three quarters of the time.
    # The only frames are bodies of mails, in which no script runs.
    options = {"runOnly": tags, "resultTypes": ["violations"], "iframes": False}
    sessions: dict[Page, CDPSession] = {}

    def check(page: Page, *, apart_from: str = "") -> None:
        page.wait_for_load_state()
        if page not in sessions:
            sessions[page] = bring_axe(page)
        both = json.dumps([{"exclude": [apart_from] if apart_from else []}, options])
        found = in_world_of_axe(
            sessions[page], f"globalThis.axe || loadAxe(); axe.run(...{both}).then((results) => results.violations)"
        )
        assert [
            f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]
        ] == []

    return check


def bring_axe(page: Page) -> CDPSession:
    """Half a megabyte, brought to the browser once for all that the page will show, and to a world of its own (see `watch`)."""
    session = page.context.new_cdp_session(page)
    session.send("Page.enable")
    session.send("Page.addScriptToEvaluateOnNewDocument", {"source": AXE, "worldName": "axe", "runImmediately": True})
    return session


def in_world_of_axe(session: CDPSession, expression: str) -> Any:
    frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
    # Which is there already.
    world = session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "axe"})["executionContextId"]
    answer = session.send(
        "Runtime.evaluate",
        {"expression": expression, "contextId": world, "awaitPromise": True, "returnByValue": True},
    )
    assert "exceptionDetails" not in answer, answer
    return answer["result"]["value"]
