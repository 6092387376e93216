"""The tables of refusals, row by row, with the words Google and Microsoft use."""

import re

import pytest

from inboxes.causes import CAUSES
from inboxes.oauth.grants import SignInRefused
from inboxes.oauth.refusals import Phase, classify
from inboxes.providers.base import (
    ClientMisconfigured,
    GrantRevoked,
    PermissionMissing,
    RateLimited,
    ReconnectRequired,
    TemporarilyUnavailable,
)
from inboxes.providers.gmail.oauth_refusals import ROWS as GOOGLE
from inboxes.providers.graph.oauth_refusals import ROWS as MICROSOFT

RETURN, EXCHANGE, REFRESH = Phase.RETURN, Phase.EXCHANGE, Phase.REFRESH

AT_GOOGLE = [
    (REFRESH, "invalid_grant", "Token has been expired or revoked.", "", GrantRevoked, "access_revoked"),
    (REFRESH, "invalid_grant", "Bad Request", "", GrantRevoked, "access_revoked"),
    (REFRESH, "invalid_grant", "Bad Request", "invalid_rapt", GrantRevoked, "session_ended_by_policy"),
    (REFRESH, "invalid_grant", "reauth related error (rapt_required)", "", GrantRevoked, "session_ended_by_policy"),
    (REFRESH, "invalid_grant", "Account has been deleted", "", GrantRevoked, "account_closed"),
    (REFRESH, "admin_policy_enforced", "Restricted", "", PermissionMissing, "blocked_by_administrator"),
    (REFRESH, "invalid_client", "Unauthorized", "", ClientMisconfigured, "client_secret_refused"),
    (REFRESH, "invalid_client", "The OAuth client was not found.", "", ClientMisconfigured, "client_secret_refused"),
    (REFRESH, "unauthorized_client", "Unauthorized", "", ClientMisconfigured, "client_refused"),
    (REFRESH, "deleted_client", "The OAuth client was deleted.", "", ClientMisconfigured, "client_refused"),
    (REFRESH, "disabled_client", "The OAuth client was disabled.", "", ClientMisconfigured, "client_refused"),
    (REFRESH, "internal_failure", "", "", TemporarilyUnavailable, "provider_trouble"),
    (REFRESH, "temporarily_unavailable", "Try later", "", TemporarilyUnavailable, "provider_trouble"),
    (REFRESH, "rate_limit_exceeded", "Rate Limit Exceeded", "", RateLimited, "rate_limited"),
    (REFRESH, "invalid_request", "Missing required parameter", "", TemporarilyUnavailable, "provider_refused"),
    (REFRESH, "", "", "", TemporarilyUnavailable, "provider_refused"),
    (EXCHANGE, "invalid_grant", "Malformed auth code.", "", SignInRefused, "code_used"),
    (EXCHANGE, "invalid_grant", "Bad Request", "", SignInRefused, "code_used"),
    (EXCHANGE, "redirect_uri_mismatch", "Bad Request", "", ClientMisconfigured, "redirect_address_unknown"),
    (EXCHANGE, "invalid_client", "Unauthorized", "", ClientMisconfigured, "client_secret_refused"),
    (EXCHANGE, "admin_policy_enforced", "", "", SignInRefused, "blocked_by_administrator"),
    (EXCHANGE, "server_error", "", "", TemporarilyUnavailable, "provider_trouble"),
    (RETURN, "access_denied", "", "", SignInRefused, "consent_refused"),
    (RETURN, "admin_policy_enforced", "", "", SignInRefused, "blocked_by_administrator"),
    (RETURN, "org_internal", "", "", SignInRefused, "account_outside_organisation"),
    (RETURN, "invalid_scope", "Some requested scopes were invalid.", "", ClientMisconfigured, "client_refused"),
    (RETURN, "temporarily_unavailable", "", "", TemporarilyUnavailable, "provider_trouble"),
    (RETURN, "something_new", "", "", SignInRefused, "sign_in_failed"),
]
AT_MICROSOFT = [
    (REFRESH, "invalid_grant", 50173, GrantRevoked, "access_revoked"),
    (REFRESH, "invalid_grant", 70000, GrantRevoked, "access_revoked"),
    (REFRESH, "invalid_grant", 50132, GrantRevoked, "access_revoked"),
    (REFRESH, "invalid_grant", 50133, GrantRevoked, "access_revoked"),
    (REFRESH, "invalid_grant", 50055, GrantRevoked, "access_revoked"),
    (REFRESH, "invalid_grant", 50085, GrantRevoked, "access_revoked"),
    (REFRESH, "invalid_grant", 50139, GrantRevoked, "access_revoked"),
    (REFRESH, "interaction_required", None, GrantRevoked, "access_revoked"),
    (REFRESH, "invalid_grant", None, GrantRevoked, "access_revoked"),
    (REFRESH, "invalid_grant", 700082, GrantRevoked, "access_expired"),
    (REFRESH, "invalid_grant", 70008, GrantRevoked, "access_expired"),
    (REFRESH, "invalid_grant", 70043, GrantRevoked, "access_expired"),
    (REFRESH, "invalid_grant", 50089, GrantRevoked, "access_expired"),
    (REFRESH, "invalid_grant", 700084, GrantRevoked, "access_expired"),
    (REFRESH, "interaction_required", 50076, GrantRevoked, "second_factor_needed"),
    (REFRESH, "invalid_grant", 50079, GrantRevoked, "second_factor_needed"),
    (REFRESH, "invalid_grant", 50158, GrantRevoked, "second_factor_needed"),
    (REFRESH, "invalid_grant", 53003, PermissionMissing, "blocked_by_policy"),
    (REFRESH, "interaction_required", 530035, PermissionMissing, "blocked_by_policy"),
    (REFRESH, "invalid_grant", 50105, PermissionMissing, "not_assigned"),
    (REFRESH, "invalid_grant", 65001, GrantRevoked, "consent_withdrawn"),
    (REFRESH, "consent_required", 65004, GrantRevoked, "consent_withdrawn"),
    (REFRESH, "invalid_grant", 50057, GrantRevoked, "account_closed"),
    (REFRESH, "invalid_grant", 50034, GrantRevoked, "account_closed"),
    (REFRESH, "invalid_client", 7000215, ClientMisconfigured, "client_secret_refused"),
    (REFRESH, "invalid_client", 700027, ClientMisconfigured, "client_secret_refused"),
    (REFRESH, "invalid_client", 70002, ClientMisconfigured, "client_secret_refused"),
    (REFRESH, "invalid_client", 7000222, ClientMisconfigured, "client_secret_expired"),
    (REFRESH, "unauthorized_client", 700016, ClientMisconfigured, "client_refused"),
    (REFRESH, "unauthorized_client", None, ClientMisconfigured, "client_refused"),
    (REFRESH, "invalid_request", 50194, ClientMisconfigured, "client_for_one_tenant"),
    (REFRESH, "temporarily_unavailable", 90033, TemporarilyUnavailable, "provider_trouble"),
    (REFRESH, "invalid_grant", 50033, TemporarilyUnavailable, "provider_trouble"),
    (REFRESH, "invalid_grant", 50053, TemporarilyUnavailable, "provider_trouble"),
    (REFRESH, "server_error", None, TemporarilyUnavailable, "provider_trouble"),
    (REFRESH, "invalid_grant", 50196, RateLimited, "rate_limited"),
    (REFRESH, "invalid_request", 900144, TemporarilyUnavailable, "provider_refused"),
    (EXCHANGE, "invalid_grant", 54005, SignInRefused, "code_used"),
    (EXCHANGE, "invalid_grant", 70008, SignInRefused, "code_used"),
    (EXCHANGE, "invalid_grant", 50076, SignInRefused, "second_factor_needed"),
    (EXCHANGE, "invalid_grant", 65001, SignInRefused, "admin_consent_needed"),
    (EXCHANGE, "invalid_request", 50011, ClientMisconfigured, "redirect_address_unknown"),
    (EXCHANGE, "invalid_grant", 53003, SignInRefused, "blocked_by_policy"),
    (EXCHANGE, "invalid_client", 7000215, ClientMisconfigured, "client_secret_refused"),
    (EXCHANGE, "interaction_required", None, SignInRefused, "sign_in_expired"),
    (RETURN, "access_denied", 65004, SignInRefused, "consent_refused"),
    (RETURN, "access_denied", None, SignInRefused, "consent_refused"),
    (RETURN, "access_denied", 90094, SignInRefused, "admin_consent_needed"),
    (RETURN, "consent_required", 65001, SignInRefused, "admin_consent_needed"),
    (RETURN, "consent_required", None, SignInRefused, "admin_consent_needed"),
    (RETURN, "access_denied", 50105, SignInRefused, "not_assigned"),
    (RETURN, "invalid_request", 50020, SignInRefused, "account_not_usable"),
    (RETURN, "server_error", None, TemporarilyUnavailable, "provider_trouble"),
    (RETURN, "something_new", None, SignInRefused, "sign_in_failed"),
]


