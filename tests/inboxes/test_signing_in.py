"""Connecting and reconnecting by signing in: sent to the provider, come back, and all that may happen on the way."""

import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.fernet import Fernet
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from crm_project.demo.microsoft import faults
from crm_project.demo.microsoft.directory import ConsentPolicy
from inboxes.models import Credential, CredentialKind, Folder, Inbox, InboxStatus, ProviderKind, SignIn
from inboxes.models.sign_in import GOOD_FOR
from inboxes.oauth.grants import Grant
from inboxes.oauth.keeping import give_back_grants
from tests.factories.inboxes import connected_inbox
from tests.fakes.google import FakeGoogle, answers, consent
from tests.fakes.microsoft import FakeMicrosoft
from tests.people import signed_in

pytestmark = pytest.mark.django_db
YUKI, HARUKA = "yuki@minato.example", "haruka@minato.example"
PROVIDERS = ("google", "microsoft")


@pytest.fixture(autouse=True)
def no_limits_used_up() -> None:
    cache.clear()


class Google:
    """Google, as these tests need it."""

    kind = CredentialKind.GOOGLE
    provider = ProviderKind.GMAIL

    def __init__(self, fake: FakeGoogle) -> None:
        self.fake = fake

    def come_back(self, url: str, address: str, *, untick: str = "", cancels: bool = False) -> str:
        location = consent(url, address, untick=[untick] if untick else [], cancels=cancels)
        return location.partition("testserver")[2]


class Microsoft:
    """Microsoft, as these tests need it."""

    kind = CredentialKind.MICROSOFT
    provider = ProviderKind.GRAPH

    def __init__(self, fake: FakeMicrosoft) -> None:
        self.fake = fake

    def come_back(self, url: str, address: str, *, untick: str = "", cancels: bool = False) -> dict[str, str]:
        return self.fake.consent(
            url, address, untick=[untick] if untick else [], step="cancel" if cancels else "consent"
        )


@pytest.fixture
def at_google(google) -> Google:
    google.client.redirect_uris.append("http://testserver/inboxes/oauth/google/callback")
    for address in (YUKI, HARUKA):
        google.mailbox(address)
    return Google(google)


@pytest.fixture
def at_microsoft(microsoft, settings) -> Microsoft:
    for name, value in microsoft.environment().items():
        setattr(settings, name, value)
    for address in (YUKI, HARUKA):
        microsoft.mailbox(address)
    return Microsoft(microsoft)


@pytest.fixture(params=PROVIDERS)
def provider(request) -> Iterator[Google | Microsoft]:
    return request.getfixturevalue(f"at_{request.param}")


def page_of(provider) -> str:
    return reverse("inboxes:oauth", args=[provider.kind])


def begin(client, provider, address: str = "") -> str:
    response = client.post(page_of(provider), {"address": address})
    assert response.status_code == 302
    return response["Location"]


def come_back(client, provider, url: str, account: str = YUKI, **choices):
    answer = provider.come_back(url, account, **choices)
    callback = reverse("inboxes:oauth-callback", args=[provider.kind])
    return client.get(answer) if isinstance(answer, str) else client.get(callback, answer)


def cause_of(client, response) -> str:
    """Of the page that a sign-in has ended on."""
    assert response.status_code == 302
    page = client.get(response["Location"])
    assert page.status_code == 200
    return page.context["stop"].cause


def test_there_and_back_connects_the_mailbox_and_goes_on_in_the_wizard(alice, alice_client, provider):
    response = come_back(alice_client, provider, begin(alice_client, provider))

    inbox = Inbox.objects.get()
    assert response["Location"] == reverse("inboxes:logging", args=[inbox.code])
    assert (inbox.address, inbox.owner, inbox.provider, inbox.status) == (YUKI, alice, provider.provider, "connecting")
    credential = Credential.objects.get()
    assert (credential.kind, Grant.from_secret(credential.secret).address) == (provider.kind, YUKI)
    assert alice_client.get(response["Location"]).status_code == 200


