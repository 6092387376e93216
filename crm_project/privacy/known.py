"""What people themselves have made known to the workspace, and may stand anywhere: addresses and names, nothing else."""

from collections.abc import Iterable, Iterator

from contacts.models import Company, Contact, ContactAddress
from crm_project.privacy.matching import Matcher
from crm_project.privacy.tokens import Kind, Token, normalise
from inboxes.models import Credential, Folder, Inbox, MailServer, SignIn, WithdrawnGrant
from users.models import Invitation, User


def without_known(tokens: set[Token]) -> set[Token]:
    """A known address excuses what is part of it, and so does a known name; a subject is never excused.

    Part of it, because `ann@…` can be found wherever `joann@…` stands. The other tokens of Ann's mails are searched for.
    """
    in_addresses = _within(_addresses(), tokens, {Kind.ADDRESS, Kind.MESSAGE_ID})
    return tokens - in_addresses - _within(_names(), tokens, {Kind.NAME})


def _within(texts: Iterable[str], tokens: set[Token], kinds: set[Kind]) -> set[Token]:
    wanted = Matcher((token.text, token) for token in tokens if token.kind in kinds)
    return wanted.found_in("\n".join(map(normalise, texts)))


def _addresses() -> Iterator[str]:
    yield from User.objects.values_list("email", flat=True)
    yield from Invitation.objects.values_list("email", flat=True)
    yield from ContactAddress.objects.values_list("email", flat=True).iterator()
    yield from MailServer.objects.values_list("username", flat=True)
    for model in (Credential, WithdrawnGrant):
        yield from model.objects.values_list("account_id", flat=True)  # Google knows no other key than the address
    yield from Credential.objects.values_list("signed_in_as", flat=True)
    yield from SignIn.objects.values_list("address", flat=True)
    for address, aliases in Inbox.with_removed.values_list("address", "aliases"):
        yield from (address, *aliases)


def _names() -> Iterator[str]:
    yield from User.objects.values_list("name", flat=True)
    yield from Inbox.with_removed.values_list("name", flat=True)
    yield from Company.objects.values_list("name", flat=True).iterator()
    for names in Contact.objects.values_list("name", "reading").iterator():
        yield from names
    # People name folders after people; which folders a mailbox has is stored for its owner.
    yield from Folder.objects.values_list("name", flat=True)