def google_says(error, description, subtype):
    return {"error": error, "error_description": description, "error_subtype": subtype}


def microsoft_says(error, number):
    """As its token endpoint does; a redirect carries the number in the description alone."""
    if number is None:
        return {"error": error, "error_description": "Something happened. Trace ID: 5017-3"}
    return {"error": error, "error_description": f"AADSTS{number}: Something happened.", "error_codes": [number]}


@pytest.mark.parametrize(("phase", "error", "description", "subtype", "kind", "cause"), AT_GOOGLE)
def test_an_answer_of_google_means_what_the_table_says(phase, error, description, subtype, kind, cause):
    found = classify(google_says(error, description, subtype), phase, GOOGLE)
    assert (type(found), found.cause) == (kind, cause)


@pytest.mark.parametrize(("phase", "error", "number", "kind", "cause"), AT_MICROSOFT)
def test_an_answer_of_microsoft_means_what_the_table_says(phase, error, number, kind, cause):
    found = classify(microsoft_says(error, number), phase, MICROSOFT)
    assert (type(found), found.cause) == (kind, cause)


def test_a_number_is_found_in_the_description_alone():
    answer = {"error": "access_denied", "error_description": "AADSTS90094: Admin consent is required.\r\nTrace ID: 1"}
    assert classify(answer, RETURN, MICROSOFT).cause == "admin_consent_needed"


