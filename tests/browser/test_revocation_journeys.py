"""Taking access back where it was given, once an inbox is removed: the steps in the words of each provider, and what became of it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from inboxes.models import Credential, CredentialKind, Inbox
from inboxes.oauth.grants import Grant
from inboxes.oauth.keeping import give_back_grants
from inboxes.oauth.scopes import GRAPH_READ
from logging_rules.actions import finish_removal
from tests.browser.hands import Hand
from tests.factories.grants import grant_of, granted_inbox
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

GMAIL, WORK, OUTLOOK = "yuki@gmail.com", "yuki@minato.example", "yuki@outlook.jp"
STEPS = {
    "Open your Google Account and choose “Security & sign-in”.":
        "Google アカウントを開き、「セキュリティとログイン」を選びます。",
    "Under “Your connections to third-party apps & services”, choose “See all connections”.":
        "「サードパーティ製のアプリとサービスへの接続」で「すべての接続を表示」を選びます。",
    "Choose Genkan in the list, or the name it was registered under, then “See details”.":
        "一覧で Genkan（または登録されている名前）を選び、「詳細を表示」をクリックします。",
    "Choose “Remove access” or “Delete all connections”, and confirm.":
        "「アクセス権を削除」または「すべての接続を削除」を選び、「確認」をクリックします。",
}  # fmt: skip
STEPS_AT_WORK = {
    "Open My Apps (myapps.microsoft.com) and sign in with your work or school account.":
        "マイ アプリ（myapps.microsoft.com）を開き、職場または学校アカウントでサインインします。",
    "Point to Genkan, or the name it was registered under, open its “…” menu and choose “Manage your application”.":
        "Genkan（または登録されている名前）にポインターを合わせ、「…」メニューから「アプリケーションの管理」を選びます。",
    "Choose “Revoke permissions” and confirm.":
        "「アクセス許可の取り消し」を選び、確認します。",
    "If it is not listed, or cannot be revoked, an administrator has allowed it for everybody: they remove it in the Microsoft Entra "
    "admin center, under “Enterprise applications”.":
        "一覧にない場合や取り消せない場合は、管理者が組織全体に許可しています。"
        "管理者が Microsoft Entra 管理センターの「エンタープライズ アプリケーション」で削除します。",
}  # fmt: skip
STEPS_AT_HOME = {
    "Open your Microsoft account and choose “Privacy”, then “Apps and services”.":
        "Microsoft アカウントを開き、「プライバシー」から「アプリとサービス」を選びます。",
    "Find Genkan in the list, or the name it was registered under, and choose “Edit”.":
        "一覧で Genkan（または登録されている名前）を探し、「編集」を選びます。",
    "Choose “Remove these permissions” and confirm.":
        "「これらのアクセス許可を削除」を選び、確認します。",
}  # fmt: skip
LEFT_TO_THEM = "Microsoft offers no way to give it back from here", "Microsoft にはこちらから取り消す手段がないため"


@pytest.fixture
def person(hand: Hand, alice: User, google) -> User:
    """With a disabled inbox at each provider."""
    now = timezone.now()
    google.mailbox(GMAIL)
    granted_inbox(alice, CredentialKind.GOOGLE, grant_of(google.grant(GMAIL), now=now), GMAIL, status="disabled")
    grant = Grant("a", "r", expires_at=now + timedelta(hours=1), scopes=tuple(GRAPH_READ))
    for address in (WORK, OUTLOOK):
        granted_inbox(alice, CredentialKind.MICROSOFT, grant, address, status="disabled")
    # Of the tenant of all accounts that people have for themselves.
    Credential.objects.filter(inbox__address=OUTLOOK).update(account_id="9188040d-6c67-4c5b-b112-36a304b66dad.yuki")
    return hand.of(alice)


def remove(page: Page, hand: Hand, address: str) -> Locator:
    """From its row, to what is said of its access. What a worker does with the rest of it is done."""
    hand.press(page.get_by_role("link", name=hand.reads(f"Remove {address}", f"削除 {address}"), exact=True))
    hand.press(page.get_by_role("button", name=hand.reads("Yes, remove inbox", "はい、受信トレイを削除します")))
    title = hand.reads(f"{address} was removed", f"{address} を削除しました")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    finish_removal(inbox_id=Inbox.with_removed.get(address=address).pk, now=timezone.now())
    return page.locator("section", has=page.locator("h2", has_text=address))


def follow(hand: Hand, access: Locator, place: tuple[str, str], address: str, steps: dict[str, str]) -> None:
    """The steps as they are there, and the way to where they begin."""
    expect(access.get_by_role("listitem")).to_have_text(
        [hand.reads(english, japanese) for english, japanese in steps.items()]
    )
    context = access.page.context
    context.route(f"{address}**", lambda route: route.fulfill(body="There."))
    link = access.get_by_role("link", name=hand.reads(f"Open {place[0]}", f"{place[1]} を開く"))
    with context.expect_page() as opened:
        hand.press(link)
    opened.value.wait_for_url(f"{address}**")
    opened.value.close()


def test_the_steps_are_shown_and_whether_it_worked_is_said(open_page, hand: Hand, google, person):
    page = open_page("/inboxes/", user=person)
    access = remove(page, hand, GMAIL)
    expect(access).to_contain_text(hand.reads("Being given back", "取り消しを依頼中"))
    google.stop()
    give_back_grants(now=timezone.now())
    expect(access).to_contain_text(hand.reads("Not given back yet", "まだ取り消せていません"))
    follow(hand, access, ("Google Account", "Google アカウント"), "https://myaccount.google.com/connections", STEPS)
    google.start()
    give_back_grants(now=timezone.now() + timedelta(hours=2))
    page.reload()
    expect(access).to_contain_text(
        hand.reads(
            "Google Account has confirmed that the access is gone.",
            "Google アカウント でアクセス権の取り消しが確認されました。",
        )
    )
    expect(access.get_by_role("listitem")).to_have_count(0)

    for address, place, url, steps in (
        (WORK, "Microsoft 365", "https://myapps.microsoft.com", STEPS_AT_WORK),
        (OUTLOOK, "Outlook.com", "https://account.live.com/consent/Manage", STEPS_AT_HOME),
    ):
        hand.press(page.get_by_role("link", name=hand.reads("Back to the inboxes", "受信トレイの一覧に戻る")))
        access = remove(page, hand, address)
        expect(access).to_contain_text(hand.reads("Left for you to do", "ご自身での操作が必要です"))
        expect(access).to_contain_text(hand.reads(*LEFT_TO_THEM))
        expect(page.get_by_text(hand.reads("It had logged nothing", "残っている記録はありません"))).to_be_visible()
        follow(hand, access, (place, place), url, steps)
    assert not Credential.objects.exists()
