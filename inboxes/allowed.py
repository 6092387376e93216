"""What the workspace lets people connect: the refusal of everything else, and what was connected before it was decided."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q

from inboxes.causes import Cause, cause_of
from inboxes.models import (
    ConnectionException,
    ConnectionPolicy,
    Inbox,
    InboxKind,
    InboxStatus,
    MailServer,
    Protocol,
    ProviderKind,
    WhoMayConnect,
)
from inboxes.models.inbox import InboxQuerySet
from users.models import Role, User

MOST_NAMED = 5


def refuse_connecting(
    *,
    by: User,
    provider: ProviderKind,
    kind: InboxKind = InboxKind.PERSONAL,
    imap_host: str = "",
    smtp_host: str = "",
) -> None:
    """Raises ValidationError with a code that is a cause: `personal_not_allowed`, `provider_not_allowed`, `host_not_allowed`."""
    policy = ConnectionPolicy.objects.current()
    if kind == InboxKind.PERSONAL and not policy.may_connect_personal(by):
        raise _refusal("personal_not_allowed")
    if provider not in policy.offered_kinds():
        raise _refusal("provider_not_allowed")
    for host in filter(None, (imap_host, smtp_host)):
        refuse_host(host, policy)


def refuse_host(host: str, policy: ConnectionPolicy | None = None) -> None:
    """Servers of both kinds: the password goes to both. Raises ValidationError: `host_not_allowed`, with the `host` in its params."""
    if not (policy or ConnectionPolicy.objects.current()).allows_imap_host(host):
        raise _refusal("host_not_allowed", host=host)


def refuse_reconnecting(inbox: Inbox, *, imap_host: str = "", smtp_host: str = "") -> None:
    """An inbox that runs keeps what it was allowed when it was connected; a disabled one, and a new server, are as if new.

    The hosts are the servers that are to be used, if they may be others than before. Raises ValidationError.
    """
    kept = dict(MailServer.objects.filter(inbox=inbox).values_list("protocol", "host"))
    imap = imap_host.strip().lower() or kept.get(Protocol.IMAP, "")
    smtp = smtp_host.strip().lower() or kept.get(Protocol.SMTP, "")
    if inbox.status == InboxStatus.DISABLED:
        kind, provider = InboxKind(inbox.kind), ProviderKind(inbox.provider)
        refuse_connecting(by=inbox.owner, kind=kind, provider=provider, imap_host=imap, smtp_host=smtp)
        return
    for protocol, host in ((Protocol.IMAP, imap), (Protocol.SMTP, smtp)):
        if host != kept.get(protocol, ""):
            refuse_host(host)


def may_reconnect(inbox: Inbox) -> bool:
    """With the servers it has; as `refuse_reconnecting`."""
    try:
        refuse_reconnecting(inbox)
    except ValidationError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Allowed:
    """What somebody may connect today, for the pages that lead there. `admins` could allow more."""

    refused: Cause | None
    providers: list[ProviderKind]
    imap_hosts: list[str]
    admins: list[User]


def allowed_to(person: User, kind: InboxKind) -> Allowed:
    policy = ConnectionPolicy.objects.current()
    may = kind == InboxKind.TEAM or policy.may_connect_personal(person)
    limited = not may or bool(policy.imap_hosts) or len(policy.offered_kinds()) < len(ProviderKind)
    return Allowed(
        refused=None if may else cause_of("personal_not_allowed"),
        providers=policy.offered_kinds(),
        imap_hosts=policy.imap_hosts,
        admins=whom_to_ask() if limited else [],
    )


def _refusal(code: str, **params: str) -> ValidationError:
    cause = cause_of(code)
    return ValidationError(f"{cause.explanation} {cause.fix}", code=code, params=params)


def whom_to_ask() -> list[User]:
    """Those who can change what is allowed; a few are enough."""
    return list(User.objects.super_admins().order_by("name", "email")[:MOST_NAMED])


def not_allowed_any_more(policy: ConnectionPolicy) -> InboxQuerySet:
    """Connected inboxes that could not be connected today. They go on; disconnected ones count no more."""
    of_people = Q(kind=InboxKind.PERSONAL) & ~_may_connect(policy)
    of_providers = ~Q(provider__in=policy.providers)
    return Inbox.objects.exclude(status=InboxStatus.DISABLED).filter(of_people | of_providers | _elsewhere(policy))


def _may_connect(policy: ConnectionPolicy) -> Q:
    """As `ConnectionPolicy.may_connect_personal` has it."""
    alone = ConnectionException.objects.filter(person=OuterRef("owner"))
    super_admin = Q(owner__role=Role.SUPER_ADMIN)
    by_role = {
        WhoMayConnect.EVERYONE: ~Q(pk=None),
        WhoMayConnect.ACCOUNT_ACCESS: super_admin | Q(owner__account_access=True),
        WhoMayConnect.SUPER_ADMINS: super_admin,
        WhoMayConnect.NOBODY: Q(pk=None),
    }[WhoMayConnect(policy.who)]
    return Q(Exists(alone.filter(may_connect=True))) | (by_role & ~Q(Exists(alone)))


def _elsewhere(policy: ConnectionPolicy) -> Q:
    """As `ConnectionPolicy.allows_imap_host` has it."""
    if not policy.imap_hosts:
        return Q(pk=None)
    named = Q(host__in=[pattern for pattern in policy.imap_hosts if not pattern.startswith("*.")])
    for pattern in policy.imap_hosts:
        if pattern.startswith("*."):
            named |= Q(host__endswith=pattern.removeprefix("*"))
    return Q(Exists(MailServer.objects.filter(inbox=OuterRef("pk"), protocol=Protocol.IMAP).exclude(named)))
