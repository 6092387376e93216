"""Every page of the product, as a person reads it: accessible in both schemes and languages, and no wider than a phone."""

import pytest
from django.urls import reverse

from notifications import actions
from tests.factories.contacts import log_mail, make_contact
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pages(admin: User) -> list[str]:
    contact = make_contact("高橋 美咲", "misaki.takahashi@meridian.example", owner=admin)
    log_mail(contact, "240台導入のお見積り（改訂版）について", owner=admin)
    log_mail(contact, "Revised quote for the 240-vehicle rollout", owner=admin, outgoing=True)
    actions.notify(
        recipients=[admin], kind="invitation_accepted", context={"person": "Bob"}, url="/people/", episode="a test"
    )
    return [
        reverse("contacts:contact-list"),
        reverse("contacts:contact-create"),
        contact.get_absolute_url(),
        reverse("contacts:contact-edit", args=[contact.code]),
        reverse("contacts:company-list"),
        reverse("contacts:company-create"),
        reverse("search") + "?q=高橋",
        reverse("notifications:notification-list"),
        reverse("users:profile"),
        reverse("users:people"),
        reverse("users:invite"),
        reverse("users:workspace"),
    ]


@pytest.mark.parametrize(("theme", "language"), [("light", "en"), ("dark", "ja")])
def test_every_page_is_accessible(open_page, accessible, pages, admin: User, theme, language):
    admin.theme, admin.language = theme, language
    admin.save(update_fields=["theme", "language"])
    page = open_page("/profile/", user=admin)

    for path in pages:
        assert page.goto(path).ok, path
        accessible(page)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_page_fits_a_phone(open_page, pages, admin: User, language):
    admin.language = language
    admin.save(update_fields=["language"])
    page = open_page("/profile/", user=admin, width=390)

    widths = {}
    for path in pages:
        assert page.goto(path).ok, path
        widths[path] = page.evaluate("document.documentElement.scrollWidth")

    assert widths == dict.fromkeys(pages, 390)