def test_the_start_of_a_longer_number_is_another_number():
    assert classify(microsoft_says("invalid_grant", 500334), REFRESH, MICROSOFT).cause == "access_revoked"


def test_leaving_the_page_of_microsoft_is_not_a_refusal():
    answer = {"error": "access_denied", "error_subcode": "cancel", "state": "x"}
    assert classify(answer, RETURN, MICROSOFT).cause == "sign_in_cancelled"


def test_an_old_answer_with_two_numbers_is_about_the_grant():
    answer = {
        "error": "invalid_grant",
        "error_description": "AADSTS70002: Error validating credentials. AADSTS70008: The refresh token has expired.",
        "error_codes": [70002, 70008],
    }
    assert classify(answer, REFRESH, MICROSOFT).cause == "access_expired"


def test_every_row_decides_something():
    """A row that no sample reaches is either dead or untested."""

    def reached(answers, rows):
        found = set()
        for phase, answer in answers:
            for number, row in enumerate(rows):
                if type(classify(answer, phase, rows[: number + 1])) is row.raises and (
                    classify(answer, phase, rows[:number]).cause != classify(answer, phase, rows[: number + 1]).cause
                ):
                    found.add(number)
                    break
        return found

    google = [(phase, google_says(*words)) for phase, *words, _, _ in AT_GOOGLE]
    microsoft = [(phase, microsoft_says(*words)) for phase, *words, _, _ in AT_MICROSOFT]
    microsoft.append((RETURN, {"error": "access_denied", "error_subcode": "cancel"}))
    assert reached(google, GOOGLE) == set(range(len(GOOGLE)))
    assert reached(microsoft, MICROSOFT) == set(range(len(MICROSOFT)))


def test_only_a_refresh_ends_a_grant_and_only_by_a_code_that_proves_it():
    proved = {"invalid_grant", "interaction_required", "login_required", "consent_required"}
    for row in (*GOOGLE, *MICROSOFT):
        if issubclass(row.raises, ReconnectRequired):
            assert row.phase == REFRESH
            assert set(row.errors.split()) <= proved
            assert row.errors or re.search(r"AADSTS\(", row.words)


def test_every_cause_has_its_texts():
    assert {row.cause for row in (*GOOGLE, *MICROSOFT)} <= CAUSES.keys()


def test_what_the_provider_wrote_is_for_the_person_alone():
    found = classify(google_says("invalid_grant", "for alice@ours.example", ""), REFRESH, GOOGLE)
    assert (str(found), found.detail) == ("access_revoked", "for alice@ours.example")
