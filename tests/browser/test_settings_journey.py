"""A super admin tightens the policy; the person it concerns is told and sees what it means, then sets more privacy of their own."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from logging_rules.models import InboxPolicy, WorkspacePolicy
from tests.browser.hands import Hand
from tests.factories.inboxes import NOW, connected_inbox
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_stricter_policy_is_asked_told_and_explained(open_page, accessible, hand: Hand, alice: User, admin: User):
    inbox = connected_inbox(hand.of(alice), "alice@ours.example", backfill_done_at=NOW)
    page = open_page(reverse("logging_rules:workspace-policy"), user=hand.of(admin), **hand.look)
    for name in ("most_open_preset", "preset"):
        hand.choose(page.locator(f"input[name={name}][value=manual]"))
    hand.press(page.locator("main .btn.primary"))

    expect(page.get_by_text(inbox.address)).to_be_visible()
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") == hand.width
    assert WorkspacePolicy.objects.current().most_open_preset == "known"
    hand.press(page.locator("main .btn.primary"))
    expect(page.locator("main .callout.ok")).to_be_visible()

    page = open_page(reverse("notifications:notification-list"), user=alice, **hand.look)
    expect(page.locator("main")).to_contain_text(inbox.address)
    page.goto(reverse("inboxes:logging", args=[inbox.code]))
    lowered = hand.reads(
        "your workspace allows at most “Only what I choose”",
        "ワークスペースで許可されている上限は「自分で選んだものだけ」です",
    )
    expect(page.locator("main")).to_contain_text(lowered)
    hand.select(page.locator("select[name=visibility]"), "private")
    hand.press(page.locator("main .btn.primary"))
    expect(page.locator("main .callout.ok")).to_be_visible()

    assert (InboxPolicy.objects.get().preset, InboxPolicy.objects.get().visibility) == ("known", "private")
