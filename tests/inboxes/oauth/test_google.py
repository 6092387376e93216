"""Signing in with Google, renewing, and giving back, against the stand-in."""

from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from inboxes.causes import CAUSES
from inboxes.models import CredentialKind
from inboxes.oauth.clients import is_offered, oauth_client
from inboxes.oauth.grants import Account, SignInRefused
from inboxes.oauth.scopes import GMAIL_IMAP, GMAIL_READ
from inboxes.providers.base import (
    ClientMisconfigured,
    GrantRevoked,
    PermissionMissing,
    RateLimited,
    TemporarilyUnavailable,
)
from tests.fakes.google import answers, consent

YUKI = "yuki@minato.example"
BACK = "http://testserver/back"


@pytest.fixture
def client(google):
    google.client.redirect_uris.append(BACK)
    google.mailbox(YUKI)
    google.mailbox("taro@minato.example")
    return oauth_client(CredentialKind.GOOGLE)


def begun(client, *, scopes=GMAIL_READ, **wishes):
    return client.begin(redirect_uri=BACK, state="the-state", scopes=scopes, **wishes)


def answer_of(beginning, address=YUKI, **choices):
    return dict(parse_qsl(urlsplit(consent(beginning.url, address, **choices)).query))


def granted(client, **wishes):
    beginning = begun(client, **wishes)
    return client.finish(kept=beginning.kept, answer=answer_of(beginning))


def token_requests(google):
    return [request.form for request in google.requests if request.path == "/token"]


def test_the_person_is_asked_for_lasting_access_to_reading_alone(client):
    asked = {name: values[0] for name, values in parse_qs(urlsplit(begun(client).url).query).items()}
    challenge = asked.pop("code_challenge")
    assert len(challenge) == 43
    assert asked == {
        "access_type": "offline",
        "client_id": "123456789012-genkan.apps.googleusercontent.com",
        "code_challenge_method": "S256",
        "prompt": "consent select_account",
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "https://www.googleapis.com/auth/gmail.readonly",
        "state": "the-state",
    }


def test_who_is_expected_is_named(client):
    asked = parse_qs(urlsplit(begun(client, login_hint=YUKI).url).query)
    assert (asked["prompt"], asked["login_hint"]) == (["consent select_account"], [YUKI])


def test_a_consent_becomes_a_grant(client, google):
    google.mailbox(YUKI).add_alias("yuki.sato@minato.example")
    grant = granted(client)
    assert (grant.scopes, bool(grant.refresh_token), grant.account_id) == (GMAIL_READ, True, "")
    assert client.account(grant) == Account(YUKI, YUKI, ("yuki.sato@minato.example",))


def test_an_address_that_was_not_confirmed_is_not_the_owners(client, google):
    google.mailbox(YUKI).add_alias("taro@minato.example", is_verified=False)
    assert client.account(granted(client)).aliases == ()


def test_the_verifier_of_the_beginning_proves_who_began(client, google):
    beginning = begun(client)
    answer = answer_of(beginning)
    stolen = {**beginning.kept, "code_verifier": "x" * 43}
    with pytest.raises(SignInRefused) as error:
        client.finish(kept=stolen, answer=answer)
    assert error.value.cause == "code_used"


def test_what_was_unticked_is_not_among_the_scopes(client):
    beginning = begun(client, scopes=(*GMAIL_READ, *GMAIL_IMAP))
    answer = answer_of(beginning, untick=GMAIL_READ)
    grant = client.finish(kept=beginning.kept, answer=answer)
    assert grant.missing(GMAIL_READ) == GMAIL_READ


def test_a_cancelled_consent_is_refused(client):
    beginning = begun(client)
    with pytest.raises(SignInRefused) as error:
        client.finish(kept=beginning.kept, answer=answer_of(beginning, cancels=True))
    assert error.value.cause == "consent_refused"


@pytest.mark.parametrize("answer", [{}, {"state": "another", "code": "x"}, {"state": "the-state"}])
def test_an_answer_that_is_not_ours_is_refused_without_a_request(client, google, answer):
    with pytest.raises(SignInRefused) as error:
        client.finish(kept=begun(client).kept, answer=answer)
    assert (error.value.cause, token_requests(google)) == ("sign_in_expired", [])


def test_a_code_is_good_once(client):
    beginning = begun(client)
    answer = answer_of(beginning)
    client.finish(kept=beginning.kept, answer=answer)
    with pytest.raises(SignInRefused) as error:
        client.finish(kept=beginning.kept, answer=answer)
    assert error.value.cause == "code_used"


def test_a_code_that_waited_too_long_is_refused(client, google):
    beginning = begun(client)
    answer = answer_of(beginning)
    google.clock.advance(660)
    with pytest.raises(SignInRefused) as error:
        client.finish(kept=beginning.kept, answer=answer)
    assert error.value.cause == "code_used"


