"""Whom mail comes from: the inbox a person writes from, and the further addresses of one."""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record
from inboxes.actions.holding import held, owner_only
from inboxes.actions.refusing import refuse_taken, valid_address
from inboxes.default_inbox import possible_defaults
from inboxes.models import DefaultInbox, Inbox, InboxKind, ProviderKind
from users.models import User

MOST_ALIASES = 50


@transaction.atomic
def choose_default_inbox(*, inbox: Inbox, by: User) -> None:
    """The inbox that the person's new mail is sent from: their own, or one of a team that they are a member of."""
    if not possible_defaults(by).filter(pk=inbox.pk).exists():
        raise PermissionDenied
    DefaultInbox.objects.update_or_create(person=by, defaults={"inbox": inbox})
    record(by=by, action="inbox.made_default", target=inbox)


@transaction.atomic
def set_aliases(*, inbox: Inbox, aliases: Iterable[str], by: User) -> None:
    """Further addresses of the same mailbox, in place of those it had. Only IMAP leaves that to people: others say it themselves.

    Raises ValidationError for the first that is no address, that is another inbox's, or that a colleague signs in with.
    """
    inbox = held(inbox, owner_only, by)
    if inbox.provider != ProviderKind.IMAP:
        raise ValidationError(_("The provider says which addresses this mailbox has."), code="said_by_provider")
    wanted = sorted({valid_address(alias) for alias in aliases} - {inbox.address})
    if len(wanted) > MOST_ALIASES:
        raise ValidationError(_("These are too many addresses for one mailbox."), code="too_many")
    for alias in set(wanted) - set(inbox.aliases):
        refuse_taken(alias)
        _refuse_address_of_person(alias, inbox)
    inbox.aliases = wanted
    inbox.save(update_fields=["aliases"])
    record(by=by, action="inbox.aliases_set", target=inbox, details={"aliases": len(wanted)})


def _refuse_address_of_person(alias: str, inbox: Inbox) -> None:
    """Mail that names an alias is the owner's own: nobody may claim a colleague's."""
    own = inbox.owner.email if inbox.kind == InboxKind.PERSONAL else ""
    if alias != own and User.objects.filter(email=alias).exists():
        raise ValidationError(
            _("%(address)s is the address of a colleague."), params={"address": alias}, code="address_of_colleague"
        )
