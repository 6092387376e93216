"""The procedures of the source documents, where they have them: General → E-mail, and Inbox settings → Channels, from the row itself."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from inboxes.models import Credential, Inbox
from tests.browser.hands import Hand
from tests.browser.test_life_journeys import ADDRESS, inbox
from tests.factories.conversations import team_inbox
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["inbox"]


def test_a_row_shows_disable_then_remove(open_page, hand: Hand, alice: User, inbox):
    page = open_page("/profile/", user=hand.of(alice))
    hand.press(page.get_by_role("link", name=hand.reads("E-mail", "Eメール"), exact=True))
    hand.press(page.get_by_role("link", name=hand.reads(f"Disable {ADDRESS}", f"無効にする {ADDRESS}")))
    hand.press(page.get_by_role("button", name=hand.reads("Yes, disable it", "はい、無効にします")))
    greyed = page.locator(".item.off")
    expect(greyed).to_contain_text(hand.reads("Disabled", "無効"))

    hand.press(greyed.get_by_role("link", name=hand.reads(f"Remove {ADDRESS}", f"削除 {ADDRESS}")))
    hand.press(page.get_by_role("button", name=hand.reads("Yes, remove inbox", "はい、受信トレイを削除します")))
    removed = hand.reads(f"{ADDRESS} was removed", f"{ADDRESS} を削除しました")
    expect(page.get_by_role("heading", level=1)).to_have_text(removed)
    assert (Inbox.objects.count(), Credential.objects.count()) == (0, 0)


def test_channels_lead_to_delete(open_page, accessible: Callable[[Page], None], hand: Hand, admin: User):
    team = team_inbox(admin, owner=admin)
    page = open_page("/profile/", user=hand.of(admin))
    hand.press(page.get_by_role("link", name=hand.reads("Channels", "チャネル"), exact=True))
    page.wait_for_url("**/inboxes/channels/")
    row = page.locator(".item", has_text=team.address)
    hand.press(row.get_by_role("link", name=hand.reads(f"Delete {team.address}", f"削除 {team.address}")))
    yes = page.get_by_role("button", name=hand.reads("Yes, delete", "はい、削除"))
    expect(yes).to_be_visible()
    if hand.language == "en":
        accessible(page)
    hand.press(yes)
    removed = hand.reads("Support was removed", "Support を削除しました")
    expect(page.get_by_role("heading", level=1)).to_have_text(removed)
    assert Inbox.objects.count() == 0
