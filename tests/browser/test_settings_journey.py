"""A super admin tightens the policy; the person it concerns is told and sees what it means, then sets more privacy of their own."""

import pytest
from django.urls import reverse

from logging_rules.models import InboxPolicy, WorkspacePolicy
from tests.factories.inboxes import NOW, connected_inbox
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("language", "theme", "width", "lowered"),
    [
        ("en", "light", 390, "your workspace allows at most “Only what I choose”"),
        ("ja", "dark", 1440, "ワークスペースで許可されている上限は「自分で選んだものだけ」です"),
    ],
)
def test_a_stricter_policy_is_asked_told_and_explained(
    open_page, accessible, alice: User, admin: User, language, theme, width, lowered
):
    User.objects.update(language=language, theme=theme)
    inbox = connected_inbox(alice, "alice@ours.example", backfill_done_at=NOW)
    page = open_page(reverse("logging_rules:workspace-policy"), user=admin, width=width)
    for name in ("most_open_preset", "preset"):
        page.locator(f"input[name={name}][value=manual]").check()
    page.locator("main .btn.primary").click()

    page.get_by_text(inbox.address).wait_for()
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert WorkspacePolicy.objects.current().most_open_preset == "known"
    page.locator("main .btn.primary").click()
    page.locator("main .callout.ok").wait_for()

    page = open_page(reverse("notifications:notification-list"), user=alice, width=width)
    assert inbox.address in page.locator("main").inner_text()
    page.goto(reverse("inboxes:logging", args=[inbox.code]))
    assert lowered in page.locator("main").inner_text()
    page.locator("select[name=visibility]").select_option("private")
    page.locator("main .btn.primary").click()
    page.locator("main .callout.ok").wait_for()

    assert (InboxPolicy.objects.get().preset, InboxPolicy.objects.get().visibility) == ("known", "private")
