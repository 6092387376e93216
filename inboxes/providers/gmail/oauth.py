"""Signing in with Google: OAuth 2.0 for web servers, with PKCE."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from google_auth_oauthlib.flow import Flow
from oauthlib.oauth2 import OAuth2Error

from inboxes.oauth import transport
from inboxes.oauth.grants import Account, Beginning, Grant, SignInRefused
from inboxes.oauth.refusals import Phase, check_return, classify
from inboxes.providers.base import TemporarilyUnavailable
from inboxes.providers.gmail.account import read_account
from inboxes.providers.gmail.oauth_refusals import ROWS


@dataclass(frozen=True, slots=True)
class GoogleClient:
    """The registration at Google, and where Google is."""

    client_id: str
    client_secret: str = field(repr=False)
    authorize_url: str
    token_url: str
    revoke_url: str
    api_root: str


class GoogleOAuth:
    """An `OAuthClient`. Keeps nothing between calls, so that threads may share it."""

    def __init__(self, config: GoogleClient, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._config = config
        self._now = now

    def begin(
        self,
        *,
        redirect_uri: str,
        state: str,
        scopes: Collection[str],
        login_hint: str = "",
        prompt_consent: bool = True,
    ) -> Beginning:
        """Google gives lasting access only with `prompt_consent`. The account is always chosen on Google's own page: by a hint alone it
        may send people on to their company's sign-in, where our Content-Security-Policy lets no form lead.
        """
        flow = self._flow(scopes=list(scopes), redirect_uri=redirect_uri)
        prompt = "consent select_account" if prompt_consent else "select_account"
        hint = {"login_hint": login_hint} if login_hint else {}
        url, _ = flow.authorization_url(state=state, prompt=prompt, **hint)
        kept = {
            "state": state,
            "scopes": list(scopes),
            "redirect_uri": redirect_uri,
            "code_verifier": flow.code_verifier,
            "lasting": prompt_consent,
        }
        return Beginning(
            url=url.replace(transport.encrypted(self._config.authorize_url), self._config.authorize_url, 1), kept=kept
        )

    def finish(self, *, kept: Mapping[str, Any], answer: Mapping[str, str]) -> Grant:
        """Raises `SignInRefused`, and what `refresh` raises for trouble."""
        check_return(kept, answer, ROWS)
        flow = self._flow(redirect_uri=kept["redirect_uri"], code_verifier=kept["code_verifier"])
        flow.oauth2session.register_compliance_hook("access_token_response", _refuse(Phase.EXCHANGE))
        with flow.oauth2session, _understanding():
            grant = self._grant(flow.fetch_token(code=answer["code"]), asked=kept["scopes"])
        if kept["lasting"] and not grant.refresh_token:
            raise SignInRefused("access_not_lasting")
        return grant

    def refresh(self, grant: Grant) -> Grant:
        """Raises `GrantRevoked`, `PermissionMissing`, `ClientMisconfigured`, `RateLimited`, `TemporarilyUnavailable`."""
        flow = self._flow()
        flow.oauth2session.register_compliance_hook("refresh_token_response", _refuse(Phase.REFRESH))
        with flow.oauth2session as session, _understanding():
            answer = session.refresh_token(
                flow.client_config["token_uri"],
                refresh_token=grant.refresh_token,
                client_id=self._config.client_id,
                client_secret=self._config.client_secret,
            )
            renewed = self._grant(answer, asked=grant.scopes)
        return replace(
            renewed,
            refresh_token=renewed.refresh_token or grant.refresh_token,
            account_id=grant.account_id or renewed.account_id,
            address=grant.address or renewed.address,
            ends_at=renewed.ends_at or grant.ends_at,
        )

    def revoke(self, grant: Grant) -> bool:
        """Withdraws everything this person ever allowed this registration. True too when it was gone already."""
        token = grant.refresh_token or grant.access_token
        with transport.through(requests.Session(), endpoints=[self._config.revoke_url]) as session:
            answer = session.post(transport.encrypted(self._config.revoke_url), data={"token": token})
        return answer.ok or answer.json().get("error") == "invalid_token"

    def account(self, grant: Grant) -> Account:
        return read_account(grant, api_root=self._config.api_root, now=self._now)

    def _flow(self, *, scopes: list[str] | None = None, **kept: Any) -> Flow:
        """Without `scopes` the library takes what was granted as it is, instead of complaining when it is not what was asked."""
        config = {
            "client_id": self._config.client_id,
            "client_secret": self._config.client_secret,
            "auth_uri": transport.encrypted(self._config.authorize_url),
            "token_uri": transport.encrypted(self._config.token_url),
        }
        flow = Flow.from_client_config({"web": config}, scopes=scopes, **kept)
        transport.through(flow.oauth2session, endpoints=[self._config.token_url])
        return flow

    def _grant(self, answer: Mapping[str, Any], *, asked: Collection[str]) -> Grant:
        """The access itself ends where its owner gave it for a time, or where this registration is being tested (seven days)."""
        scopes, now, life = answer.get("scope") or asked, self._now(), answer.get("refresh_token_expires_in")
        return Grant(
            access_token=answer["access_token"],
            refresh_token=answer.get("refresh_token") or "",
            expires_at=now + timedelta(seconds=float(answer.get("expires_in", 3600))),
            scopes=tuple(scopes.split() if isinstance(scopes, str) else scopes),
            ends_at=now + timedelta(seconds=float(life)) if life else None,
        )


def _refuse(phase: Phase) -> Callable[[requests.Response], requests.Response]:
    """Looks at an answer before the library does, whose exceptions say less."""

    def hook(response: requests.Response) -> requests.Response:
        answer = response.json()
        if not response.ok or "error" in answer:
            raise classify(answer, phase, ROWS)
        return response

    return hook


@contextmanager
def _understanding() -> Iterator[None]:
    """An answer that makes no sense says nothing about the grant."""
    try:
        yield
    except (OAuth2Error, ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise TemporarilyUnavailable("answer_not_understood") from None
