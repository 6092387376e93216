"""What Google's answers to a sign-in or a refresh mean. Its redirect and its token endpoint use the same codes."""

from inboxes.oauth.grants import SignInRefused
from inboxes.oauth.refusals import Phase, Row
from inboxes.providers.base import (
    ClientMisconfigured,
    GrantRevoked,
    PermissionMissing,
    RateLimited,
    TemporarilyUnavailable,
)

ROWS: tuple[Row, ...] = (
    # Google's own trouble, however it is dressed.
    Row(Phase.ANY, "rate_limit_exceeded quota_exceeded slow_down", "", RateLimited, "rate_limited"),
    Row(
        Phase.ANY,
        "internal_failure server_error temporarily_unavailable",
        "",
        TemporarilyUnavailable,
        "provider_trouble",
    ),
    # This installation's own registration.
    Row(Phase.ANY, "invalid_client", "", ClientMisconfigured, "client_secret_refused"),
    Row(Phase.ANY, "redirect_uri_mismatch", "", ClientMisconfigured, "redirect_address_unknown"),
    Row(Phase.ANY, "org_internal", "", SignInRefused, "account_outside_organisation"),
    Row(Phase.SIGN_IN, "invalid_scope", "", ClientMisconfigured, "client_refused"),
    Row(Phase.ANY, "unauthorized_client deleted_client disabled_client", "", ClientMisconfigured, "client_refused"),
    # What an administrator of Google Workspace decides.
    Row(Phase.SIGN_IN, "admin_policy_enforced", "", SignInRefused, "blocked_by_administrator"),
    Row(Phase.REFRESH, "admin_policy_enforced", "", PermissionMissing, "blocked_by_administrator"),
    # The person said no, or what they brought has been used.
    Row(Phase.RETURN, "access_denied", "", SignInRefused, "consent_refused"),
    Row(Phase.EXCHANGE, "invalid_grant", "", SignInRefused, "code_used"),
    # The grant is gone, and Google says so.
    Row(Phase.REFRESH, "invalid_grant", r"invalid_rapt|rapt_required|reauth", GrantRevoked, "session_ended_by_policy"),
    Row(Phase.REFRESH, "invalid_grant", r"account.{0,20}(deleted|disabled|suspended)", GrantRevoked, "account_closed"),
    Row(Phase.REFRESH, "invalid_grant", "", GrantRevoked, "access_revoked"),
)
