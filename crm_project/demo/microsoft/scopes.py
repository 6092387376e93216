"""The permissions the stand-in knows: how they are written, what they are called on the consent page."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from crm_project.demo.microsoft.refusals import SignInRefusal

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

GRAPH = "https://graph.microsoft.com/"
OUTLOOK = "https://outlook.office.com/"
IDENTITY = ("openid", "profile", "email", "offline_access")
MEANINGS: "dict[str, tuple[StrPromise, StrPromise]]" = {
    "User.Read": (_("View your basic profile"), _("Read who you are and the addresses of your account.")),
    "Mail.ReadBasic": (_("Read basic mail"), _("Read your e-mail without bodies and attachments.")),
    "Mail.Read": (_("Read your mail"), _("Read the e-mail in your mailbox.")),
    "Mail.ReadWrite": (
        _("Read and write access to your mail"),
        _("Create, read, update and delete e-mail in your mailbox."),
    ),
    "Mail.Send": (_("Send mail as you"), _("Send e-mail as yourself.")),
    "Mail.ReadBasic.Shared": (_("Read shared basic mail"), _("Read e-mail you can access, without bodies.")),
    "Mail.Read.Shared": (_("Read mail you can access"), _("Read e-mail that others have shared with you.")),
    "Mail.ReadWrite.Shared": (
        _("Read and write mail you can access"),
        _("Change e-mail that others have shared with you."),
    ),
    "Mail.Send.Shared": (_("Send mail on behalf of others"), _("Send e-mail for mailboxes you may send for.")),
    "IMAP.AccessAsUser.All": (_("Read and write access to mailboxes via IMAP"), _("Use your mailbox through IMAP.")),
    "SMTP.Send": (_("Send e-mails using SMTP AUTH"), _("Send e-mail through SMTP.")),
}
_OF_OUTLOOK = {"IMAP.AccessAsUser.All", "SMTP.Send"}
# Those that no tenant keeps from its people.
HARMLESS = {GRAPH + "User.Read"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One permission of a request: as the client spelled it, and in full."""

    written: str
    full: str

    @property
    def name(self) -> str:
        return self.full.rpartition("/")[2]


def read(text: str) -> tuple[list[Wanted], set[str]]:
    """The permissions and the identity scopes of a `scope` parameter. Raises SignInRefusal."""
    words = text.split()
    if not words:
        raise SignInRefusal(900144, "The request body must contain the following parameter: 'scope'.")
    identity = {word for word in words if word in IDENTITY}
    wanted = [_one(word) for word in dict.fromkeys(words) if word not in IDENTITY]
    if len({scope.full.rpartition("/")[0] for scope in wanted}) > 1:
        raise SignInRefusal(28000)
    return wanted, identity


def _one(word: str) -> Wanted:
    for resource in (GRAPH, OUTLOOK):
        if word.lower().startswith(resource):
            name = word[len(resource) :]
            break
    else:
        resource, name = GRAPH, word
    known = next((scope for scope in MEANINGS if scope.lower() == name.lower()), "")
    if not known or (known in _OF_OUTLOOK) != (resource == OUTLOOK):
        raise SignInRefusal(
            650053, f"The application asked for scope '{name}' that doesn't exist on the resource '{resource}'."
        )
    return Wanted(word, resource + known)


def full(names: Iterable[str]) -> frozenset[str]:
    """Full names of scopes in any spelling; identity scopes left out."""
    return frozenset(_one(name).full for name in names if name not in IDENTITY)