def test_the_jump_asks_for_reading_alone_and_lets_the_account_be_chosen(alice_client, provider):
    query = parse_qs(urlsplit(begin(alice_client, provider, YUKI)).query)

    assert query["login_hint"] == [YUKI]
    assert "select_account" in query["prompt"][0].split()
    asked = {
        "google": {"https://www.googleapis.com/auth/gmail.readonly"},
        "microsoft": {"User.Read", "Mail.Read", "offline_access", "openid", "profile"},
    }
    assert set(query["scope"][0].split()) == asked[provider.kind]
    assert query["redirect_uri"] == [f"http://testserver/inboxes/oauth/{provider.kind}/callback"]
    assert query["code_challenge_method"] == ["S256"]


def test_what_is_kept_until_then_says_nothing_to_who_reads_the_table(alice_client, provider):
    url = begin(alice_client, provider, YUKI)

    [row] = SignIn.objects.values()
    [state] = parse_qs(urlsplit(url).query)["state"]
    assert row["state"] not in url
    assert state not in str(row | {"kept": ""})
    assert alice_client.session.session_key not in str(row)
    assert state not in str(dict(alice_client.session))


class TestRefusals:
    def test_an_answer_is_used_once(self, alice_client, provider):
        answer = provider.come_back(begin(alice_client, provider), YUKI)
        callback = reverse("inboxes:oauth-callback", args=[provider.kind])
        first, second = (
            alice_client.get(answer) if isinstance(answer, str) else alice_client.get(callback, answer)
            for _ in range(2)
        )

        assert first["Location"] == reverse("inboxes:logging", args=[Inbox.objects.get().code])
        assert cause_of(alice_client, second) == "sign_in_used"
        assert Inbox.objects.count() == 1

    def test_nobody_else_can_use_it(self, alice_client, bob_client, provider):
        url = begin(alice_client, provider)

        assert cause_of(bob_client, come_back(bob_client, provider, url)) == "sign_in_unknown"
        assert Inbox.objects.count() == 0

    def test_nor_the_same_person_in_another_browser(self, alice, alice_client, provider):
        other = signed_in(alice)

        assert cause_of(other, come_back(other, provider, begin(alice_client, provider))) == "sign_in_unknown"

    def test_nor_at_the_other_provider(self, alice_client, at_google, at_microsoft):
        [state] = parse_qs(urlsplit(begin(alice_client, at_google)).query)["state"]

        response = alice_client.get(
            reverse("inboxes:oauth-callback", args=["microsoft"]), {"state": state, "code": "x"}
        )

        assert cause_of(alice_client, response) == "sign_in_unknown"

    @pytest.mark.parametrize("answer", [{}, {"state": "made up", "code": "x"}, {"error": "access_denied"}])
    def test_an_answer_to_nothing_is_refused(self, alice_client, provider, answer):
        response = alice_client.get(reverse("inboxes:oauth-callback", args=[provider.kind]), answer)

        assert cause_of(alice_client, response) == "sign_in_unknown"

    def test_it_is_good_for_ten_minutes(self, alice_client, provider):
        url = begin(alice_client, provider)
        SignIn.objects.update(begun_at=timezone.now() - GOOD_FOR - timedelta(seconds=1))

        assert cause_of(alice_client, come_back(alice_client, provider, url)) == "sign_in_expired"

    def test_it_ends_when_the_keys_are_changed(self, alice_client, provider, settings):
        url = begin(alice_client, provider)
        settings.FIELD_KEYS = [Fernet.generate_key().decode()]

        assert cause_of(alice_client, come_back(alice_client, provider, url)) == "sign_in_expired"

    def test_who_has_been_signed_out_meanwhile_signs_in_and_begins_again(self, alice_client, client, provider):
        url = begin(alice_client, provider)

        location = come_back(client, provider, url)["Location"]

        assert location == f"/accounts/login/?next={page_of(provider)}"

    def test_old_sign_ins_are_forgotten(self, alice_client, provider):
        begin(alice_client, provider)
        SignIn.objects.update(begun_at=timezone.now() - timedelta(days=2))
        begin(alice_client, provider)

        assert SignIn.objects.count() == 1


