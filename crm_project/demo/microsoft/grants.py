"""Codes and tokens: single-use codes bound to PKCE, refresh tokens that are new at each use, access tokens that end."""

import hashlib
import json
import secrets
import threading
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from crm_project.demo.clock import Clock
from crm_project.demo.microsoft import scopes
from crm_project.demo.microsoft.directory import Account, Directory
from crm_project.demo.microsoft.refusals import GraphRefusal, SignInRefusal
from crm_project.demo.microsoft.scopes import Wanted

CODE_LIFE = timedelta(minutes=10)
REFRESH_LIFE = timedelta(days=90)
REVOKED, INACTIVE = 50173, 700082


@dataclass
class Code:
    account_id: str
    scope: str
    redirect_uri: str
    challenge: str
    nonce: str
    made_at: datetime
    redeemed: bool = False


@dataclass
class RefreshToken:
    """`dead` is the AADSTS number it is answered with (0: alive); `uses` counts."""

    account_id: str
    used_at: datetime
    dead: int = 0
    uses: int = 0


@dataclass(frozen=True)
class AccessToken:
    account_id: str
    scopes: frozenset[str]
    expires_at: datetime


@dataclass
class Grants:
    """`single_use_refresh` refuses a refresh token that was used before; Microsoft itself lets it live on."""

    directory: Directory
    clock: Clock
    access_life: timedelta = timedelta(seconds=3599)
    single_use_refresh: bool = False
    codes: dict[str, Code] = field(default_factory=dict)
    refresh_tokens: dict[str, RefreshToken] = field(default_factory=dict)
    access_tokens: dict[str, AccessToken] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def issue_code(self, account: Account, *, scope: str, redirect_uri: str, challenge: str, nonce: str) -> str:
        code = "1.AX" + secrets.token_urlsafe(400)
        self.codes[code] = Code(account.id, scope, redirect_uri, challenge, nonce, self.clock.now())
        return code

    def redeem(self, *, code: str, redirect_uri: str, verifier: str, scope: str) -> dict[str, Any]:
        """Raises SignInRefusal."""
        with self.lock:
            known = self.codes.get(code)
            if known is None:
                raise SignInRefusal(9002313)
            if known.redeemed:
                raise SignInRefusal(54005)
            if known.made_at + CODE_LIFE <= self.clock.now():
                raise SignInRefusal(70008)
            if redirect_uri != known.redirect_uri:
                raise SignInRefusal(500112)
            if known.challenge and challenge_of(verifier) != known.challenge:
                raise SignInRefusal(501481)
            known.redeemed = True
            return self.issue(self._account(known.account_id), scope or known.scope, nonce=known.nonce)

    def refresh(self, *, token: str, scope: str) -> dict[str, Any]:
        """Raises SignInRefusal."""
        with self.lock:
            known = self.refresh_tokens.get(token)
            if known is None:
                raise SignInRefusal(9002313)
            if known.used_at + REFRESH_LIFE <= self.clock.now():
                raise SignInRefusal(INACTIVE)
            if known.dead or (self.single_use_refresh and known.uses):
                raise SignInRefusal(known.dead or 70000)
            answer = self.issue(self._account(known.account_id), scope)
            known.uses += 1
            known.used_at = self.clock.now()
            return answer

    def issue(self, account: Account, scope: str, *, nonce: str = "") -> dict[str, Any]:
        """The answer of the token endpoint. Raises SignInRefusal if the account is in trouble or has not consented."""
        if account.trouble:
            raise SignInRefusal(
                account.trouble, claims=account.claims, suberror="basic_action" if account.claims else ""
            )
        wanted, identity = scopes.read(scope)
        allowed = self.allowed(account)
        granted = [one for one in wanted if one.full in allowed]
        if wanted and not granted:
            raise SignInRefusal(65001, suberror="consent_required")
        with self.lock:
            return self._answer(account, granted, identity, nonce)

    def allowed(self, account: Account) -> set[str]:
        """What the account or an administrator has agreed to."""
        return account.consented | self.directory.tenant_of(account).granted

    def revoke(self, account: Account, *, number: int = REVOKED) -> None:
        """Every token the account was given is refused from now on."""
        with self.lock:
            for refresh_token in self.refresh_tokens.values():
                if refresh_token.account_id == account.id:
                    refresh_token.dead = number
            for value, access_token in list(self.access_tokens.items()):
                if access_token.account_id == account.id:
                    del self.access_tokens[value]

    def expire_access_tokens(self) -> None:
        with self.lock:
            self.access_tokens.clear()

    def bearer(self, authorization: str) -> AccessToken:
        """Whose token this is. Raises GraphRefusal (401)."""
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() != "bearer" or not value:
            raise unauthorized("Access token is empty.")
        token = self.access_tokens.get(value)
        if token is None:
            raise unauthorized("Access token validation failure.")
        if token.expires_at <= self.clock.now():
            raise unauthorized("Lifetime validation failed, the token is expired.")
        return token

    def _account(self, account_id: str) -> Account:
        account = self.directory.accounts.get(account_id)
        if account is None:
            raise SignInRefusal(50034)
        return account

    def _answer(self, account: Account, granted: list[Wanted], identity: set[str], nonce: str) -> dict[str, Any]:
        asked = {one.full for one in granted}
        resource = granted[0].full.rpartition("/")[0] if granted else scopes.GRAPH.rstrip("/")
        more = sorted(name for name in self.allowed(account) - asked if name.rpartition("/")[0] == resource)
        access = "EwB" + secrets.token_urlsafe(900)
        self.access_tokens[access] = AccessToken(
            account.id, frozenset(asked | set(more)), self.clock.now() + self.access_life
        )
        # Spelled as the request spelled them, and whatever else was agreed to for the same resource.
        short = not granted or granted[0].written == granted[0].name
        names = [one.written for one in granted] + [name.rpartition("/")[2] if short else name for name in more]
        answer = {
            "token_type": "Bearer",
            "scope": " ".join([*names, *(name for name in ("openid", "profile", "email") if name in identity)]),
            "expires_in": int(self.access_life.total_seconds()),
            "ext_expires_in": int(self.access_life.total_seconds()),
            "access_token": access,
        }
        if "offline_access" in identity:
            answer["refresh_token"] = refresh = "1.AXo" + secrets.token_urlsafe(600)
            self.refresh_tokens[refresh] = RefreshToken(account.id, self.clock.now())
        if "openid" in identity:
            answer["id_token"] = self._id_token(account, nonce)
        return answer

    def _id_token(self, account: Account, nonce: str) -> str:
        """Its signature is made up: what comes straight from the token endpoint needs none."""
        now = int(self.clock.now().timestamp())
        claims = {
            "ver": "2.0",
            "iss": f"https://login.microsoftonline.com/{account.tenant_id}/v2.0",
            "sub": urlsafe_b64encode(hashlib.sha256(account.id.encode()).digest()).decode().rstrip("="),
            "aud": self.directory.application.id,
            "exp": now + 3600,
            "iat": now,
            "nbf": now,
            "name": account.name,
            "preferred_username": account.address,
            "oid": account.id,
            "tid": account.tenant_id,
            **({"nonce": nonce} if nonce else {}),
        }
        parts = ({"typ": "JWT", "alg": "RS256", "kid": "stand-in"}, claims)
        return ".".join([*(encoded(json.dumps(part)) for part in parts), encoded(secrets.token_hex(32))])


def challenge_of(verifier: str) -> str:
    """RFC 7636, S256."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def client_info(account: Account) -> str:
    return encoded(json.dumps({"uid": account.id, "utid": account.tenant_id}))


def unauthorized(message: str, *, claims: str = "") -> GraphRefusal:
    """`claims` (JSON): more proof is needed than a new token."""
    parts = ['Bearer realm=""', 'authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"']
    if claims:
        padded = urlsafe_b64encode(claims.encode()).decode()
        parts += [
            'client_id="00000003-0000-0000-c000-000000000000"',
            'error="insufficient_claims"',
            f'claims="{padded}"',
        ]
    return GraphRefusal(
        HTTPStatus.UNAUTHORIZED, "InvalidAuthenticationToken", message, headers={"WWW-Authenticate": ", ".join(parts)}
    )
