"""What cannot be: each of these raises ValidationError with a code and words for people."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from inboxes.addresses import InvalidAddress, normalise
from inboxes.models import Credential, CredentialKind, Inbox, InboxStatus, ProviderKind
from inboxes.oauth.clients import read_scopes
from inboxes.oauth.grants import Grant
from inboxes.queries import inbox_with_address


def valid_address(text: str) -> str:
    try:
        return normalise(text)
    except InvalidAddress:
        raise ValidationError(_("This is not an e-mail address."), code="invalid_address") from None


def refuse_taken(address: str) -> None:
    """One address is one inbox, as its own address or as an alias of another."""
    if inbox_with_address(address) is not None:
        raise ValidationError(
            _("%(address)s is connected already. An address can be connected once only."),
            params={"address": address},
            code="already_connected",
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