class TestAnswers:
    def test_who_cancels_is_where_they_were(self, alice_client, provider):
        response = come_back(alice_client, provider, begin(alice_client, provider), cancels=True)

        assert cause_of(alice_client, response) in {"consent_refused", "sign_in_cancelled"}
        assert Inbox.objects.count() == 0

    def test_an_administrator_has_to_agree_and_gets_a_text_with_a_link(self, alice, alice_client, at_microsoft):
        at_microsoft.fake.tenant("minato.example", policy=ConsentPolicy.ADMINISTRATOR)
        url = begin(alice_client, at_microsoft)
        answer = at_microsoft.fake.consent(url, YUKI, step="return")

        response = alice_client.get(reverse("inboxes:oauth-callback", args=["microsoft"]), answer)

        assert cause_of(alice_client, response) == "admin_consent_needed"
        page = alice_client.get(response["Location"])
        link = page.context["admin_consent_url"]
        assert link.startswith(f"{at_microsoft.fake.url}/organizations/v2.0/adminconsent?")
        assert link.replace("&", "&amp;") in page.content.decode()
        assert alice.name in page.content.decode()

    @pytest.mark.parametrize(
        ("error", "words"), [({}, "Thank you"), ({"error": "access_denied"}, "It was not approved")]
    )
    def test_the_administrator_comes_back_to_a_page_for_everybody(self, client, error, words):
        answer = {"state": "admin-consent", "admin_consent": "True", "tenant": "t", **error}

        response = client.get(reverse("inboxes:oauth-callback", args=["microsoft"]), answer)

        assert "?" not in response["Location"]
        assert words in client.get(response["Location"]).content.decode()

    def test_a_provider_that_is_down_is_tried_again_later(self, alice_client, at_google):
        url = begin(alice_client, at_google)
        at_google.fake.faults.always("/token", answers.Answer(503, None))

        assert cause_of(alice_client, come_back(alice_client, at_google, url)) == "provider_trouble"

    def test_a_wrong_secret_is_nothing_a_person_can_mend(self, alice_client, at_google, settings):
        settings.GOOGLE_CLIENT_SECRET = "another"

        response = come_back(alice_client, at_google, begin(alice_client, at_google))

        assert cause_of(alice_client, response) == "client_secret_refused"

    def test_the_one_box_that_was_unticked_is_named(self, alice_client, at_microsoft):
        response = come_back(alice_client, at_microsoft, begin(alice_client, at_microsoft), untick="Mail.Read")

        assert cause_of(alice_client, response) == "scope_missing"
        page = alice_client.get(response["Location"])
        assert [access.scope for access in page.context["missing"]] == ["Mail.Read"]
        assert "Read your e-mails, folders and categories" in page.content.decode()
        assert Inbox.objects.count() == 0

    def test_where_there_is_one_box_unticking_it_is_a_refusal_that_names_it(self, alice_client, at_google):
        untick = "https://www.googleapis.com/auth/gmail.readonly"
        response = come_back(alice_client, at_google, begin(alice_client, at_google), untick=untick)

        assert cause_of(alice_client, response) == "consent_refused"
        assert [access.scope for access in alice_client.get(response["Location"]).context["missing"]] == [untick]

    def test_another_try_after_any_of_this_works(self, alice_client, provider):
        come_back(alice_client, provider, begin(alice_client, provider), cancels=True)

        response = come_back(alice_client, provider, begin(alice_client, provider))

        assert response["Location"] == reverse("inboxes:logging", args=[Inbox.objects.get().code])


