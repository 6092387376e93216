"""Whose Gmail mailbox an access token opens."""

from collections.abc import Mapping
from typing import Any

from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from httplib2 import Http, HttpLib2Error

from inboxes.addresses import InvalidAddress, normalise
from inboxes.oauth.grants import Account
from inboxes.providers.base import ClientMisconfigured, PermissionMissing, ProviderError, TemporarilyUnavailable

TIMEOUT = 15


def read_account(access_token: str, *, api_root: str) -> Account:
    """Address and aliases of the mailbox. Gmail has no other key for it than the address."""
    http = AuthorizedHttp(Credentials(access_token), http=Http(timeout=TIMEOUT))  # type: ignore[no-untyped-call]
    with build("gmail", "v1", http=http, client_options={"api_endpoint": api_root}, cache_discovery=False) as gmail:
        try:
            address = normalise(gmail.users().getProfile(userId="me").execute()["emailAddress"])
            others = gmail.users().settings().sendAs().list(userId="me").execute().get("sendAs", [])
        except HttpError as error:
            raise _trouble(error) from None
        except (OSError, HttpLib2Error, ValueError, KeyError):
            raise TemporarilyUnavailable("unreachable") from None
    aliases = {alias for entry in others if (alias := _alias(entry)) and alias != address}
    return Account(id=address, address=address, aliases=tuple(sorted(aliases)))


def _alias(entry: Mapping[str, Any]) -> str:
    """An address that Gmail lets its owner write as; unconfirmed ones may be anybody's."""
    if not entry.get("isPrimary") and entry.get("verificationStatus") != "accepted":
        return ""
    try:
        return normalise(str(entry.get("sendAsEmail", "")))
    except InvalidAddress:
        return ""


def _trouble(error: HttpError) -> ProviderError:
    text = str(error.reason)
    if error.status_code == 403 and ("has not been used" in text or "disabled" in text):
        return ClientMisconfigured("api_switched_off")
    if error.status_code in (400, 401, 403):
        return PermissionMissing("mailbox_missing" if error.status_code == 400 else "permission_missing")
    return TemporarilyUnavailable("provider_trouble")
