"""Subscriptions to a mailbox: made after a handshake, renewed, ended; and what they are told by."""

import json
import re
import secrets
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import requests
from werkzeug.wrappers import Request, Response

from crm_project.demo.microsoft.calls import has_scope
from crm_project.demo.microsoft.directory import Account
from crm_project.demo.microsoft.grants import AccessToken
from crm_project.demo.microsoft.queries import preferences, single
from crm_project.demo.microsoft.refusals import GraphRefusal, access_denied, bad_request, over_concurrency
from crm_project.demo.microsoft.subscription import CHANGES, Subscription
from crm_project.demo.microsoft.world import World

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
SHORTEST, LONGEST = timedelta(minutes=45), timedelta(minutes=10_080)
MOST = 1000
HANDSHAKE_SECONDS = 10
_REQUIRED = {"changeType", "notificationUrl", "resource", "expirationDateTime"}
_OPTIONAL = {"clientState", "lifecycleNotificationUrl", "latestSupportedTlsVersion", "includeResourceData"}
_RESOURCE = re.compile(
    r"/?(?:me|users/(?P<user>[^/]+))(?:/mailFolders(?:\('|/)(?P<folder>[^/']+)(?:'\))?)?/messages", re.IGNORECASE
)


def answer(
    world: World, request: Request, account: Account, token: AccessToken, rest: str
) -> dict[str, Any] | Response:
    """`rest` is the path below `subscriptions`. Raises GraphRefusal."""
    single(request.args, ())
    if not has_scope(token, "Mail.Read", "Mail.ReadBasic", "Mail.ReadWrite"):
        raise access_denied()
    if not rest:
        return _all(world, request, account)
    subscription_id, _, action = rest.partition("/")
    known = world.notifier.active.get(subscription_id)
    if known is None or known.account_id != account.id or known.expires_at <= world.clock.now():
        raise GraphRefusal(HTTPStatus.NOT_FOUND, "ResourceNotFound", "The object was not found.")
    if action:
        if action.lower() != "reauthorize" or request.method != "POST":
            raise bad_request(f"Resource not found for the segment '{action}'.")
        return Response(status=HTTPStatus.NO_CONTENT)
    return _one(world, request, known)


def _all(world: World, request: Request, account: Account) -> dict[str, Any] | Response:
    context = f"{world.url}/v1.0/$metadata#subscriptions"
    if request.method == "GET":
        own = [one for one in world.notifier.active.values() if one.account_id == account.id]
        return {"@odata.context": context, "value": [one.row(f"{context}/$entity") for one in own]}
    if request.method != "POST":
        raise GraphRefusal(HTTPStatus.METHOD_NOT_ALLOWED, "BadRequest", "The HTTP method is not allowed here.")
    made = _new(world, request, account)
    for url in dict.fromkeys((made.notification_url, made.lifecycle_url)):
        if url:
            _shake_hands(url, made.id)
    world.notifier.active[made.id] = made
    return _created(made.row(f"{context}/$entity"))


def _one(world: World, request: Request, known: Subscription) -> dict[str, Any] | Response:
    match request.method:
        case "DELETE":
            del world.notifier.active[known.id]
            return Response(status=HTTPStatus.NO_CONTENT)
        case "PATCH":
            body = _body(request, required={"expirationDateTime"}, optional={"notificationUrl"})
            if url := body.get("notificationUrl"):
                _shake_hands(_url(url), known.id)
                known.notification_url = url
            known.expires_at = _expiry(world, body["expirationDateTime"])
        case "GET":
            pass
        case _:
            raise GraphRefusal(HTTPStatus.METHOD_NOT_ALLOWED, "BadRequest", "The HTTP method is not allowed here.")
    return known.row(f"{world.url}/v1.0/$metadata#subscriptions/$entity")