class TestAccounts:
    def test_the_account_has_to_be_the_one_that_was_typed(self, alice_client, provider):
        response = come_back(alice_client, provider, begin(alice_client, provider, YUKI), HARUKA)

        assert cause_of(alice_client, response) == "other_account_than_typed"
        page = alice_client.get(response["Location"]).content.decode()
        assert (YUKI in page, HARUKA in page) == (True, True)
        assert Inbox.objects.count() == 0

    def test_what_the_other_account_gave_is_given_back(self, alice_client, at_google):
        come_back(alice_client, at_google, begin(alice_client, at_google, YUKI), HARUKA)
        assert give_back_grants(now=timezone.now()) == 0  # it may be wanted after all

        assert give_back_grants(now=timezone.now() + timedelta(hours=1)) == 1
        assert at_google.fake.grants.allowed(at_google.fake.client, HARUKA) == ()

    def test_nor_is_kept_what_opens_an_inbox_of_somebody_else(self, bob, alice_client, at_google):
        url = begin(alice_client, at_google)
        connected_inbox(bob, YUKI)
        response = come_back(alice_client, at_google, url)

        assert cause_of(alice_client, response) == "connected_by_colleague"
        assert give_back_grants(now=timezone.now() + timedelta(hours=1)) == 1
        assert at_google.fake.grants.allowed(at_google.fake.client, YUKI) == ()

    def test_unless_it_is_connected_after_all(self, alice_client, at_google):
        come_back(alice_client, at_google, begin(alice_client, at_google, YUKI), HARUKA)
        come_back(alice_client, at_google, begin(alice_client, at_google, HARUKA), HARUKA)

        assert give_back_grants(now=timezone.now() + timedelta(hours=1)) == 0
        assert at_google.fake.grants.allowed(at_google.fake.client, HARUKA) != ()

    def test_an_alias_of_it_will_do(self, alice_client, at_microsoft):
        at_microsoft.fake.account(YUKI).aliases.append("sales@minato.example")

        come_back(alice_client, at_microsoft, begin(alice_client, at_microsoft, "sales@minato.example"))

        inbox = Inbox.objects.get()
        assert (inbox.address, inbox.aliases) == (YUKI, ["sales@minato.example"])

    def test_dots_in_a_gmail_address_mean_nothing(self, alice_client, at_google):
        at_google.fake.mailbox("yuki.tanaka@gmail.com")

        url = begin(alice_client, at_google, "yukitanaka@googlemail.com")
        come_back(alice_client, at_google, url, "yuki.tanaka@gmail.com")

        assert Inbox.objects.get().address == "yuki.tanaka@gmail.com"

    def test_an_inbox_of_ones_own_at_a_mail_server_has_to_be_disabled_first(self, alice, alice_client, provider):
        inbox = connected_inbox(alice, YUKI)

        response = come_back(alice_client, provider, begin(alice_client, provider))

        assert cause_of(alice_client, response) == "disconnect_first"
        assert reverse("inboxes:inbox", args=[inbox.code]) in alice_client.get(response["Location"]).content.decode()

    def test_an_inbox_of_ones_own_at_the_other_provider_is_read_through_this_one_from_now_on(
        self, alice, alice_client, provider
    ):
        other = ProviderKind.GRAPH if provider.provider == ProviderKind.GMAIL else ProviderKind.GMAIL
        inbox = connected_inbox(alice, YUKI, provider=other)

        response = come_back(alice_client, provider, begin(alice_client, provider))

        assert response["Location"] == reverse("inboxes:inbox", args=[inbox.code])
        inbox.refresh_from_db()
        assert (inbox.provider, inbox.status, Inbox.objects.count()) == (provider.provider, InboxStatus.DEGRADED, 1)
        assert inbox.credential.kind == provider.kind

    @pytest.mark.parametrize(("kind", "cause"), [("personal", "connected_by_colleague"), ("team", "connected_as_team")])
    def test_of_somebody_elses_only_the_kind_is_told(self, bob, alice_client, provider, kind, cause):
        inbox = connected_inbox(bob, YUKI, kind=kind)

        response = come_back(alice_client, provider, begin(alice_client, provider))

        assert cause_of(alice_client, response) == cause
        page = alice_client.get(response["Location"]).content.decode()
        assert (str(inbox.code) in page, bob.name in page) == (False, False)
        assert Credential.objects.count() == 0

    def test_an_address_that_is_taken_is_refused_before_the_jump(self, bob, alice_client, provider):
        connected_inbox(bob, YUKI)

        response = alice_client.post(page_of(provider), {"address": YUKI})

        assert response.status_code == 422
        words = "This address is connected already, as the personal inbox of a colleague."
        assert words in response.content.decode()

    def test_one_that_was_never_started_is_gone_on_with(self, alice_client, provider):
        for _ in range(2):
            response = come_back(alice_client, provider, begin(alice_client, provider))

        assert response["Location"] == reverse("inboxes:logging", args=[Inbox.objects.get().code])


