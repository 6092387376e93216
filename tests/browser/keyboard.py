"""Going through pages without a mouse."""

from playwright.sync_api import ElementHandle, Error, Locator, Page, expect


def tab_to(page: Page, place: Locator) -> None:
    """With the Tab key alone."""
    expect(place).to_be_visible()
    page.wait_for_load_state()
    element = place.element_handle()
    for _ in range(120):
        match has_focus(element):
            case True:
                return
            case False:
                page.keyboard.press("Tab")
            case None:
                element = place.element_handle()
    raise AssertionError(f"{place} cannot be reached with Tab")


def has_focus(element: ElementHandle) -> bool | None:
    """None if it was swapped, or left with its page: to look for a place anew after each key would cost more than the keys."""
    try:
        found: bool | None = element.evaluate(
            "element => element.isConnected ? element === document.activeElement : null"
        )
    except Error:
        return None
    return found


def press(page: Page, place: Locator, key: str = "Enter") -> None:
    tab_to(page, place)
    page.keyboard.press(key)
