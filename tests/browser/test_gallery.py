"""Every component in every state, in both schemes and both languages: accessible, and nothing wider than its page."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.browser.urls")]


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_component_is_accessible(open_page, accessible, theme, language):
    page = open_page(f"/ui/?theme={theme}", theme=theme, language=language)

    accessible(page)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_nothing_is_wider_than_a_phone(open_page, language):
    page = open_page("/ui/", width=390, language=language)

    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_dialog_opens_traps_focus_and_closes_with_escape(open_page, accessible):
    page = open_page("/ui/")

    page.click("a[data-dialog=sample-dialog]")
    dialog = page.locator("#sample-dialog")
    expect(dialog).to_be_visible()
    accessible(page)
    page.keyboard.press("Escape")

    expect(dialog).to_be_hidden()


def test_a_menu_opens_under_its_button_and_is_walked_by_arrows(open_page, accessible):
    page = open_page("/ui/")
    button = page.get_by_role("button", name="More actions")

    button.click()
    menu = page.locator("#menu-1")
    expect(menu).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator(":focus")).to_have_text("Sync now")
    below = menu.bounding_box()["y"] >= button.bounding_box()["y"] + button.bounding_box()["height"]
    accessible(page)

    assert below


def test_ticking_rows_offers_what_can_be_done_with_them(open_page):
    page = open_page("/ui/")

    page.get_by_label("Select all").check()
    page.get_by_label("Select Sarah Okafor").uncheck()

    expect(page.locator(".bulk")).to_contain_text("2 selected")
    expect(page.get_by_label("Select all")).to_be_checked(indeterminate=True)


def test_a_password_can_be_looked_at(open_page):
    page = open_page("/ui/")

    page.get_by_role("button", name="Show password").first.click()

    expect(page.locator("#clean_password")).to_have_attribute("type", "text")


def test_the_sidebar_is_a_drawer_on_a_phone(open_page, accessible):
    page = open_page("/ui/", width=390)
    sidebar = page.locator("#sidebar")
    expect(sidebar).to_be_hidden()

    page.get_by_role("button", name="Menu").click()
    expect(sidebar).to_be_visible()
    accessible(page)
