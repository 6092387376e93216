"""A real Chromium in front of the real server. Every page opened here must be free of script errors and of CSP violations, and no swap
may take the focus away from somebody without a mouse."""

import json
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, CDPSession, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.hands import HANDS, Hand

if TYPE_CHECKING:  # this file is read before Django is set up
    from users.models import User

PATIENCE = 60_000
"""Milliseconds that a page may take on a busy machine."""

expect.set_options(timeout=PATIENCE)
WIDTHS = {1440: 900, 390: 844}
COMPLAINTS = {"error", "warning"}
WATCH = """
  const early = new CSSStyleSheet();
  early.replaceSync("* { pointer-events: none !important }");
  document.adoptedStyleSheets.push(early);
  addEventListener("load", () => { document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== early); });

  addEventListener("DOMContentLoaded", () => {
    let held;
    document.addEventListener("htmx:beforeSwap", () => { held = document.activeElement; });
    document.addEventListener("htmx:afterSettle", () => {
      const isLost = !held.isConnected && document.activeElement === document.body;
      if (isLost) console.error(`A swap took the focus away from ${held.outerHTML}`);
    });
  });
"""
"""Looks on beside the scripts of every page. A swap must leave the focus somewhere. And the pointer finds nothing before all scripts are
there, for a click that is quicker than they are would be answered without them (keys are quicker still: `keyboard` waits)."""

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


@pytest.fixture
def open_page(browser: Browser, live_server) -> Iterator[OpenPage]:
    """Opens a path as a person (or signed out), in a scheme, a language and a width, with or without scripts."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

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
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": WIDTHS[width]},
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",  # what is half-way into the page would be judged by its looks of that moment
            locale=language,
            java_script_enabled=script,
            permissions=["clipboard-write"],  # which people give by clicking
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        if user is not None:
            sign_in(context, user, live_server.url)
        page = context.new_page()
        page.on(
            "console", lambda message: complaints.append(message.text) if is_complaint(message, is_missing) else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if script:
            watch(page)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def watch(page: Page) -> None:
    """In a world of its own, so that frames which allow no scripts have nothing to complain about."""
    session = page.context.new_cdp_session(page)
    session.send("Page.enable")
    session.send("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH, "worldName": "watch"})


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


@pytest.fixture
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
