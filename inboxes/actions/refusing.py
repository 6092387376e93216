"""What cannot be: each of these raises ValidationError with a code and words for people."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from inboxes.addresses import InvalidAddress, normalise
from inboxes.causes import cause_of
from inboxes.encryption import InvalidToken, UnknownKey
from inboxes.models import Credential, CredentialKind, Inbox, InboxKind, InboxStatus, ProviderKind
from inboxes.oauth.accesses import alias_account
from inboxes.oauth.clients import read_scopes
from inboxes.oauth.grants import Grant
from inboxes.queries import inbox_with_address


def valid_address(text: str) -> str:
    try:
        return normalise(text)
    except InvalidAddress:
        raise ValidationError(_("This is not an e-mail address."), code="invalid_address") from None


def stored_password(inbox: Inbox) -> str:
    """Of an inbox that is read with a password: there may be none any more, or the key that opens it may be gone."""
    try:
        password: str = Credential.objects.get(inbox=inbox, kind=CredentialKind.PASSWORD).secret
    except (Credential.DoesNotExist, UnknownKey, InvalidToken):
        cause = cause_of("credential_missing")
        raise ValidationError(f"{cause.explanation} {cause.fix}", code="credential_missing") from None
    return password


def refuse_taken(address: str) -> None:
    """One address is one inbox, as its own address or as an alias of another."""
    if inbox_with_address(address) is not None:
        raise ValidationError(
            _("%(address)s is connected already. An address can be connected once only."),
            params={"address": address},
            code="already_connected",
        )


def refuse_alias_of_person(kind: ProviderKind, inbox_kind: InboxKind, shared_mailbox: str) -> None:
    """An alias or a group address at Google is read through a whole mailbox: what of it is whose is settled for teams only."""
    if shared_mailbox and kind == ProviderKind.GMAIL and inbox_kind != InboxKind.TEAM:
        raise ValidationError(
            _("An alias or group address is connected as a team inbox. As your own, connect the account itself."),
            code="alias_of_team_only",
        )


def refuse_part_of_mailbox(inbox: Inbox) -> None:
    """What is one address's part of a mailbox stays that: any other way to read it would open the whole mailbox."""
    if alias_account(inbox):
        raise ValidationError(
            _(
                "This inbox is one address in the mailbox of an account, and it stays with that: neither its provider nor its kind can "
                "be changed, because either would open the whole mailbox. Delete it, and connect the mailbox that you want."
            ),
            code="part_of_mailbox",
        )


def refuse_without_reading(kind: ProviderKind, issuer: CredentialKind, grant: Grant, *, shared: bool) -> None:
    """People can untick what is asked for."""
    if grant.missing(read_scopes(kind, issuer, shared=shared)):
        raise ValidationError(
            _("Permission to read mail was not given. Sign in again and leave everything ticked."), code="scope_missing"
        )


def refuse_unless_connecting(inbox: Inbox) -> None:
    if inbox.status != InboxStatus.CONNECTING:
        raise ValidationError(_("This inbox has been started already."), code="started")


def refuse_unless_by_password(inbox: Inbox) -> None:
    """A grant is no password: no mail server may ever be shown one as if it was."""
    if (
        inbox.provider != ProviderKind.IMAP
        or Credential.objects.exclude(kind=CredentialKind.PASSWORD).filter(inbox=inbox).exists()
    ):
        raise ValidationError(_("This inbox has no password: sign in at its provider instead."), code="no_password")
