"""Signing in with Microsoft and renewing, against the stand-in."""

from urllib.parse import parse_qs, urlsplit

import pytest

from crm_project.demo.microsoft import faults
from crm_project.demo.microsoft.directory import ConsentPolicy
from inboxes.models import CredentialKind
from inboxes.oauth.clients import oauth_client
from inboxes.oauth.grants import Account, SignInRefused
from inboxes.oauth.scopes import GRAPH_READ, GRAPH_READ_SHARED, OUTLOOK_IMAP
from inboxes.providers.base import (
    ClientMisconfigured,
    GrantRevoked,
    PermissionMissing,
    RateLimited,
    TemporarilyUnavailable,
)
from inboxes.providers.graph import oauth

YUKI = "yuki@minato.example"
BACK = "http://testserver/back"
TOKEN = "/oauth2/v2.0/token"


@pytest.fixture
def client(microsoft, monkeypatch):
    # An earlier stand-in, whose description is remembered, may have stood at the same port.
    monkeypatch.setattr(oauth, "_descriptions", oauth.DescriptionsOnly())
    microsoft.mailbox(YUKI)
    return oauth_client(CredentialKind.MICROSOFT)


def begun(client, *, scopes=GRAPH_READ, **wishes):
    return client.begin(redirect_uri=BACK, state="the-state", scopes=scopes, **wishes)


def granted(client, microsoft, address=YUKI, **wishes):
    beginning = begun(client, **wishes)
    return client.finish(kept=beginning.kept, answer=microsoft.consent(beginning.url, address))


def refused(act, *arguments, **options):
    with pytest.raises((SignInRefused, GrantRevoked, PermissionMissing, ClientMisconfigured)) as error:
        act(*arguments, **options)
    return type(error.value), error.value.cause


def token_requests(microsoft):
    return [request for request in microsoft.requests if request.path.endswith(TOKEN)]


def test_the_person_chooses_an_account_and_is_asked_for_reading_alone(client):
    asked = {name: values[0] for name, values in parse_qs(urlsplit(begun(client).url).query).items()}
    assert len(asked.pop("code_challenge")) == 43
    assert len(asked.pop("nonce")) == 64
    assert asked == {
        "client_id": "7c0f1a52-5c1d-4b7e-9d61-0d1f6a6b2f10",
        "client_info": "1",
        "code_challenge_method": "S256",
        "prompt": "select_account",
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "Mail.Read User.Read offline_access openid profile",
        "state": "the-state",
    }


def test_who_is_expected_is_named(client):
    asked = parse_qs(urlsplit(begun(client, login_hint=YUKI).url).query)
    assert (asked["prompt"], asked["login_hint"]) == (["select_account"], [YUKI])


def test_a_consent_becomes_a_grant_of_an_account_that_keeps_its_key(client, microsoft):
    account = microsoft.account(YUKI)
    account.aliases.append("Yuki.Sato@minato.example")
    grant = granted(client, microsoft)
    assert grant.missing(GRAPH_READ) == ()
    assert (grant.account_id, grant.address) == (f"{account.tenant_id}.{account.id}", YUKI)
    assert client.account(grant) == Account(grant.account_id, YUKI, ("yuki.sato@minato.example",))


def test_a_personal_account_signs_in_the_same_way(client, microsoft):
    microsoft.mailbox("yuki@outlook.example", personal=True)
    grant = granted(client, microsoft, "yuki@outlook.example")
    assert grant.account_id.startswith("9188040d-6c67-4c5b-b112-36a304b66dad.")


def test_an_account_without_a_mail_field_is_known_by_its_sign_in_name(client, microsoft):
    microsoft.account(YUKI).mail = None
    assert client.account(granted(client, microsoft)).address == YUKI


def test_a_grant_for_imap_names_its_account_without_asking_graph(client, microsoft):
    grant = granted(client, microsoft, scopes=OUTLOOK_IMAP)
    assert (grant.missing(OUTLOOK_IMAP), client.account(grant).address) == ((), YUKI)
    assert [request for request in microsoft.requests if request.path.endswith("/me")] == []
    assert client.refresh(grant).scopes == grant.scopes


def test_what_was_unticked_is_not_among_the_scopes(client, microsoft):
    beginning = begun(client)
    answer = microsoft.consent(beginning.url, YUKI, untick=["https://graph.microsoft.com/Mail.Read", "Mail.Read"])
    assert client.finish(kept=beginning.kept, answer=answer).missing(GRAPH_READ) == ("Mail.Read",)


def test_a_declined_consent_and_a_needed_administrator_are_told_apart(client, microsoft):
    beginning = begun(client)
    cancelled = microsoft.consent(beginning.url, YUKI, step="cancel")
    assert refused(client.finish, kept=beginning.kept, answer=cancelled) == (SignInRefused, "consent_refused")
    microsoft.tenant("strict.example", policy=ConsentPolicy.ADMINISTRATOR)
    microsoft.mailbox("ken@strict.example")
    beginning = begun(client)
    returned = microsoft.consent(beginning.url, "ken@strict.example", step="return")
    assert refused(client.finish, kept=beginning.kept, answer=returned) == (SignInRefused, "admin_consent_needed")


