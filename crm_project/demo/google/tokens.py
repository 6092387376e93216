"""The token and revocation endpoints."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from crm_project.demo.google import answers
from crm_project.demo.google.answers import Answer, Refused
from crm_project.demo.google.grants import (
    ACCESS_LIFETIME,
    CODE_LIFETIME,
    TESTING_LIFETIME,
    AccessToken,
    Client,
    Code,
    Grants,
    RefreshToken,
    canonical,
)
from crm_project.demo.google.keys import ISSUER, signing_key

_COMMON = frozenset({"grant_type", "client_id", "client_secret"})
_KNOWN = {
    "authorization_code": _COMMON | {"code", "redirect_uri", "code_verifier", "scope"},
    "refresh_token": _COMMON | {"refresh_token", "scope"},
}
_NO_STORE = {"Cache-Control": "no-store"}
Form = Mapping[str, str]


class TokenEndpoint:
    def __init__(self, grants: Grants) -> None:
        self._grants = grants

    def token(self, form: Form) -> Answer:
        """Raises `Refused`. `form` holds the client's id and secret, however they were sent."""
        kind = _required(form, "grant_type")
        if kind not in _KNOWN:
            raise Refused(answers.oauth_error(400, "unsupported_grant_type", f"Invalid grant_type: {kind}"))
        _refuse_unknown(form, _KNOWN[kind])
        client = self._client(form)
        return self._from_code(client, form) if kind == "authorization_code" else self._from_refresh(client, form)

    def revoke(self, form: Form) -> Answer:
        """Raises `Refused`."""
        _refuse_unknown(form, frozenset({"token"}))
        if not self._grants.revoke(_required(form, "token")):
            raise Refused(answers.oauth_error(400, "invalid_token", "Token expired or revoked"))
        return Answer(200, {}, _NO_STORE)

    def address_of(self, form: Form) -> str:
        """Whose tokens are asked for, "" if that cannot be told."""
        code = self._grants.codes.get(form.get("code", ""))
        token = self._grants.refresh_tokens.get(form.get("refresh_token", form.get("token", "")))
        held = code or token or self._grants.access_tokens.get(form.get("token", ""))
        return held.address if held else ""

    def _client(self, form: Form) -> Client:
        client = self._grants.clients.get(_required(form, "client_id"))
        if client is None:
            raise Refused(answers.invalid_client("The OAuth client was not found."))
        if not form.get("client_secret"):
            raise Refused(answers.oauth_error(400, "invalid_request", "client_secret is missing."))
        if not secrets.compare_digest(client.secret.encode(), form["client_secret"].encode()):
            raise Refused(answers.invalid_client())
        return client

    def _from_code(self, client: Client, form: Form) -> Answer:
        code = self._grants.codes.get(_required(form, "code"))
        if code is None or code.client_id != client.id:
            raise Refused(answers.invalid_grant("Malformed auth code."))
        if code.is_used or self._grants.clock.now() - code.issued_at >= CODE_LIFETIME:
            raise Refused(answers.invalid_grant("Bad Request"))
        if _required(form, "redirect_uri") != code.redirect_uri:
            raise Refused(answers.oauth_error(400, "redirect_uri_mismatch", "Bad Request"))
        _check_verifier(code, form.get("code_verifier", ""))
        self._refuse_by_policy(code.address)
        code.is_used = True
        access = self._grants.make_access_token(client, code.address, code.scopes)
        refresh = None
        if code.gives_refresh_token:
            refresh = self._grants.make_refresh_token(client, code.address, code.scopes)
        return self._issued(client, access, refresh, nonce=code.nonce)

    def _from_refresh(self, client: Client, form: Form) -> Answer:
        token = self._grants.refresh_tokens.get(_required(form, "refresh_token"))
        if token is None:
            raise Refused(answers.invalid_grant("Bad Request"))
        if token.client_id != client.id:
            raise Refused(answers.unauthorized_client())
        self._refuse_by_policy(token.address)
        if not self._grants.is_live(token, client):
            raise Refused(answers.invalid_grant())
        asked = tuple(form.get("scope", "").split()) or token.scopes
        if not set(asked) <= set(token.scopes):
            raise Refused(answers.oauth_error(400, "invalid_scope", "Some requested scopes were invalid."))
        token.used_at = self._grants.clock.now()
        access = self._grants.make_access_token(client, token.address, asked)
        fresh = self._grants.rotate(token, client) if self._grants.rotates else None
        return self._issued(client, access, fresh)

    def _issued(self, client: Client, access: AccessToken, refresh: RefreshToken | None, *, nonce: str = "") -> Answer:
        body: dict[str, Any] = {
            "access_token": access.value,
            "expires_in": int(ACCESS_LIFETIME.total_seconds()),
            "scope": " ".join(access.scopes),
            "token_type": "Bearer",
        }
        if refresh:
            body["refresh_token"] = refresh.value
            if client.is_testing:
                body["refresh_token_expires_in"] = int(TESTING_LIFETIME.total_seconds()) - 1
        if "openid" in access.scopes:
            body["id_token"] = self._id_token(client, access, nonce)
        return Answer(200, body, _NO_STORE)

    def _id_token(self, client: Client, access: AccessToken, nonce: str) -> str:
        now = int(self._grants.clock.now().timestamp())
        claims = {"iss": ISSUER, "azp": client.id, "aud": client.id, "iat": now, "exp": now + 3600}
        claims["sub"] = self._grants.subject_of(access.address)
        if canonical("email") in access.scopes:
            claims |= {"email": access.address, "email_verified": True}
        return signing_key().sign(claims | ({"nonce": nonce} if nonce else {}))

    def _refuse_by_policy(self, address: str) -> None:
        if address in self._grants.policies:
            raise Refused(self._grants.policies[address])


def _required(form: Form, name: str) -> str:
    if not form.get(name):
        raise Refused(answers.oauth_error(400, "invalid_request", f"Missing required parameter: {name}"))
    return form[name]


def _refuse_unknown(form: Form, known: frozenset[str]) -> None:
    for name in sorted(form.keys() - known):
        raise Refused(answers.oauth_error(400, "invalid_request", f"Parameter not allowed: {name}"))


def _check_verifier(code: Code, verifier: str) -> None:
    if not code.challenge:
        if verifier:
            raise Refused(answers.invalid_grant("code_verifier or verifier is not needed."))
        return
    if not verifier:
        raise Refused(answers.invalid_grant("Missing code verifier."))
    given = verifier
    if code.challenge_method == "S256":
        given = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    if not secrets.compare_digest(given.encode(), code.challenge.encode()):
        raise Refused(answers.invalid_grant("Invalid code verifier."))