def _new(world: World, request: Request, account: Account) -> Subscription:
    body = _body(request, required=_REQUIRED, optional=_OPTIONAL)
    if body.get("includeResourceData"):
        raise bad_request("includeResourceData needs an encryption certificate, which nobody here sends.")
    state = body.get("clientState")
    if state is not None and len(state) > 128:
        raise bad_request("clientState must be no longer than 128 characters.", code="ValidationError")
    if not set(body["changeType"].split(",")) <= CHANGES.keys():
        raise bad_request("changeType must be created, updated, deleted, or several of them.", code="ValidationError")
    if len([one for one in world.notifier.active.values() if one.account_id == account.id]) >= MOST:
        raise over_concurrency()
    return Subscription(
        str(uuid4()),
        account.id,
        world.directory.application.id,
        body["resource"],
        _folder_id(world, account, body["resource"]),
        body["changeType"],
        _url(body["notificationUrl"]),
        _url(body["lifecycleNotificationUrl"]) if body.get("lifecycleNotificationUrl") else "",
        state,
        _expiry(world, body["expirationDateTime"]),
        preferences(request).look.immutable_ids,
    )


def _body(request: Request, *, required: set[str], optional: set[str]) -> dict[str, Any]:
    body = request.get_json(silent=True) if request.is_json else None
    if not isinstance(body, dict):
        raise bad_request("Unable to read JSON request payload.")
    if unknown := sorted(body.keys() - required - optional):
        raise bad_request(f"The properties {unknown} do not exist on type 'microsoft.graph.subscription'.")
    if missing := sorted(required - body.keys()):
        raise bad_request(f"The properties {missing} are missing.", code="ValidationError")
    return body


def _folder_id(world: World, account: Account, resource: str) -> str:
    """Only the mailbox of the person who asks can be listened to."""
    found = _RESOURCE.fullmatch(resource)
    if found is None:
        raise bad_request(f"Resource '{resource}' is not supported.", code="ValidationError")
    mailbox = world.mailboxes.get(account.id) if found["user"] is None else world.find_mailbox(found["user"])
    if mailbox is None or mailbox.owner_id != account.id:
        raise access_denied()
    if found["folder"] is None:
        return ""
    folder = mailbox.find_folder(found["folder"])
    if folder is None:
        raise GraphRefusal(
            HTTPStatus.NOT_FOUND, "ErrorItemNotFound", "The specified folder could not be found in the store."
        )
    return folder.id


def _url(url: str) -> str:
    """Encrypted, unless it is on this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise bad_request("The notification URL must use the HTTPS scheme.", code="ValidationError")
    return url


def _expiry(world: World, text: str) -> datetime:
    try:
        wanted = datetime.fromisoformat(text)
    except ValueError:
        wanted = None
    now = world.clock.now()
    if wanted is None or wanted.tzinfo is None or wanted <= now:
        raise bad_request("expirationDateTime must be a moment in the future.", code="ValidationError")
    if wanted > now + LONGEST + timedelta(minutes=1):
        raise bad_request("Subscription expiration can only be 10080 minutes in the future.", code="ValidationError")
    return max(wanted, now + SHORTEST)


def _shake_hands(url: str, subscription_id: str) -> None:
    """Raises GraphRefusal unless the address answers as it should within ten seconds."""
    token = f"Validation: Testing client application reachability for subscription Request-Id: {subscription_id} {secrets.token_hex(4)}+/=&"
    said = "Subscription validation request failed. "
    try:
        answered = requests.post(
            url,
            params={"validationToken": token},
            headers={"Content-Type": "text/plain; charset=utf-8"},
            timeout=HANDSHAKE_SECONDS,
            allow_redirects=False,
        )
    except requests.RequestException:
        raise bad_request(said + "HTTP status code is 'RequestTimeout'.", code="ValidationError") from None
    if answered.status_code != HTTPStatus.OK:
        raise bad_request(
            said + "Notification endpoint must respond with 200 OK to validation request.", code="ValidationError"
        )
    if not answered.headers.get("Content-Type", "").startswith("text/plain"):
        raise bad_request(said + "Content-Type must be text/plain.", code="ValidationError")
    if answered.content != token.encode():
        raise bad_request(said + "Response must exactly match validationToken query parameter.", code="ValidationError")


def _created(row: dict[str, Any]) -> Response:
    return Response(json.dumps(row), HTTPStatus.CREATED, content_type="application/json; charset=utf-8")
