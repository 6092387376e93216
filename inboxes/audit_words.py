"""How the audit log calls what is done to inboxes."""

from collections.abc import Collection

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audit.acts import register_acts
from audit.details import Detail, register_details
from audit.targets import Target, register_target
from inboxes.causes import CAUSES
from inboxes.models import Inbox, InboxKind, Message, ProviderKind, WhoMayConnect
from users.models import User

register_acts(
    _("Inboxes"),
    group="inbox",
    acts={
        "connected": _("Inbox connected"),
        "history_chosen": _("How far back to read was chosen"),
        "smtp_server_set": _("Sending was set up"),
        "started": _("Inbox started"),
        "paused": _("Inbox paused"),
        "resumed": _("Inbox resumed"),
        "sync_requested": _("Sync asked for"),
        "needs_reconnect": _("Inbox stopped until somebody reconnects it"),
        "reconnected": _("Inbox reconnected"),
        "disabled": _("Inbox disabled"),
        "enabled": _("Inbox enabled again"),
        "removed": _("Inbox removed"),
        "cleared": _("What a removed inbox held was cleared away"),
        "erasure_asked": _("Erasure of what a removed inbox logged asked for"),
        "access_purged": _("Stored access to a mailbox deleted and given back"),
        "discarded": _("Inbox discarded before it was started"),
        "check_requested": _("A check of completeness was asked for"),
        "provider_switched": _("Inbox read through another provider"),
        "handed_over": _("Inbox handed over"),
        "became_team": _("Personal inbox made a team inbox"),
        "became_personal": _("Team inbox made a personal inbox"),
        "quarantine_replayed": _("E-mails set aside are tried again"),
        "read_again": _("Mailbox is read once more"),
        "named": _("Team inbox named"),
        "member_added": _("Member added to a team inbox"),
        "owner_changed": _("Connection of a team inbox given to somebody else"),
        "member_removed": _("Member removed from a team inbox"),
        "member_left": _("Member left a team inbox"),
        "made_default": _("Default inbox chosen"),
        "aliases_set": _("Further addresses of an inbox set"),
        "visibility_applied": _("Visibility applied to e-mails logged before"),
    },
)
register_acts(
    _("Access to e-mails"),
    group="mail",
    acts={
        "access_asked": _("Access to an e-mail asked for"),
        "access_granted": _("Access to an e-mail given"),
        "access_declined": _("Access to an e-mail declined"),
        "access_ended": _("Access to an e-mail ended"),
        "visibility_set": _("Visibility of an e-mail chosen"),
    },
)
register_acts(
    _("Workspace"),
    group="workspace",
    acts={
        "connection_policy_set": _("What may be connected was set"),
        "connections_exported": _("List of connections exported"),
    },
)
register_acts(
    _("People"),
    group="person",
    acts={
        "connecting_set": _("Whether a person may connect inboxes was set"),
        "left": _("Person left, with a deletion record"),
    },
)
register_acts(
    _("Mail of teams"),
    group="team_mail",
    acts={"restored": _("E-mail taken back into a team's list"), "filtered_again": _("E-mail filtered out again")},
)
register_acts(_("Keys"), group="keys", acts={"rotated": _("Stored secrets encrypted with the newest key")})

_providers = dict(ProviderKind.choices)
_person = Detail(_("Person"), is_person=True)
register_details(
    "inbox",
    provider=Detail(_("Provider"), _providers),
    kind=Detail(_("Kind"), dict(InboxKind.choices)),
    since=Detail(_("Read from"), is_day=True),
    cause=Detail(_("Cause"), {code: cause.title for code, cause in CAUSES.items()}),
    name=Detail(_("Name")),
    from_name=Detail(_("From name")),
    aliases=Detail(_("Further addresses")),
    person=_person,
    members=Detail(_("Members"), is_person=True),
    erase=Detail(_("Erase what it logged")),
    messages=Detail(_("E-mails")),
    contacts=Detail(_("Contacts")),
    to=Detail(_("Successor: inbox no.")),
    **{"from": Detail(_("Predecessor: inbox no."))},
)
register_details("inbox.owner_changed", to=_person)
register_details(
    "inbox.provider_switched",
    to=Detail(_("New provider"), _providers),
    **{"from": Detail(_("Former provider"), _providers)},
)
register_details("mail", message=Detail(_("E-mail no.")), until=Detail(_("Until"), is_day=True))
register_details(
    "workspace.connection_policy_set",
    before=Detail(_("Before")),
    after=Detail(_("After")),
    who=Detail(_("Who may connect personal inboxes"), dict(WhoMayConnect.choices)),
    providers=Detail(_("Providers"), _providers),
    imap_hosts=Detail(_("Mail servers")),
)
register_details("workspace", connections=Detail(_("Number of connections")))
register_details("person", departure=Detail(_("Deletion record no.")))
register_details("team_mail", mails=Detail(_("E-mails")))
register_details("keys", secrets=Detail(_("Secrets")))


def _inboxes(keys: Collection[str], reader: User) -> dict[str, Target]:
    """Removed ones too: the log is about them still. That an address is connected is no secret from who reads the log."""
    found = Inbox.with_removed.filter(pk__in=keys) if reader.is_super_admin else Inbox.objects.none()
    return {str(inbox.pk): Target(inbox.label, _page_of(inbox)) for inbox in found}


def _page_of(inbox: Inbox) -> str:
    return "" if inbox.removed_at else reverse("connections:connection", args=[inbox.code])


def _messages(keys: Collection[str], reader: User) -> dict[str, Target]:
    """Never by their subject."""
    found = Message.objects.visible_to(reader).filter(pk__in=keys).values_list("pk", "code")
    return {str(key): Target("", reverse("contacts:message", args=[code])) for key, code in found}


def _policy(keys: Collection[str], reader: User) -> dict[str, Target]:
    return {key: Target("", reverse("connections:policy")) for key in keys}


register_target("inboxes.connectionpolicy", _("What may be connected"), _policy)
register_target("inboxes.inbox", _("Inbox"), _inboxes)
register_target("inboxes.message", _("E-mail"), _messages)
register_target("inboxes.accessrequest", _("Request for access to an e-mail"), lambda keys, reader: {})
