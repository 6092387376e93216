"""Windows of the browser, which tests take and put back: a new one costs as much work as two pages."""

from typing import NamedTuple

from playwright.sync_api import Browser, Page

KEPT = 4
"""More are seldom asked for again soon, and each is a process."""

PATIENCE = 60_000
"""Milliseconds that a page may take on a busy machine."""

WIDTHS = {1440: 900, 390: 844}
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


class Look(NamedTuple):
    theme: str
    language: str
    width: int
    script: bool


class Windows:
    """Each has cookies of its own, and forgets all but the static files when it is put back."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url
        self._free: dict[Look, Page] = {}

    def take(self, look: Look) -> Page:
        return self._free.pop(look, None) or self._new(look)

    def put_back(self, look: Look, page: Page) -> None:
        if look in self._free:
            page.context.close()
            return
        self._forget(look, page)
        self._free[look] = page
        if len(self._free) > KEPT:
            self._free.pop(next(iter(self._free))).context.close()

    def _new(self, look: Look) -> Page:
        context = self._browser.new_context(
            base_url=self._url,
            viewport={"width": look.width, "height": WIDTHS[look.width]},
            color_scheme="dark" if look.theme == "dark" else "light",
            reduced_motion="reduce",  # what is half-way into the page would be judged by its looks of that moment
            locale=look.language,
            java_script_enabled=look.script,
            permissions=["clipboard-write"],  # which people give by clicking
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        if look.script:
            _watch(page)
        return page

    def _forget(self, look: Look, page: Page) -> None:
        context = page.context
        for other in context.pages:
            if other != page:
                other.close()
        context.unroute_all()
        page.unroute_all()
        page.goto("about:blank")
        page.mouse.move(-1, -1)  # it would hover over the next page
        page.set_viewport_size({"width": look.width, "height": WIDTHS[look.width]})
        context.clear_cookies()
        session = context.new_cdp_session(page)
        session.send("Page.resetNavigationHistory")
        session.send("Storage.clearDataForOrigin", {"origin": self._url, "storageTypes": "local_storage"})
        session.detach()


def _watch(page: Page) -> None:
    """In a world of its own, so that frames which allow no scripts have nothing to complain about."""
    session = page.context.new_cdp_session(page)
    session.send("Page.enable")
    session.send("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH, "worldName": "watch"})
