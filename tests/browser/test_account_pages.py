"""Coming in: the pages before and around the session."""

import pytest
from playwright.sync_api import expect

from notifications import actions
from tests.factories.users import PASSWORD
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/inactive/",
]


@pytest.mark.parametrize(("theme", "language"), [("light", "en"), ("dark", "ja")])
def test_pages_before_the_session_are_accessible(open_page, accessible, theme, language):
    page = open_page("/accounts/login/", theme=theme, language=language)
    for path in PAGES:
        assert page.goto(path).ok, path
        accessible(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_shell_is_accessible_in_the_persons_own_theme(open_page, accessible, alice: User, theme):
    alice.theme = theme
    alice.save(update_fields=["theme"])

    accessible(open_page("/accounts/password/change/", user=alice))


def test_a_person_signs_in_with_a_password(open_page, alice: User):
    page = open_page("/accounts/password/change/")

    page.get_by_label("E-mail address").fill(alice.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Change password")


def test_signing_out_is_one_step_from_everywhere(open_page, alice: User):
    page = open_page("/accounts/password/change/", user=alice)

    page.get_by_role("button", name=alice.name).click()
    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_form_is_sent_once_however_often_its_button_is_pressed(open_page, alice: User):
    page = open_page("/accounts/password/change/", user=alice)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)

    page.route("**/*", lambda route: route.fulfill(status=204) if route.request.method == "POST" else route.continue_())
    page.get_by_label("Current password").fill("x")
    page.get_by_label("New password", exact=True).fill("y")
    page.get_by_label("New password, once more").fill("y")
    page.get_by_role("button", name="Save password").evaluate("button => { button.click(); button.click(); }")
    page.locator("button[aria-busy=true]").wait_for()

    assert len(sent) == 1


def test_shortcuts_are_listed_and_can_be_switched_off(open_page, accessible, alice: User):
    page = open_page("/profile/", user=alice)
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    accessible(page)

    page.get_by_label("Use keyboard shortcuts in this browser").uncheck()
    page.keyboard.press("Escape")
    expect(page.locator("#shortcuts")).to_be_hidden()
    page.keyboard.press("?")
    page.evaluate("new Promise(requestAnimationFrame)")

    assert not page.locator("#shortcuts").is_visible()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_an_error_page_is_accessible(browser, live_server, accessible, language):
    page = browser.new_context(base_url=live_server.url, locale=language).new_page()

    page.goto("/nowhere/")

    accessible(page)


def test_the_bell_tells_the_news(open_page, accessible, alice: User):
    actions.notify(
        recipients=[alice], kind="invitation_accepted", context={"person": "Bob"}, url="/people/", episode="a test"
    )
    page = open_page("/profile/", user=alice)

    page.get_by_role("button", name="Unread notifications: 1").click()
    expect(page.locator("#bell a").nth(1)).to_have_text("All notifications")
    accessible(page)