class TestReconnecting:
    @pytest.fixture
    def inbox(self, alice_client, provider) -> Inbox:
        come_back(alice_client, provider, begin(alice_client, provider))
        Inbox.objects.update(status=InboxStatus.NEEDS_RECONNECT, cause="access_revoked")
        Credential.objects.update(secret=Grant("old", "old", timezone.now(), ()).to_secret())
        inbox = Inbox.objects.get()
        Folder.objects.create(inbox=inbox, remote_id="mailbox", name="All", role="all", live_cursor="4711")
        return inbox

    @pytest.fixture
    def begun(self, alice_client, inbox) -> str:
        response = alice_client.post(reverse("inboxes:reconnect", args=[inbox.code]))
        assert response.status_code == 302
        return response["Location"]

    @pytest.fixture
    def begun_at_google(self, alice_client, at_google) -> str:
        come_back(alice_client, at_google, begin(alice_client, at_google))
        Inbox.objects.update(status=InboxStatus.NEEDS_RECONNECT, cause="access_revoked")
        return alice_client.post(reverse("inboxes:reconnect", args=[Inbox.objects.get().code]))["Location"]

    def test_the_page_says_why_and_what_is_asked_for(self, alice_client, provider, inbox):
        page = alice_client.get(reverse("inboxes:reconnect", args=[inbox.code])).content.decode()

        assert "Access was withdrawn" in page
        assert "Read your e-mails" in page
        assert f"Continue to {provider.kind.label}" in page
        assert 'name="password"' not in page

    def test_the_sync_goes_on_from_where_it_stopped(self, alice_client, provider, inbox, begun):
        response = come_back(alice_client, provider, begun)

        assert response["Location"] == reverse("inboxes:inbox", args=[inbox.code])
        inbox.refresh_from_db()
        assert (inbox.status, inbox.cause, inbox.generation) == (InboxStatus.DEGRADED, "reconnecting", 2)
        assert Grant.from_secret(inbox.credential.secret).refresh_token != "old"
        assert Folder.objects.get().live_cursor == "4711"

    def test_another_account_changes_nothing(self, alice_client, provider, inbox, begun):
        response = come_back(alice_client, provider, begun, HARUKA)

        assert cause_of(alice_client, response) == "other_account"
        page = alice_client.get(response["Location"]).content.decode()
        assert (YUKI in page, HARUKA in page) == (True, True)
        assert reverse("inboxes:reconnect", args=[inbox.code]) in page
        inbox.refresh_from_db()
        assert (inbox.status, Grant.from_secret(inbox.credential.secret).refresh_token) == ("needs_reconnect", "old")

    def test_one_that_is_gone_meanwhile_is_named_and_the_grant_given_back(
        self, alice_client, at_google, begun_at_google
    ):
        Inbox.objects.update(removed_at=timezone.now())
        Credential.objects.all().delete()
        response = come_back(alice_client, at_google, begun_at_google)

        assert cause_of(alice_client, response) == "inbox_gone"
        assert give_back_grants(now=timezone.now() + timedelta(hours=1)) == 1
        assert at_google.fake.grants.allowed(at_google.fake.client, YUKI) == ()

    def test_a_colleague_and_a_super_admin_find_nothing_there(self, inbox, bob_client, admin_client):
        url = reverse("inboxes:reconnect", args=[inbox.code])

        assert [client.post(url).status_code for client in (bob_client, admin_client)] == [404, 404]
        assert SignIn.objects.filter(inbox=inbox).count() == 0

    def test_a_grant_is_never_used_as_a_password(self, alice_client, inbox):
        servers = {
            "username": "yuki", "password": "x", "imap_host": "127.0.0.1", "imap_port": "1", "imap_security": "none",
            "smtp_host": "127.0.0.1", "smtp_port": "1", "smtp_security": "none", "smtp_username": "yuki",
        }  # fmt: skip

        sending = alice_client.post(reverse("inboxes:sending", args=[inbox.code]), servers)

        assert sending["Location"] == reverse("inboxes:inbox", args=[inbox.code])
        assert inbox.servers.count() == 0


