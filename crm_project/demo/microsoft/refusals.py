"""How the stand-in says no: Graph errors and AADSTS errors, as the documentation words them."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from werkzeug.wrappers import Response


@dataclass
class GraphRefusal(Exception):
    """An error answer of Graph. `inner` becomes `innerError.code`."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)
    inner: str = ""

    def body(self, *, client_request_id: str = "") -> dict[str, Any]:
        request_id = str(uuid4())
        inner = {
            **({"code": self.inner} if self.inner else {}),
            "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            "request-id": request_id,
            "client-request-id": client_request_id or request_id,
        }
        return {"error": {"code": self.code, "message": self.message, "innerError": inner}}


def bad_request(message: str, *, code: str = "BadRequest") -> GraphRefusal:
    return GraphRefusal(HTTPStatus.BAD_REQUEST, code, message)


def item_not_found() -> GraphRefusal:
    return GraphRefusal(
        HTTPStatus.NOT_FOUND, "ErrorItemNotFound", "The specified object was not found in the store., The process failed to get the correct properties."
    )  # fmt: skip


def access_denied() -> GraphRefusal:
    return GraphRefusal(HTTPStatus.FORBIDDEN, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def too_many_requests(retry_after: int | None = 10, *, code: str = "TooManyRequests") -> GraphRefusal:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return GraphRefusal(HTTPStatus.TOO_MANY_REQUESTS, code, "Please retry again later.", headers)


def over_concurrency(retry_after: int | None = 10) -> GraphRefusal:
    """The fifth request at the same time for one mailbox."""
    refusal = too_many_requests(retry_after, code="ApplicationThrottled")
    refusal.message = "Application is over its MailboxConcurrency limit."
    return refusal


def unsupported_segment(path: str) -> GraphRefusal:
    return bad_request(f"Resource not found for the segment '{path.rpartition('/')[2]}'.")


@dataclass
class SignInRefusal(Exception):
    """An error of the identity platform. `error` and `status` come with the number unless given."""

    number: int
    message: str = ""
    error: str = ""
    suberror: str = ""
    claims: str = ""
    status: int = 0

    def __post_init__(self) -> None:
        known = AADSTS.get(self.number, ("invalid_grant", "The request was refused."))
        self.error = self.error or known[0]
        self.message = self.message or known[1]
        self.status = self.status or (
            HTTPStatus.UNAUTHORIZED if self.error == "invalid_client" else HTTPStatus.BAD_REQUEST
        )

    @property
    def description(self) -> str:
        return f"AADSTS{self.number}: {self.message}"

    def body(self) -> dict[str, Any]:
        """The JSON of the token endpoint."""
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        trace, correlation = str(uuid4()), str(uuid4())
        return {
            "error": self.error,
            "error_description": f"{self.description} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now}",
            "error_codes": [self.number],
            "timestamp": now,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.number}",
            **({"suberror": self.suberror} if self.suberror else {}),
            **({"claims": self.claims} if self.claims else {}),
        }


_SIGN_IN_AGAIN = "invalid_grant"
_MORE_PROOF = "interaction_required"
_BAD_APP = "invalid_client"
_BLOCKED = "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."