def test_access_that_would_not_last_is_refused_where_it_was_asked_for(client, google):
    granted(client)
    beginning = begun(client, prompt_consent=False)
    answer = answer_of(beginning)
    assert client.finish(kept=beginning.kept, answer=answer).refresh_token == ""
    beginning = begun(client, prompt_consent=False)
    with pytest.raises(SignInRefused) as error:
        client.finish(kept={**beginning.kept, "lasting": True}, answer=answer_of(beginning))
    assert error.value.cause == "access_not_lasting"


def test_a_refresh_keeps_what_google_does_not_repeat(client, google):
    grant = granted(client)
    renewed = client.refresh(grant)
    assert renewed.access_token != grant.access_token
    assert (renewed.refresh_token, renewed.scopes) == (grant.refresh_token, grant.scopes)
    assert {name for form in token_requests(google)[1:] for name in form} == {
        "client_id",
        "client_secret",
        "grant_type",
        "refresh_token",
    }


def test_a_refresh_takes_over_a_new_refresh_token(client, google):
    grant = granted(client)
    google.grants.rotates = True
    assert client.refresh(client.refresh(grant)).refresh_token not in ("", grant.refresh_token)


def test_access_that_was_withdrawn_is_proof(client, google):
    grant = granted(client)
    google.grants.withdraw(YUKI)
    with pytest.raises(GrantRevoked) as error:
        client.refresh(grant)
    assert (error.value.cause, error.value.is_proof) == ("access_revoked", True)


def test_a_changed_password_ends_a_grant_for_mail(client, google):
    grant = granted(client)
    google.grants.change_password(YUKI)
    with pytest.raises(GrantRevoked):
        client.refresh(grant)


@pytest.mark.parametrize(
    ("answer", "error", "cause"),
    [
        (answers.invalid_grant("Bad Request", subtype="invalid_rapt"), GrantRevoked, "session_ended_by_policy"),
        (answers.oauth_error(400, "admin_policy_enforced", ""), PermissionMissing, "blocked_by_administrator"),
    ],
)
def test_a_policy_of_the_organisation_is_named(client, google, answer, error, cause):
    grant = granted(client)
    google.grants.policies[YUKI] = answer
    with pytest.raises(error) as raised:
        client.refresh(grant)
    assert raised.value.cause == cause


def test_a_wrong_secret_is_no_fault_of_the_owner(client, google, settings):
    grant = granted(client)
    settings.GOOGLE_CLIENT_SECRET = "another"
    for attempt in (
        lambda: oauth_client(CredentialKind.GOOGLE).refresh(grant),
        lambda: granted(oauth_client("google")),
    ):
        with pytest.raises(ClientMisconfigured) as error:
            attempt()
        assert error.value.cause == "client_secret_refused"


def test_without_a_registration_nothing_is_asked(google, settings):
    settings.GOOGLE_CLIENT_ID = ""
    with pytest.raises(ClientMisconfigured) as error:
        oauth_client(CredentialKind.GOOGLE)
    assert (is_offered(CredentialKind.GOOGLE), error.value.cause) == (False, "client_missing")
    assert "client_missing" in CAUSES


def test_a_grant_is_given_back_once_and_counts_as_gone_after_that(client, google):
    grant = granted(client)
    assert [client.revoke(grant), client.revoke(grant)] == [True, True]
    with pytest.raises(GrantRevoked):
        client.refresh(grant)


def test_trouble_while_giving_back_is_trouble(client, google):
    grant = granted(client)
    google.faults.next("*revoke", answers.Answer(503, "Try later"))
    with pytest.raises(TemporarilyUnavailable):
        client.revoke(grant)
    assert client.refresh(grant).access_token


def test_a_pause_that_is_asked_for_is_heeded(client, google):
    grant = granted(client)
    google.faults.next("token", answers.Answer(429, {"error": "rate_limit_exceeded"}, {"Retry-After": "120"}))
    with pytest.raises(RateLimited) as error:
        client.refresh(grant)
    assert error.value.retry_after == 120


@pytest.mark.parametrize(
    ("answer", "error", "cause"),
    [
        (answers.not_configured(), ClientMisconfigured, "api_switched_off"),
        (answers.mail_service_disabled(), PermissionMissing, "mailbox_missing"),
        (answers.domain_policy(), PermissionMissing, "blocked_by_administrator"),
        (answers.user_rate_limited(), RateLimited, "rate_limited"),
        (answers.html_error(502), TemporarilyUnavailable, "provider_trouble"),
        (answers.unauthorized(), SignInRefused, "sign_in_failed"),
    ],
)
def test_an_account_that_cannot_be_read_says_why(client, google, answer, error, cause):
    grant = granted(client)
    google.faults.always("getProfile", answer)
    google.faults.always("*profile", answer)
    with pytest.raises(error) as raised:
        client.account(grant)
    assert (type(raised.value), raised.value.cause) == (error, cause)
