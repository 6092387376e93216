"""What Microsoft's answers to a sign-in or a refresh mean: by `error` first, by AADSTS number for the wording."""

from inboxes.oauth.grants import SignInRefused
from inboxes.oauth.refusals import Phase, Row
from inboxes.providers.base import (
    ClientMisconfigured,
    GrantRevoked,
    PermissionMissing,
    RateLimited,
    TemporarilyUnavailable,
)


def _numbers(*codes: str) -> str:
    return rf"AADSTS({'|'.join(' '.join(codes).split())})\b"


_GONE = "invalid_grant interaction_required login_required consent_required"
_BLOCKED = _numbers("53000 53001 53002 53003 53004 53009 53010 53011 530031 530032 530034 530035")
_SECOND_FACTOR = _numbers("50072 50074 50076 50078 50079 50158 500121")
_CONSENT = _numbers("65001 65002 65005 650052 650054 650056 650057 90093 90094 90095")
_ACCOUNT = _numbers("50034 50057 51004 50020 50128 90072")

ROWS: tuple[Row, ...] = (
    # Microsoft's own trouble, however it is dressed.
    Row(Phase.ANY, "", _numbers("50196 90055 90009"), RateLimited, "rate_limited"),
    Row(Phase.ANY, "", _numbers("50033 50053 90006 90012 90024 90033"), TemporarilyUnavailable, "provider_trouble"),
    Row(
        Phase.ANY,
        "temporarily_unavailable server_error service_unavailable",
        "",
        TemporarilyUnavailable,
        "provider_trouble",
    ),
    # This installation's own registration. An old answer may hold AADSTS70002 beside a proved `invalid_grant`: not listed.
    Row(Phase.ANY, "", _numbers("7000222"), ClientMisconfigured, "client_secret_expired"),
    Row(Phase.ANY, "", _numbers("7000215 7000216 700027 7000218"), ClientMisconfigured, "client_secret_refused"),
    Row(Phase.ANY, "", _numbers("50011 500113"), ClientMisconfigured, "redirect_address_unknown"),
    Row(Phase.ANY, "", _numbers("50194"), ClientMisconfigured, "client_for_one_tenant"),
    Row(Phase.ANY, "", _numbers("700016 7000112 70001 70011"), ClientMisconfigured, "client_refused"),
    Row(Phase.ANY, "invalid_client", "", ClientMisconfigured, "client_secret_refused"),
    Row(Phase.ANY, "unauthorized_client invalid_scope", "", ClientMisconfigured, "client_refused"),
    # Policies of the organisation.
    Row(Phase.SIGN_IN, "", _BLOCKED, SignInRefused, "blocked_by_policy"),
    Row(Phase.REFRESH, "", _BLOCKED, PermissionMissing, "blocked_by_policy"),
    Row(Phase.SIGN_IN, "", _numbers("50105"), SignInRefused, "not_assigned"),
    Row(Phase.REFRESH, "", _numbers("50105"), PermissionMissing, "not_assigned"),
    Row(Phase.SIGN_IN, "", _SECOND_FACTOR, SignInRefused, "second_factor_needed"),
    Row(Phase.REFRESH, "", _SECOND_FACTOR, GrantRevoked, "second_factor_needed"),
    Row(Phase.SIGN_IN, "", _ACCOUNT, SignInRefused, "account_not_usable"),
    Row(Phase.REFRESH, "", _ACCOUNT, GrantRevoked, "account_closed"),
    # Consent.
    Row(Phase.SIGN_IN, "", _numbers("65004"), SignInRefused, "consent_refused"),
    Row(Phase.SIGN_IN, "", _CONSENT, SignInRefused, "admin_consent_needed"),
    Row(Phase.SIGN_IN, "consent_required", "", SignInRefused, "admin_consent_needed"),
    Row(Phase.RETURN, "access_denied", r"\bcancel\b", SignInRefused, "sign_in_cancelled"),
    Row(Phase.RETURN, "access_denied", "", SignInRefused, "consent_refused"),
    Row(Phase.REFRESH, "", rf"{_CONSENT}|{_numbers('65004')}", GrantRevoked, "consent_withdrawn"),
    # What the person brought has been used, or waited too long.
    Row(Phase.EXCHANGE, "invalid_grant", "", SignInRefused, "code_used"),
    Row(Phase.SIGN_IN, "interaction_required login_required", "", SignInRefused, "sign_in_expired"),
    # The grant is gone, and Microsoft says so.
    Row(Phase.REFRESH, _GONE, _numbers("700082 70008 70043 50089 700084"), GrantRevoked, "access_expired"),
    Row(Phase.REFRESH, _GONE, "", GrantRevoked, "access_revoked"),
)