AADSTS: dict[int, tuple[str, str]] = {
    50011: ("invalid_request", "The redirect URI specified in the request does not match the redirect URIs configured for the application."),
    50020: ("invalid_grant", "User account from identity provider does not exist in tenant and cannot access the application in that tenant."),
    50033: ("temporarily_unavailable", "A retryable error has occurred."),
    50034: (_SIGN_IN_AGAIN, "The user account does not exist in the directory."),
    50053: (_SIGN_IN_AGAIN, "You've tried to sign in too many times with an incorrect user ID or password."),
    50055: (_SIGN_IN_AGAIN, "The password is expired."),
    50057: (_SIGN_IN_AGAIN, "The user account is disabled."),
    50072: (_MORE_PROOF, "Due to a configuration change made by your administrator, you must enroll in multi-factor authentication."),
    50074: (_MORE_PROOF, "Strong Authentication is required."),
    50076: (_MORE_PROOF, "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication."),
    50078: (_MORE_PROOF, "Presented multi-factor authentication has expired due to policies configured by your administrator."),
    50079: (_MORE_PROOF, "You must enroll in multi-factor authentication."),
    50085: (_SIGN_IN_AGAIN, "Refresh token needs social IDP login. Have user try signing-in again."),
    50089: (_SIGN_IN_AGAIN, "Flow token expired. Please sign in again."),
    50105: ("invalid_grant", "Your administrator has configured the application to block users unless they are specifically granted access."),
    50126: (_SIGN_IN_AGAIN, "Error validating credentials due to invalid username or password."),
    50132: (_SIGN_IN_AGAIN, "The session is not valid: password expired or recent password change."),
    50133: (_SIGN_IN_AGAIN, "The session is not valid due to password expiration or recent password change."),
    50139: (_SIGN_IN_AGAIN, "Session is invalid because it's missing an external refresh token."),
    50158: (_MORE_PROOF, "External security challenge not satisfied."),
    50173: (_SIGN_IN_AGAIN, "The provided grant has expired due to it being revoked, a fresh auth token is needed."),
    50194: ("unauthorized_client", "The application is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps."),
    50196: ("invalid_grant", "The server terminated an operation because it encountered a client request loop."),
    51004: (_SIGN_IN_AGAIN, "The user account doesn't exist in the directory."),
    53000: (_MORE_PROOF, "Device is not in required device state."),
    53001: (_MORE_PROOF, "Device is not in required device state: domain join is required."),
    53003: (_MORE_PROOF, _BLOCKED),
    53011: (_MORE_PROOF, "User blocked due to risk on home tenant."),
    54005: (_SIGN_IN_AGAIN, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token."),
    65001: (_SIGN_IN_AGAIN, "The user or administrator has not consented to use the application. Send an interactive authorization request for this user and resource."),
    65004: ("access_denied", "User declined to consent to access the app."),
    65005: ("invalid_client", "The application required resource access list does not contain applications discoverable by the resource."),
    70000: (_SIGN_IN_AGAIN, "The provided value for the 'refresh_token' parameter is not valid."),
    70001: ("unauthorized_client", "The application is disabled."),
    70002: (_BAD_APP, "Error validating credentials."),
    70008: (_SIGN_IN_AGAIN, "The provided authorization code or refresh token has expired due to inactivity."),
    70011: ("invalid_scope", "The provided value for the input parameter 'scope' is not valid."),
    70043: (_SIGN_IN_AGAIN, "The refresh token has expired or is invalid due to sign-in frequency checks by Conditional Access."),
    90014: ("invalid_request", "The required field is missing from the credential."),
    90094: ("access_denied", "The grant requires administrator permission."),
    500112: (_BAD_APP, "The reply address does not match the reply address provided when requesting the authorization code."),
    501481: (_SIGN_IN_AGAIN, "The Code_Verifier does not match the code_challenge supplied in the authorization request."),
    530035: (_MORE_PROOF, "Access has been blocked by security defaults."),
    650052: ("invalid_client", "The app is trying to access a service that your organization lacks a service principal for."),
    650053: ("invalid_client", "The application asked for a scope that doesn't exist on the resource."),
    650054: ("invalid_client", "The application asked for permissions to access a resource that has been removed or is no longer available."),
    650056: ("invalid_client", "Misconfigured application."),
    650057: ("invalid_client", "Invalid resource. The client has requested access to a resource which is not listed in the requested permissions in the client's application registration."),
    700016: ("unauthorized_client", "Application was not found in the directory."),
    700027: (_BAD_APP, "Client assertion failed signature validation."),
    700082: (_SIGN_IN_AGAIN, "The refresh token has expired due to inactivity."),
    700084: (_SIGN_IN_AGAIN, "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime."),
    7000215: (_BAD_APP, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID."),
    7000222: (_BAD_APP, "The provided client secret keys for the app are expired."),
    9002313: (_SIGN_IN_AGAIN, "Invalid request. Request is malformed or invalid."),
    900144: ("invalid_request", "The request body must contain the parameters that are documented, and no others."),
    28000: ("invalid_request", "Provided value for the input parameter scope is not valid because it contains more than one resource."),
    9001023: ("invalid_request", "The grant type is not supported over this endpoint."),
}  # fmt: skip


def html_outage(status: int = HTTPStatus.SERVICE_UNAVAILABLE) -> Response:
    """What a gateway says when nobody behind it answers."""
    page = f"<!DOCTYPE html><html><head><title>Service Unavailable</title></head><body><h2>Our services aren't available right now</h2><p>{secrets.token_hex(8)}</p></body></html>"
    return Response(page, status=status, content_type="text/html; charset=utf-8")
