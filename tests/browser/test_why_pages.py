"""“Why was this logged?” in a real browser: on the timeline, and as a page of its own."""

import pytest
from django.urls import reverse

from contacts.models import Contact
from inboxes.models import Message, Sighting
from tests.factories.contacts import log_mail, make_contact
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)
MISAKI = "misaki.takahashi@meridian.example"
LOOKS = [("light", "en", 1440), ("dark", "ja", 390), ("light", "ja", 1440), ("dark", "en", 390)]


@pytest.fixture
def misaki(alice: User) -> Contact:
    contact = make_contact("高橋 美咲", MISAKI, owner=alice)
    log_mail(contact, "240台導入のお見積り（改訂版）について", owner=alice)
    Sighting.objects.update(rule="preset_known", level="inbox", matched_address=MISAKI)
    return contact


@pytest.mark.parametrize(("theme", "language", "width"), LOOKS)
def test_the_reason_opens_on_the_timeline(open_page, accessible, misaki, alice: User, theme, language, width):
    User.objects.filter(pk=alice.pk).update(theme=theme, language=language)
    page = open_page(misaki.get_absolute_url(), user=alice, width=width)

    page.locator("details.why summary").first.click()
    page.locator("details.why dl.facts").first.wait_for()

    assert MISAKI in page.locator("details.why p").first.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    accessible(page)


@pytest.mark.parametrize(("theme", "language", "width"), LOOKS)
def test_the_page_of_the_reason_is_accessible(open_page, accessible, misaki, alice: User, theme, language, width):
    User.objects.filter(pk=alice.pk).update(theme=theme, language=language)
    page = open_page(reverse("logging_rules:why", args=[Message.objects.get().code]), user=alice, width=width)

    assert MISAKI in page.locator("main p").nth(1).inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    accessible(page)
