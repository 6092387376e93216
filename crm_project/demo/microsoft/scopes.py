"""The permissions the stand-in knows: how they are written, what they are called on the consent page."""

from collections.abc import Iterable
from dataclasses import dataclass

from crm_project.demo.microsoft.refusals import SignInRefusal

GRAPH = "https://graph.microsoft.com/"
OUTLOOK = "https://outlook.office.com/"
IDENTITY = ("openid", "profile", "email", "offline_access")
MEANINGS: dict[str, tuple[str, str]] = {
    "User.Read": ("View your basic profile", "Read who you are and the addresses of your account."),
    "Mail.ReadBasic": ("Read basic mail", "Read your e-mail without bodies and attachments."),
    "Mail.Read": ("Read your mail", "Read the e-mail in your mailbox."),
    "Mail.ReadWrite": ("Read and write access to your mail", "Create, read, update and delete e-mail in your mailbox."),
    "Mail.Send": ("Send mail as you", "Send e-mail as yourself."),
    "Mail.ReadBasic.Shared": ("Read shared basic mail", "Read e-mail you can access, without bodies."),
    "Mail.Read.Shared": ("Read mail you can access", "Read e-mail that others have shared with you."),
    "Mail.ReadWrite.Shared": ("Read and write mail you can access", "Change e-mail that others have shared with you."),
    "Mail.Send.Shared": ("Send mail on behalf of others", "Send e-mail for mailboxes you may send for."),
    "IMAP.AccessAsUser.All": ("Read and write access to mailboxes via IMAP", "Use your mailbox through IMAP."),
    "SMTP.Send": ("Send e-mails using SMTP AUTH", "Send e-mail through SMTP."),
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