class TestOtherWays:
    """A mailbox beside one's own, and IMAP where the API is closed."""

    TEAM = "info@minato.example"

    def begin(self, client, provider, way: str, address: str) -> str:
        response = client.post(f"{page_of(provider)}?way={way}", {"address": address})
        assert response.status_code == 302
        return response["Location"]

    def test_a_shared_mailbox_is_read_with_the_account_that_may(self, alice_client, at_microsoft):
        at_microsoft.fake.shared_mailbox(self.TEAM, readers=[YUKI])

        url = self.begin(alice_client, at_microsoft, "shared", self.TEAM)
        assert "Mail.Read.Shared" in url
        come_back(alice_client, at_microsoft, url)

        inbox = Inbox.objects.get()
        assert (inbox.address, inbox.aliases, inbox.credential.signed_in_as) == (self.TEAM, [], YUKI)

    def test_it_is_reconnected_by_whoever_may_open_it_now(self, alice_client, at_microsoft):
        at_microsoft.fake.shared_mailbox(self.TEAM, readers=[YUKI, HARUKA])
        come_back(alice_client, at_microsoft, self.begin(alice_client, at_microsoft, "shared", self.TEAM))
        Inbox.objects.update(status=InboxStatus.NEEDS_RECONNECT, cause="mailbox_not_found")
        inbox = Inbox.objects.get()

        url = alice_client.post(reverse("inboxes:reconnect", args=[inbox.code]))["Location"]
        asked = parse_qs(urlsplit(url).query)
        assert (asked["login_hint"], "Mail.Read.Shared" in asked["scope"][0].split()) == ([YUKI], True)
        come_back(alice_client, at_microsoft, url, HARUKA)

        inbox.refresh_from_db()
        assert (inbox.status, inbox.address, inbox.credential.signed_in_as) == ("degraded", self.TEAM, HARUKA)

    def test_one_that_the_account_may_not_open_is_not_connected(self, alice_client, at_microsoft):
        at_microsoft.fake.shared_mailbox(self.TEAM, readers=[HARUKA])

        response = come_back(alice_client, at_microsoft, self.begin(alice_client, at_microsoft, "shared", self.TEAM))

        assert cause_of(alice_client, response) in {"mailbox_not_found", "permission_missing"}
        assert "?way=shared" in alice_client.get(response["Location"]).content.decode()
        assert Inbox.objects.count() == 0

    def test_its_address_is_asked_for_and_kept_in_the_form(self, alice_client, at_microsoft):
        response = alice_client.post(f"{page_of(at_microsoft)}?way=shared", {"address": "info@"})

        assert response.status_code == 422
        assert 'value="info@"' in response.content.decode()

    def test_an_account_without_a_mailbox_is_named(self, alice_client, at_microsoft):
        url = begin(alice_client, at_microsoft)
        at_microsoft.fake.faults.always(faults.no_mailbox(), path="/v1.0/me/mailFolders")

        assert cause_of(alice_client, come_back(alice_client, at_microsoft, url)) == "no_cloud_mailbox"

    def test_by_imap_all_access_is_asked_for_and_the_server_tried_before_anything_is_kept(self, alice_client, provider):
        page = alice_client.get(f"{page_of(provider)}?way=imap").content.decode()
        assert "IMAP knows no smaller access." in page

        url = self.begin(alice_client, provider, "imap", YUKI)
        scopes = {"google": "https://mail.google.com/", "microsoft": "https://outlook.office.com/IMAP.AccessAsUser.All"}
        assert scopes[provider.kind] in parse_qs(urlsplit(url).query)["scope"][0].split()
        response = come_back(alice_client, provider, url)

        assert cause_of(alice_client, response) == "host_not_found"  # tests have no network
        assert Inbox.objects.count() == 0

    @pytest.mark.parametrize(("kind", "way"), [("google", "shared"), ("google", "pop"), ("microsoft", "pop")])
    def test_there_is_no_other_way(self, alice_client, kind, way):
        assert alice_client.get(f"/inboxes/oauth/{kind}/?way={way}").status_code == 404


