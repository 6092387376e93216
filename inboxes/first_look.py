"""A look into a mailbox that is no inbox yet, with access that was just given."""

from dataclasses import dataclass, field

from inboxes.connections import open_granted
from inboxes.models import CredentialKind, ProviderKind
from inboxes.oauth.grants import Account, Grant
from inboxes.providers.base import MailProvider, PermissionMissing, SearchQuery

LOOKED_AT = 25
"""Mails that the provider's search finds for an address; one that really is of it is enough."""


@dataclass(frozen=True, slots=True)
class _JustGiven:
    """An `AccessToken` of a grant that is not kept yet."""

    token: str = field(repr=False)

    def get(self) -> str:
        return self.token

    def renew(self, refused: str) -> str:
        raise PermissionMissing


def finds_mailbox(
    provider: ProviderKind, issuer: CredentialKind, grant: Grant, account: Account, *, shared_mailbox: str = ""
) -> bool:
    """Lists the folders: who may not read the mailbox learns it now, by a `ProviderError`.

    False for an address at Google that the account neither writes as nor gets any mail of.
    """
    token, address = _JustGiven(grant.access_token), shared_mailbox or account.address
    with open_granted(provider, issuer, token, address=address, shared=bool(shared_mailbox)) as mailbox:
        mailbox.folders()
        if not shared_mailbox or provider != ProviderKind.GMAIL or shared_mailbox in account.addresses:
            return True
        return _holds_mail(mailbox)


def _holds_mail(mailbox: MailProvider) -> bool:
    return any(mailbox.search(folder, SearchQuery(limit=LOOKED_AT)) for folder in mailbox.folders())
