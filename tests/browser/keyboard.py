"""Going through pages without a mouse."""

from playwright.sync_api import Locator, Page, expect


def tab_to(page: Page, place: Locator) -> None:
    """With the Tab key alone."""
    expect(place).to_be_visible()
    page.wait_for_load_state()
    for _ in range(120):
        if place.evaluate("place => place === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{place} cannot be reached with Tab")


def press(page: Page, place: Locator, key: str = "Enter") -> None:
    tab_to(page, place)
    page.keyboard.press(key)
