"""Graph v1.0 below one address: who asks, for whose mailbox, and the table of what can be asked."""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from werkzeug.wrappers import Request, Response

from crm_project.demo.microsoft import delta, messages
from crm_project.demo.microsoft.calls import Call, has_scope, may_read
from crm_project.demo.microsoft.directory import Account
from crm_project.demo.microsoft.faults import MAILBOX
from crm_project.demo.microsoft.grants import AccessToken
from crm_project.demo.microsoft.mailbox import Mailbox, Message
from crm_project.demo.microsoft.queries import preferences, read_query
from crm_project.demo.microsoft.refusals import GraphRefusal, access_denied, item_not_found, unsupported_segment
from crm_project.demo.microsoft.world import World

ROOT = "/v1.0/"
Answer = dict[str, Any] | Response
_QUOTED = re.compile(r"\('([^']*)'\)")
_PROFILE = ("businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
            "preferredLanguage", "surname", "userPrincipalName", "id")  # fmt: skip
_PROFILE_ON_REQUEST = ("proxyAddresses", "otherMails", "userType", "accountEnabled")


def _message(call: Call, message_id: str, folder_name: str = "") -> Message:
    found = call.mailbox.find(message_id)
    if found is None or (folder_name and found.folder_id != call.folder(folder_name).id):
        raise item_not_found()
    return found


Handler = Callable[..., Answer]
_FOLDER = r"mailFolders/(?P<folder>[^/]+)"
_MESSAGE = r"messages/(?P<message>[^/]+)"
_ROUTES: list[tuple[re.Pattern[str], Handler]] = [
    (re.compile(pattern, re.IGNORECASE), handler)
    for pattern, handler in (
        (r"mailFolders", lambda call: messages.list_folders(call)),
        (r"mailFolders/delta", lambda call: delta.folder_delta(call)),
        (_FOLDER, lambda call, folder: messages.get_folder(call, folder)),
        (_FOLDER + r"/childFolders", lambda call, folder: messages.list_folders(call, folder)),
        (_FOLDER + r"/messages/delta", lambda call, folder: delta.message_delta(call, folder)),
        (_FOLDER + r"/messages", lambda call, folder: messages.list_messages(call, folder)),
        (r"messages", lambda call: messages.list_messages(call)),
        (rf"(?:{_FOLDER}/)?{_MESSAGE}", lambda call, message, folder="": messages.get_message(call, _message(call, message, folder))),
        (rf"(?:{_FOLDER}/)?{_MESSAGE}/\$value", lambda call, message, folder="": messages.get_mime(call, _message(call, message, folder))),
        (_MESSAGE + r"/attachments", lambda call, message: messages.list_attachments(call, _message(call, message))),
        (_MESSAGE + r"/attachments/(?P<file>[^/]+)", lambda call, message, file: messages.get_attachment(call, _message(call, message), file)),
        (_MESSAGE + r"/attachments/(?P<file>[^/]+)/\$value", lambda call, message, file: messages.get_attachment(call, _message(call, message), file, content=True)),
    )
]  # fmt: skip


def segments(path: str) -> str:
    """The path below the version: `mailFolders('x')` is written `mailFolders/x`."""
    return _QUOTED.sub(r"/\1", path.removeprefix(ROOT)).strip("/")


def target(world: World, account: Account, path: str) -> tuple[Mailbox | None, str, str]:
    """The mailbox a path is about, how it was named there, and the rest of the path."""
    first, _, rest = path.partition("/")
    if first.lower() == "me":
        return world.mailboxes.get(account.id), "me", rest
    name, _, rest = rest.partition("/")
    return world.find_mailbox(name), f"users/{name}", rest


def answer(world: World, request: Request, account: Account, token: AccessToken) -> Answer:
    """Raises GraphRefusal."""
    path = segments(request.path)
    if path.lower() == "me":
        return _profile(world, request, account, token)
    if path.partition("/")[0].lower() not in ("me", "users"):
        raise unsupported_segment(path)
    mailbox, prefix, rest = target(world, account, path)
    if not rest:  # somebody's profile, which takes a scope nobody here asks for
        raise GraphRefusal(
            HTTPStatus.FORBIDDEN, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
        )
    if mailbox is None:
        raise _no_mailbox() if prefix == "me" else _invalid_user()
    request.environ[MAILBOX] = mailbox.address
    with world.metered(mailbox):
        if early := world.faults.meet(request):
            return early
        return _of_mailbox(world, request, account, token, mailbox, prefix, rest)


def _no_mailbox(code: str = "MailboxNotEnabledForRESTAPI") -> GraphRefusal:
    message = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
    return GraphRefusal(HTTPStatus.NOT_FOUND, code, message)


def _invalid_user() -> GraphRefusal:
    return GraphRefusal(HTTPStatus.NOT_FOUND, "ErrorInvalidUser", "The requested user is invalid.")


def _of_mailbox(
    world: World, request: Request, account: Account, token: AccessToken, mailbox: Mailbox, prefix: str, rest: str
) -> Answer:
    if mailbox.trouble:
        raise _no_mailbox(mailbox.trouble)
    readable, bodies = may_read(token, mailbox, account)
    if not readable:
        raise access_denied()
    for pattern, handler in _ROUTES:
        if found := pattern.fullmatch(rest):
            if request.method != "GET":
                raise GraphRefusal(HTTPStatus.METHOD_NOT_ALLOWED, "BadRequest", "The HTTP method is not allowed here.")
            prefer = preferences(request, bodies=bodies)
            call = Call(world, request, account, token, mailbox, prefix, prefer)
            with mailbox.lock:
                values = {name: value for name, value in found.groupdict().items() if value is not None}
                return handler(call, **values)
    raise unsupported_segment(rest)


def _profile(world: World, request: Request, account: Account, token: AccessToken) -> Answer:
    if early := world.faults.meet(request):
        return early
    if not has_scope(token, "User.Read"):
        raise GraphRefusal(
            HTTPStatus.FORBIDDEN, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
        )
    query = read_query(request.args, allowed={"$select"}, fields=(*_PROFILE, *_PROFILE_ON_REQUEST))
    values: dict[str, Any] = dict.fromkeys(_PROFILE) | {
        "businessPhones": [],
        "displayName": account.name,
        "mail": account.mail,
        "userPrincipalName": account.address,
        "id": account.id,
        "proxyAddresses": account.proxy_addresses,
        "otherMails": [],
        "userType": "Member",
        "accountEnabled": not account.trouble,
    }
    names = query.select or _PROFILE
    chosen = f"({','.join(names)})" if query.select else ""
    return {
        "@odata.context": f"{world.url}/v1.0/$metadata#users{chosen}/$entity",
        **{name: values[name] for name in names},
    }
