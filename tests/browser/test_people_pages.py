"""People, invitations, the workspace and notices in a real browser."""

import pytest
from playwright.sync_api import expect

from notifications import actions
from tests.factories.users import PASSWORD, InvitationFactory, UserFactory
from users.models import Invitation, User, WorkspaceDomain, hash_of_token

pytestmark = pytest.mark.django_db(transaction=True)
LOOKS = [("light", "en", 1440), ("dark", "ja", 390)]


def paths(colleague: User) -> list[str]:
    person = f"/people/{colleague.code}/"
    return [
        "/",
        "/profile/",
        "/people/",
        person,
        "/people/invite/",
        "/workspace/",
        "/notifications/",
    ]


@pytest.mark.parametrize(("theme", "language", "width"), LOOKS)
def test_pages_about_people_are_accessible(open_page, accessible, admin: User, theme, language, width):
    User.objects.filter(pk=admin.pk).update(theme=theme, language=language)
    colleague = UserFactory(name="佐藤 恵美", deactivated=True)
    InvitationFactory(invited_by=admin)
    WorkspaceDomain.objects.create(domain="kita.example")
    tell(admin)
    page = open_page("/profile/", user=admin, width=width)
    for path in paths(colleague):
        assert page.goto(path).ok, path
        accessible(page)


@pytest.mark.parametrize(("theme", "language", "width"), LOOKS)
def test_pages_for_the_invited_are_accessible(open_page, accessible, alice: User, theme, language, width):
    InvitationFactory(token_hash=hash_of_token("open"), language=language)
    for visitor in (None, alice):
        accessible(open_page("/join/open/", user=visitor, theme=theme, language=language, width=width))


def test_an_invited_person_joins_and_lands_in_the_product(open_page):
    InvitationFactory(email="hana@kita.example", token_hash=hash_of_token("open"))
    page = open_page("/join/open/")

    page.get_by_label("Your name").fill("Hana")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Join").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome, Hana")
    assert Invitation.objects.get().status == "accepted"


def test_the_bell_opens_the_newest_notices_and_leads_to_one(open_page, admin: User):
    tell(admin)
    page = open_page("/profile/", user=admin)

    page.locator("button.bell").click()
    page.get_by_role("link", name="Hana joined the workspace").click()
    page.wait_for_url("**/people/")

    expect(page.locator("button.bell .count")).to_have_count(0)


def tell(person: User) -> None:
    actions.notify(
        recipients=[person],
        kind="invitation_accepted",
        context={"person": "Hana"},
        url="/people/",
        episode="hana",
    )
