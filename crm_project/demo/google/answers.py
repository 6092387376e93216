"""What the stand-in can answer: Google's own error bodies, and the ways in which an answer fails to arrive."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Any

JSON = "application/json; charset=UTF-8"
HTML = "text/html; charset=utf-8"
_STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class Wire(StrEnum):
    """How an answer travels."""

    WHOLE = "whole"
    DROPPED = "dropped"  # the connection ends before a byte of it
    CUT = "cut"  # the connection ends in the middle of it
    MISSING = "missing"  # a part of a batch that its answer does not hold


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is JSON unless it is text or bytes; None means an empty answer.

    As a fault: `delay` seconds pass before it is sent, and `performed` says that the request is carried out all the same.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON
    wire: Wire = Wire.WHOLE
    delay: float = 0
    performed: bool = False

    def payload(self) -> bytes:
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, ensure_ascii=False, indent=2).encode("utf-8", "replace")


class Refused(Exception):
    """Raised wherever a request turns out to be wrong; it carries what is answered."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


# Errors of the Gmail API


def api_error(
    status: int,
    reason: str,
    message: str,
    *,
    domain: str = "global",
    status_name: str = "",
    details: list[dict[str, Any]] | None = None,
    headers: Mapping[str, str] | None = None,
    **more: str,
) -> Answer:
    error: dict[str, Any] = {
        "code": status,
        "message": message,
        "errors": [{"message": message, "domain": domain, "reason": reason, **more}],
        "status": status_name or _STATUS_NAMES.get(status, "UNKNOWN"),
    }
    if details:
        error["details"] = details
    return Answer(status, {"error": error}, headers or {})


def invalid(message: str, *, reason: str = "invalidArgument") -> Answer:
    return api_error(400, reason, message)


def unknown_name(name: str, *, at: str = "") -> Answer:
    """What Google says to a parameter or field that its documentation does not name."""
    place = f' at "{at}"' if at else ""
    message = f'Invalid JSON payload received. Unknown name "{name}"{place}: Cannot find field.'
    violation = {"field": at, "description": message}
    details = [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}]
    return api_error(400, "badRequest", message, details=details)


def unauthorized() -> Answer:
    return api_error(
        401,
        "authError",
        "Invalid Credentials",
        headers={"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'},
        location="Authorization",
        locationType="header",
    )


def rate_limited(
    status: int = 403,
    reason: str = "rateLimitExceeded",
    *,
    message: str = "",
    until: datetime | None = None,
    retry_after: float | None = None,
) -> Answer:
    """`until` is written into the text, as Gmail does with status 429; `retry_after` seconds go into a header."""
    text = message or "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user'"
    if until:
        text = f"User-rate limit exceeded.  Retry after {until:%Y-%m-%dT%H:%M:%S}.{until.microsecond // 1000:03d}Z"
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    return api_error(
        status, reason, text, domain="usageLimits", status_name="RESOURCE_EXHAUSTED", headers=headers,
        details=[_error_info("RATE_LIMIT_EXCEEDED")],
    )  # fmt: skip


def user_rate_limited() -> Answer:
    return rate_limited(403, "userRateLimitExceeded", message="User Rate Limit Exceeded")


def quota_exceeded() -> Answer:
    return rate_limited(403, "quotaExceeded", message="Quota exceeded.")


def too_many_concurrent() -> Answer:
    return rate_limited(429, message="Too many concurrent requests for user.")


def daily_limit() -> Answer:
    return api_error(403, "dailyLimitExceeded", "Daily Limit Exceeded", domain="usageLimits")


def domain_policy() -> Answer:
    message = "The domain administrators have disabled Gmail apps."
    return api_error(403, "domainPolicy", message)


def insufficient_scope() -> Answer:
    message = "Request had insufficient authentication scopes."
    return api_error(
        403, "insufficientPermissions", message, details=[_error_info("ACCESS_TOKEN_SCOPE_INSUFFICIENT")],
        headers={"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="insufficient_scope"'},
    )  # fmt: skip


def metadata_scope(what: str) -> Answer:
    return api_error(403, "forbidden", f"Metadata scope {what}")


def not_configured() -> Answer:
    message = (
        "Gmail API has not been used in project 123456789012 before or it is disabled. Enable it by visiting "
        "https://console.developers.google.com/apis/api/gmail.googleapis.com/overview then retry."
    )
    details = [_error_info("SERVICE_DISABLED")]
    return api_error(403, "accessNotConfigured", message, domain="usageLimits", details=details)


def mail_service_disabled() -> Answer:
    return api_error(400, "failedPrecondition", "Mail service not enabled", status_name="FAILED_PRECONDITION")


def failed_precondition() -> Answer:
    return api_error(400, "failedPrecondition", "Precondition check failed.", status_name="FAILED_PRECONDITION")


def other_watch() -> Answer:
    return invalid("Only one user push notification client allowed per developer (call /stop then try again)")


def not_found() -> Answer:
    return api_error(404, "notFound", "Requested entity was not found.")


def backend_error(status: int = 503) -> Answer:
    return api_error(status, "backendError", "The service is currently unavailable.", domain="global")


def html_error(status: int = 502) -> Answer:
    """What a front end says when what stands behind it does not answer."""
    title = f"Error {status} ({HTTPStatus(status).phrase})!!1"
    return Answer(status, f"<!DOCTYPE html><html lang=en><title>{title}</title><p>That’s an error.", content_type=HTML)


def not_json(status: int = 200) -> Answer:
    return Answer(status, '{"messages": [{"id": ')


# Errors of the token and revocation endpoints


def oauth_error(status: int, error: str, description: str = "", *, subtype: str = "") -> Answer:
    body = {"error": error}
    if description:
        body["error_description"] = description
    if subtype:
        body["error_subtype"] = subtype
    return Answer(status, body, {"Cache-Control": "no-store"})


def invalid_grant(description: str = "Token has been expired or revoked.", *, subtype: str = "") -> Answer:
    return oauth_error(400, "invalid_grant", description, subtype=subtype)


def reauthentication_required() -> Answer:
    """The session policy of a Workspace: the owner has to sign in again."""
    return invalid_grant("reauth related error (invalid_rapt)", subtype="invalid_rapt")


def invalid_client(description: str = "The provided client secret is invalid.") -> Answer:
    return oauth_error(401, "invalid_client", description)


def unauthorized_client() -> Answer:
    return oauth_error(401, "unauthorized_client", "Unauthorized")


def admin_policy_enforced() -> Answer:
    return oauth_error(400, "admin_policy_enforced", "Access to your account data is restricted by policies.")


def token_server_error(status: int = 503) -> Answer:
    return oauth_error(status, "internal_failure", "Backend Error")


def token_rate_limited() -> Answer:
    return oauth_error(429, "rate_limit_exceeded", "Rate Limit Exceeded")


# Ways in which an answer fails to arrive


def dropped(*, performed: bool = False) -> Answer:
    """The connection ends. With `performed` the request was carried out, and only its answer is lost."""
    return Answer(wire=Wire.DROPPED, performed=performed)


def cut() -> Answer:
    """The request is carried out; the connection ends in the middle of the answer."""
    return Answer(wire=Wire.CUT, performed=True)


def missing_part() -> Answer:
    """In a batch: its answer says nothing about this part."""
    return Answer(wire=Wire.MISSING)


def slow(seconds: float) -> Answer:
    """The usual answer, `seconds` of real time later."""
    return Answer(delay=seconds, performed=True)


def late(answer: Answer, seconds: float) -> Answer:
    return replace(answer, delay=seconds)


def _error_info(reason: str) -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {"service": "gmail.googleapis.com"},
    }
