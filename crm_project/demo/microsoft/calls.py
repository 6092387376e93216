"""One Graph request after its token was looked at: who asks, for which mailbox, and how answers and links are written."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from werkzeug.wrappers import Request

from crm_project.demo.microsoft.directory import Account
from crm_project.demo.microsoft.grants import AccessToken
from crm_project.demo.microsoft.mailbox import Folder, Mailbox
from crm_project.demo.microsoft.queries import Preferences
from crm_project.demo.microsoft.refusals import access_denied, item_not_found
from crm_project.demo.microsoft.rows import Look
from crm_project.demo.microsoft.scopes import GRAPH
from crm_project.demo.microsoft.world import World

_READERS = ("Mail.Read", "Mail.ReadWrite")
_BASIC_READERS = ("Mail.ReadBasic", *_READERS)


@dataclass(frozen=True)
class Call:
    """`prefix` is `me` or `users/…`, as the client wrote it; links repeat it."""

    world: World
    request: Request
    account: Account
    token: AccessToken
    mailbox: Mailbox
    prefix: str
    preferences: Preferences

    @property
    def look(self) -> Look:
        return self.preferences.look

    def folder(self, name: str) -> Folder:
        found = self.mailbox.find_folder(name)
        if found is None:
            raise item_not_found()
        return found

    def require_bodies(self) -> None:
        if not self.look.bodies:
            raise access_denied()

    def link(self, path: str, options: dict[str, str]) -> str:
        """An absolute link to below the mailbox, on the host that was asked."""
        return f"{self.world.url}/v1.0/{self.prefix}/{path}?{urlencode(options, quote_via=quote, safe='$')}"

    def listing(self, what: str, rows: Iterable[dict[str, Any]], **annotations: Any) -> dict[str, Any]:
        """A collection. `annotations` are `@odata.…` values by their short names."""
        context = f"{self.world.url}/v1.0/$metadata#users('{self.account.id}')/{what}"
        named = {f"@odata.{name}": value for name, value in annotations.items() if value is not None}
        return {"@odata.context": context, **named, "value": list(rows)}


def has_scope(token: AccessToken, *names: str) -> bool:
    return any(GRAPH + name in token.scopes for name in names)


def may_read(token: AccessToken, mailbox: Mailbox, account: Account) -> tuple[bool, bool]:
    """Whether the mailbox may be read at all, and with bodies."""
    if mailbox.owner_id == account.id:
        return has_scope(token, *_BASIC_READERS), has_scope(token, *_READERS)
    if not {account.address.lower(), (account.mail or "").lower()} & mailbox.readers:
        return False, False
    shared = [[f"{name}.Shared" for name in names] for names in (_BASIC_READERS, _READERS)]
    return has_scope(token, *shared[0]), has_scope(token, *shared[1])
