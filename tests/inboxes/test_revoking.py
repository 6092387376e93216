"""What people read about access that an inbox had, and how they take it back."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from inboxes import actions
from inboxes.models import AccessPlace, Credential, CredentialKind, ProviderKind, Revocation, RevocationState
from inboxes.oauth.grants import Account, Grant
from inboxes.oauth.keeping import give_back_grants
from inboxes.oauth.scopes import GMAIL_READ, GRAPH_READ
from inboxes.revoking import former_access, steps_of
from notifications.models import Notification
from tests.factories.grants import grant_of, granted_inbox

pytestmark = pytest.mark.django_db(transaction=True)
YUKI = "yuki@minato.example"


def grant_for(scopes):
    expires_at = timezone.now() + timedelta(hours=1)
    return Grant(access_token="a", refresh_token="r", expires_at=expires_at, scopes=tuple(scopes))


@pytest.fixture
def at_microsoft(alice):
    return granted_inbox(alice, CredentialKind.MICROSOFT, grant_for(GRAPH_READ))


@pytest.fixture
def at_google(alice, google):
    google.mailbox(YUKI)
    return granted_inbox(alice, CredentialKind.GOOGLE, grant_of(google.grant(YUKI), now=google.clock.now()))


def page_of(inbox, client):
    return client.get(reverse("inboxes:inbox", args=[inbox.code])).content.decode()


STEP_OF = {
    "microsoft": "Choose “Revoke permissions” and confirm.",
    "google": "Choose “Remove access” or “Delete all connections”, and confirm.",
}


def steps_on(page):
    return [place for place, step in STEP_OF.items() if step in page]


def test_after_a_switch_from_microsoft_the_page_says_how_to_take_the_access_back(
    at_microsoft, alice, alice_client, bob_client, admin_client
):
    actions.switch_to_api(
        inbox=at_microsoft, provider=ProviderKind.GMAIL, account=Account(YUKI, YUKI), grant=grant_for(GMAIL_READ),
        by=alice,
    )  # fmt: skip
    page = page_of(at_microsoft, alice_client)
    assert "The access at Microsoft 365, as yuki@minato.example" in page
    assert (steps_on(page), "https://myapps.microsoft.com" in page, "Not any more" in page) == (
        ["microsoft"],
        True,
        False,
    )
    for client in (bob_client, admin_client):
        assert client.get(reverse("inboxes:inbox", args=[at_microsoft.code])).status_code == 404


def test_after_a_forced_disconnect_nothing_is_said_to_be_given_back_that_is_not(at_microsoft, admin, alice_client):
    actions.force_disconnect(inbox=at_microsoft, by=admin)
    page = page_of(at_microsoft, alice_client)
    assert "The access was given back" not in page
    assert "The access was erased here; at Microsoft 365 it has to be taken back by hand." in page
    assert steps_on(page) == ["microsoft"]


def test_what_google_has_confirmed_is_said_to_be_given_back_and_asks_for_nothing(at_google, admin, alice_client):
    actions.force_disconnect(inbox=at_google, by=admin)
    page = page_of(at_google, alice_client)
    assert ("The access is being given back." in page, "The access was given back" in page) == (True, False)
    give_back_grants(now=timezone.now())
    page = page_of(at_google, alice_client)
    assert ("Not any more. The access was given back." in page, steps_on(page)) == (True, [])


def test_who_is_told_to_take_it_back_finds_the_steps_behind_the_notice(at_google, admin, alice, alice_client):
    actions.force_disconnect(inbox=at_google, by=admin)
    give_back_grants(now=timezone.now() + timedelta(days=8))
    notice = Notification.objects.get(recipient=alice, kind="access_not_given_back")
    page = alice_client.get(notice.url, follow=True).content.decode()
    assert ("could not have Google Account end it" in page, steps_on(page)) == (True, ["google"])


def test_the_access_that_the_inbox_is_read_with_again_is_not_to_be_taken_back(at_microsoft, admin):
    actions.force_disconnect(inbox=at_microsoft, by=admin)
    assert [each.place for each, _ in former_access(at_microsoft).left] == ["microsoft"]
    Credential.objects.create(inbox=at_microsoft, kind=CredentialKind.MICROSOFT, secret="{}", account_id="tenant.x")
    assert former_access(at_microsoft).left == []


@pytest.mark.parametrize(
    ("place", "language", "first", "last"),
    [
        (
            AccessPlace.MICROSOFT,
            "en",
            "Open My Apps (myapps.microsoft.com) and sign in with your work or school account.",
            "If it is not listed, or cannot be revoked, an administrator has allowed it for everybody: they remove it in the "
            "Microsoft Entra admin center, under “Enterprise applications”.",
        ),
        (
            AccessPlace.OUTLOOK,
            "en",
            "Open your Microsoft account and choose “Privacy”, then “Apps and services”.",
            "Choose “Remove these permissions” and confirm.",
        ),
        (
            AccessPlace.MICROSOFT,
            "ja",
            "マイ アプリ（myapps.microsoft.com）を開き、職場または学校アカウントでサインインします。",
            "一覧にない場合や取り消せない場合は、管理者が組織全体に許可しています。"
            "管理者が Microsoft Entra 管理センターの「エンタープライズ アプリケーション」で削除します。",
        ),
        (
            AccessPlace.OUTLOOK,
            "ja",
            "Microsoft アカウントを開き、「プライバシー」から「アプリとサービス」を選びます。",
            "「これらのアクセス許可を削除」を選び、確認します。",
        ),
    ],
)
def test_the_steps_at_microsoft_read_as_its_pages_do(place, language, first, last):
    revocation = Revocation(place=place, state=RevocationState.NOT_OFFERED)
    with translation.override(language):
        way = steps_of(revocation)
        texts = [str(step) for step in way.steps]
    assert (texts[0], texts[-1], len(texts)) == (first, last, 4 if place == AccessPlace.MICROSOFT else 3)
