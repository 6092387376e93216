"""Un-logging in a real browser: off the timeline and back again, many at once, with and without scripts."""

import pytest
from django.urls import reverse
from django.utils.translation import gettext, override

from contacts.models import Contact
from inboxes.models import Sighting
from logging_rules.models import Unlogging
from tests.factories.contacts import log_mail, make_contact, make_inbox
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def misaki(alice: User) -> Contact:
    contact = make_contact("高橋 美咲", "misaki.takahashi@meridian.example", owner=alice)
    for subject in ("240台導入のお見積り", "人間ドックの結果"):
        log_mail(contact, subject, owner=alice)
    return contact


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_mail_is_taken_off_the_timeline_and_the_toast_brings_it_back(open_page, misaki, alice: User, language):
    User.objects.filter(pk=alice.pk).update(language=language)
    with override(language):
        remove, undo = gettext("Un-log…"), gettext("Undo")
    page = open_page(misaki.get_absolute_url(), user=alice)
    mail = page.locator(".tl-item", has_text="人間ドックの結果")

    mail.locator("footer button[popovertarget]").click()
    page.get_by_role("link", name=remove).click()
    page.locator("form button.danger").click()

    page.locator(".toast.ok").wait_for()
    assert (page.url.endswith(misaki.get_absolute_url()), mail.count(), Sighting.objects.count()) == (True, 0, 1)

    page.locator(".toast").get_by_text(undo).click()
    page.wait_for_url(f"**{reverse('inboxes:unlogged', args=[make_inbox(alice).code])}")
    page.locator(".toast.ok").wait_for()
    assert Sighting.objects.count() == 2


@pytest.mark.parametrize("script", [True, False])
def test_many_are_chosen_shown_and_un_logged(open_page, misaki, alice: User, script):
    page = open_page(reverse("inboxes:unlog", args=[make_inbox(alice).code]), user=alice, script=script)

    page.locator("input[name=domain]").fill("meridian.example")
    page.locator("main form button.primary").click()
    page.locator("#preview tbody tr").nth(1).wait_for()
    assert Sighting.objects.count() == 2
    page.locator("#preview button.danger").click()

    page.locator("#list li.item").wait_for()
    assert (Sighting.objects.count(), Unlogging.objects.get().messages) == (0, 2)
