"""Signing in with Microsoft: work, school and personal accounts."""

import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import msal
import requests

from inboxes.oauth import transport
from inboxes.oauth.grants import Account, Beginning, Grant, SignInRefused
from inboxes.oauth.refusals import Phase, check_return, classify
from inboxes.providers.base import ClientMisconfigured, TemporarilyUnavailable
from inboxes.providers.graph.account import read_account
from inboxes.providers.graph.oauth_refusals import ROWS

OPENID_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})
"""The library asks for them by itself, and refuses to be told."""


@dataclass(frozen=True, slots=True)
class MicrosoftClient:
    """The registration at Microsoft, and where Microsoft is. `authority` ends with the tenant, or `common`."""

    client_id: str
    client_secret: str = field(repr=False)
    authority: str
    graph_root: str


class DescriptionsOnly(dict[str, Any]):
    """What the library may remember between clients: how the authority describes itself, and nothing else.

    It would keep refusals for a minute and pauses for an hour, and play them back as if the provider had just spoken.
    """

    def __setitem__(self, key: str, value: Any) -> None:
        if not key.startswith("POST "):
            super().__setitem__(key, value)


_descriptions = DescriptionsOnly()


class MicrosoftOAuth:
    """An `OAuthClient`. Keeps no tokens between calls, so that threads may share it."""

    def __init__(self, config: MicrosoftClient, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._config = config
        self._now = now
        # Before the names of Graph's scopes, where Microsoft writes them in full: each national cloud has its own.
        self._resource = urljoin(config.graph_root, "/")

    def begin(
        self,
        *,
        redirect_uri: str,
        state: str,
        scopes: Collection[str],
        login_hint: str = "",
        prompt_consent: bool = True,
    ) -> Beginning:
        """Microsoft asks for consent where it has none yet: insisting would keep out whoever an administrator has allowed in. The account
        is always chosen on Microsoft's own page: by a hint alone it may send people on to their company's sign-in, where our
        Content-Security-Policy lets no form lead.
        """
        with self._app() as app, warnings.catch_warnings():
            # The library prefers answers by form_post: a request of another site's page, which carries no session of ours.
            warnings.simplefilter("ignore", UserWarning)
            flow = app.initiate_auth_code_flow(
                sorted(scopes),
                redirect_uri=redirect_uri,
                state=state,
                login_hint=login_hint or None,
                prompt="select_account",
            )
        kept = {**flow, "scopes": list(scopes)}
        return Beginning(url=self._for_browsers(kept.pop("auth_uri")), kept=kept)

    def finish(self, *, kept: Mapping[str, Any], answer: Mapping[str, str]) -> Grant:
        """Raises `SignInRefused`, and what `refresh` raises for trouble."""
        check_return(kept, answer, ROWS)
        flow = {name: value for name, value in kept.items() if name != "scopes"}
        with self._app() as app, _understanding():
            result = app.acquire_token_by_auth_code_flow(flow, dict(answer))
            grant = self._grant(result, Phase.EXCHANGE, asked=kept["scopes"])
        if not grant.refresh_token:
            raise SignInRefused("access_not_lasting")
        return grant

    def refresh(self, grant: Grant) -> Grant:
        """Raises `GrantRevoked`, `PermissionMissing`, `ClientMisconfigured`, `RateLimited`, `TemporarilyUnavailable`."""
        with self._app() as app, _understanding():
            result = app.acquire_token_by_refresh_token(grant.refresh_token, list(grant.scopes))
            renewed = self._grant(result, Phase.REFRESH, asked=grant.scopes)
        return replace(
            renewed,
            refresh_token=renewed.refresh_token or grant.refresh_token,
            account_id=grant.account_id or renewed.account_id,
            address=grant.address or renewed.address,
        )

    def revoke(self, grant: Grant) -> bool:
        """Microsoft has no way to give a grant back: the person removes it in their account."""
        return False

    def account(self, grant: Grant) -> Account:
        return read_account(grant, graph_root=self._config.graph_root, now=self._now)

    @contextmanager
    def _app(self) -> Iterator[msal.ConfidentialClientApplication]:
        """A new one each time: it collects tokens."""
        with transport.through(requests.Session(), endpoints=[self._config.authority]) as session:
            try:
                app = msal.ConfidentialClientApplication(
                    self._config.client_id,
                    client_credential=self._config.client_secret,
                    authority=transport.encrypted(self._config.authority),
                    instance_discovery=False,
                    http_client=session,
                    http_cache=_descriptions,
                )
            except (ValueError, KeyError, TypeError) as error:
                _descriptions.clear()  # it would be believed for a day
                if isinstance(error, ValueError):
                    raise ClientMisconfigured("authority_unknown") from None
                raise TemporarilyUnavailable("answer_not_understood") from None
            yield app

    def _for_browsers(self, url: str) -> str:
        """The library knows https only; an authority on this machine is reached without."""
        authority = urlsplit(self._config.authority)
        parts = urlsplit(url)
        return parts._replace(scheme=authority.scheme).geturl() if parts.netloc == authority.netloc else url

    def _grant(self, result: Mapping[str, Any], phase: Phase, *, asked: Collection[str]) -> Grant:
        if "access_token" not in result:
            raise classify(result, phase, ROWS)
        claims = result.get("id_token_claims") or {}
        granted = str(result.get("scope") or " ".join(asked)).split()
        tenant, person = claims.get("tid"), claims.get("oid")
        return Grant(
            access_token=result["access_token"],
            refresh_token=result.get("refresh_token") or "",
            expires_at=self._now() + timedelta(seconds=float(result.get("expires_in", 3600))),
            scopes=tuple(scope.removeprefix(self._resource) for scope in granted if scope not in OPENID_SCOPES),
            account_id=f"{tenant}.{person}" if tenant and person else "",
            address=str(claims.get("preferred_username") or "").lower(),
        )


@contextmanager
def _understanding() -> Iterator[None]:
    """An answer that does not hang together (a nonce of somebody else's, an id token nobody can read) says nothing about the grant."""
    try:
        yield
    except (ValueError, RuntimeError, KeyError, TypeError, AttributeError, OverflowError):
        raise TemporarilyUnavailable("answer_not_understood") from None
