"""People choose what they are told: in English with the mouse, in Japanese with the keyboard alone, by the link in an e-mail."""

import re

import pytest
from django.conf import settings
from django.core import mail
from django.urls import reverse
from playwright.sync_api import Route, expect

from inboxes import notices
from inboxes.models import Inbox, InboxKind
from notifications.mail import send
from notifications.models import Notification
from notifications.queries import wishes_of
from notifications.topics import Topic, Wish
from tests.browser.keyboard import press, tab_to
from tests.factories.inboxes import connected_inbox
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def team(admin: User) -> Inbox:
    return connected_inbox(
        admin,
        "support@ours.example",
        kind=InboxKind.TEAM,
        name="Support",
        status="needs_reconnect",
        cause="access_revoked",
    )


def tell(inbox: Inbox) -> str:
    """The e-mail of the only notice there is."""
    notices.tell_of_disconnection(inbox)
    send(list(Notification.objects.values_list("pk", flat=True)))
    [message] = mail.outbox
    return str(message.body)


def path_in(text: str, pattern: str) -> str:
    return re.search(re.escape(settings.BASE_URL) + f"({pattern})", text)[1]


def test_by_mouse_from_the_e_mail_to_what_mends_it_and_to_what_one_is_told(open_page, accessible, team, admin):
    text = tell(team)
    page = open_page(path_in(text, r"/notifications/[0-9a-f-]{36}/"), user=admin)
    assert page.url.endswith(reverse("inboxes:reconnect", args=[team.code]))
    page.goto(path_in(text, "/notifications/settings/"))
    accessible(page)
    page.get_by_label("Team inboxes: By e-mail").uncheck()
    page.get_by_label("My inboxes: In the product").uncheck()
    assert page.get_by_label("Security: By e-mail").is_disabled()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved. This holds from the next notification on.").wait_for()

    assert not page.get_by_label("Team inboxes: By e-mail").is_checked()
    wishes = wishes_of(admin)
    assert (wishes[Topic.TEAM_INBOXES], wishes[Topic.OWN_INBOXES]) == (Wish(True, False), Wish(False, True))


def test_by_keyboard_from_the_bell_in_japanese(open_page, accessible, team, admin):
    User.objects.filter(pk=admin.pk).update(language="ja", theme="dark")
    tell(team)
    page = open_page("/profile/", user=admin, language="ja", theme="dark")
    answers: list[Route] = []
    page.route(f"**{reverse('notifications:bell')}", lambda route: answers.append(route))
    with page.expect_request(f"**{reverse('notifications:bell')}"):
        page.keyboard.press("g")
        page.keyboard.press("n")
    link = page.get_by_role("link", name="すべての通知")
    tab_to(page, link)
    answers.pop().continue_()
    page.locator("#bell").get_by_text("Support").wait_for()
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    press(page, page.get_by_role("link", name="通知の設定"))
    tab_to(page, page.get_by_label("チームのEメール: メール"))
    accessible(page)
    page.keyboard.press("Space")
    press(page, page.get_by_role("button", name="保存"))
    page.get_by_text("保存しました。次の通知から適用されます。").wait_for()

    assert wishes_of(admin)[Topic.TEAM_INBOXES] == Wish(True, False)