class TestPages:
    def test_forms_may_lead_to_this_provider_and_to_nobody_else(self, alice_client, provider):
        policy = alice_client.get(page_of(provider))["Content-Security-Policy"]

        [forms] = [part.strip() for part in policy.split(";") if "form-action" in part]
        assert forms == f"form-action 'self' {provider.fake.url}"

    def test_an_address_at_the_provider_leads_to_its_sign_in(self, alice_client, at_google):
        response = alice_client.post("/inboxes/connect/", {"address": "alice@gmail.com"})

        assert response["Location"] == page_of(at_google)
        page = alice_client.get(response["Location"]).content.decode()
        assert "Connect alice@gmail.com with Google" in page
        assert reverse("inboxes:connect-server") in page

    def test_without_a_client_there_is_a_note_and_no_button(self, alice_client):
        for kind in PROVIDERS:
            page = alice_client.get(reverse("inboxes:oauth", args=[kind])).content.decode()
            assert "is not set up here" in page
            assert "Continue to" not in page
            assert alice_client.post(reverse("inboxes:oauth", args=[kind])).status_code == 200
        assert "Connect with" not in alice_client.get("/inboxes/connect/").content.decode()
        assert SignIn.objects.count() == 0

    def test_the_set_up_page_names_the_return_address(self, alice_client):
        for kind in PROVIDERS:
            page = alice_client.get(reverse("inboxes:oauth-set-up", args=[kind])).content.decode()
            assert f"http://testserver/inboxes/oauth/{kind}/callback" in page

    def test_there_is_no_other_provider(self, alice_client):
        assert alice_client.get("/inboxes/oauth/password/").status_code == 404

    def test_one_jumps_so_often_and_not_more(self, alice_client, at_google):
        places = [alice_client.post(page_of(at_google))["Location"].partition("?")[0] for _ in range(11)]

        assert places == [f"{at_google.fake.url}/o/oauth2/v2/auth"] * 10 + [page_of(at_google)]


class TestSwitching:
    @pytest.fixture
    def inbox(self, alice) -> Inbox:
        inbox = connected_inbox(alice, YUKI, status="disabled")
        Credential.objects.create(inbox=inbox, secret="secret")
        return inbox

    def test_a_sign_in_that_was_stopped_is_tried_again_at_the_provider_it_was_for(self, inbox, alice_client, provider):
        page = reverse("inboxes:switch", args=[inbox.code])
        url = alice_client.post(page, {"provider": provider.provider})["Location"]
        stopped = come_back(alice_client, provider, url, cancels=True)

        told = alice_client.get(stopped["Location"]).content.decode()
        [(action, form)] = re.findall(r'<form method="post" action="(/inboxes/[^"]*)">(.*?)</form>', told, re.DOTALL)
        again = alice_client.post(action, dict(re.findall(r'name="(provider)" value="([^"]*)"', form)))

        assert urlsplit(again["Location"])[:3] == urlsplit(url)[:3]
        opened = come_back(alice_client, provider, again["Location"])
        inbox.refresh_from_db()
        assert (opened["Location"], inbox.provider) == (reverse("inboxes:inbox", args=[inbox.code]), provider.provider)