@pytest.mark.parametrize("answer", [{}, {"state": "another", "code": "x"}, {"state": "the-state"}])
def test_an_answer_that_is_not_ours_is_refused_without_a_request(client, microsoft, answer):
    assert refused(client.finish, kept=begun(client).kept, answer=answer) == (SignInRefused, "sign_in_expired")
    assert token_requests(microsoft) == []


def test_a_code_is_good_once_and_for_its_beginning_alone(client, microsoft):
    beginning, other = begun(client), begun(client)
    answer = microsoft.consent(beginning.url, YUKI)
    client.finish(kept=beginning.kept, answer=answer)
    assert refused(client.finish, kept=beginning.kept, answer=answer) == (SignInRefused, "code_used")
    answer = microsoft.consent(beginning.url, YUKI)
    assert refused(client.finish, kept=other.kept, answer=answer) == (SignInRefused, "code_used")


def test_a_token_of_another_sign_in_is_not_taken(client, microsoft):
    """The nonce in the id token is that of the beginning."""
    beginning = begun(client)
    answer = microsoft.consent(beginning.url, YUKI)
    with pytest.raises(TemporarilyUnavailable) as error:
        client.finish(kept={**beginning.kept, "nonce": "of another"}, answer=answer)
    assert error.value.cause == "answer_not_understood"


def test_a_refresh_brings_a_new_refresh_token_and_keeps_the_account(client, microsoft):
    grant = granted(client, microsoft)
    renewed = client.refresh(grant)
    assert {renewed.refresh_token, renewed.access_token}.isdisjoint({grant.refresh_token, grant.access_token})
    assert (renewed.account_id, renewed.address) == (grant.account_id, grant.address)
    assert set(renewed.scopes) == set(grant.scopes)


def test_a_shared_mailbox_is_a_permission_of_its_own(client, microsoft):
    assert granted(client, microsoft).missing(GRAPH_READ_SHARED) == ("Mail.Read.Shared",)
    assert granted(client, microsoft, scopes=GRAPH_READ_SHARED).missing(GRAPH_READ_SHARED) == ()


def test_a_refusal_is_asked_for_again_and_not_remembered(client, microsoft):
    """The library would keep it for a minute, and play it back after an administrator has mended the cause."""
    grant = granted(client, microsoft)
    account = microsoft.account(YUKI)
    account.trouble = 50076
    assert refused(client.refresh, grant) == (GrantRevoked, "second_factor_needed")
    account.trouble = 0
    assert client.refresh(grant).access_token


def test_a_pause_is_heeded_and_not_played_back(client, microsoft):
    grant = granted(client, microsoft)
    microsoft.faults.add(faults.sign_in_throttled(120), path=TOKEN)
    with pytest.raises(RateLimited) as error:
        client.refresh(grant)
    assert error.value.retry_after == 120
    assert client.refresh(grant).access_token


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        (50173, (GrantRevoked, "access_revoked")),
        (700082, (GrantRevoked, "access_expired")),
        (50076, (GrantRevoked, "second_factor_needed")),
        (65001, (GrantRevoked, "consent_withdrawn")),
        (50057, (GrantRevoked, "account_closed")),
        (53003, (PermissionMissing, "blocked_by_policy")),
        (50105, (PermissionMissing, "not_assigned")),
    ],
)
def test_what_ends_a_grant_is_named(client, microsoft, trouble, expected):
    grant = granted(client, microsoft)
    microsoft.account(YUKI).trouble = trouble
    assert refused(client.refresh, grant) == expected


def test_a_wrong_or_expired_secret_is_no_fault_of_the_owner(client, microsoft, settings):
    grant = granted(client, microsoft)
    settings.MICROSOFT_CLIENT_SECRET = "another"
    wrong = oauth_client(CredentialKind.MICROSOFT)
    assert refused(wrong.refresh, grant) == (ClientMisconfigured, "client_secret_refused")
    assert refused(granted, wrong, microsoft) == (ClientMisconfigured, "client_secret_refused")
    application = microsoft.directory.application
    application.secrets = {secret: microsoft.clock.now() for secret in application.secrets}
    microsoft.clock.advance(seconds=1)
    assert refused(client.refresh, grant) == (ClientMisconfigured, "client_secret_expired")


def test_the_description_of_the_authority_is_read_once(client, microsoft):
    grant = granted(client, microsoft)
    client.refresh(client.refresh(grant))
    assert len([request for request in microsoft.requests if request.path.endswith("openid-configuration")]) == 1


def test_a_description_that_is_none_is_not_believed_for_a_day(client, microsoft):
    microsoft.faults.add(lambda _: faults.Response("{}", content_type="application/json"), path="openid-configuration")
    with pytest.raises(TemporarilyUnavailable):
        begun(client)
    assert begun(client).url


def test_microsoft_takes_nothing_back(client, microsoft):
    grant = granted(client, microsoft)
    assert (client.revoke(grant), bool(client.refresh(grant))) == (False, True)


def test_scopes_that_are_written_in_full_are_the_same_scopes(client, microsoft, settings):
    """Each national cloud has its own name before them."""
    scopes = tuple(f"https://graph.microsoft.com/{scope}" for scope in GRAPH_READ)
    settings.GRAPH_ROOT = "https://graph.microsoft.com/v1.0"
    grant = granted(oauth_client(CredentialKind.MICROSOFT), microsoft, scopes=scopes)
    assert set(grant.scopes) == set(GRAPH_READ)
