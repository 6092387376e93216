"""What the workspace lets people connect."""

from collections.abc import Collection, Iterable

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record
from inboxes.models import ConnectionException, ConnectionPolicy, ProviderKind, WhoMayConnect
from inboxes.providers.base import Misconfigured
from inboxes.providers.network import ascii_host
from users.models import User

MOST_HOSTS = 200


@transaction.atomic
def set_connection_policy(
    *, who: WhoMayConnect, providers: Collection[ProviderKind], imap_hosts: Iterable[str], by: User | None
) -> ConnectionPolicy:
    """What is connected goes on. For super admins, and for the system. Raises ValidationError for a host that is none."""
    _super_admins_only(by)
    before = _as_details(ConnectionPolicy.objects.current())
    hosts = sorted({host_pattern(host) for host in imap_hosts})
    if len(hosts) > MOST_HOSTS:
        raise ValidationError(_("At most %(most)d servers can be named."), params={"most": MOST_HOSTS}, code="too_many")
    kinds = [kind.value for kind in ProviderKind if kind in providers]
    policy, _is_new = ConnectionPolicy.objects.update_or_create(
        pk=1, defaults={"who": who, "providers": kinds, "imap_hosts": hosts}
    )
    if (after := _as_details(policy)) != before:
        record(
            by=by, action="workspace.connection_policy_set", target=policy, details={"before": before, "after": after}
        )
    return policy


@transaction.atomic
def except_person(*, person: User, may_connect: bool | None, by: User | None) -> None:
    """Lets one person connect personal inboxes, or keeps them from it, whatever the others may. None: as the others again."""
    _super_admins_only(by)
    before = ConnectionException.objects.filter(person=person).values_list("may_connect", flat=True).first()
    if before == may_connect:
        return
    if may_connect is None:
        ConnectionException.objects.filter(person=person).delete()
    else:
        ConnectionException.objects.update_or_create(person=person, defaults={"may_connect": may_connect})
    record(by=by, action="person.connecting_set", target=person, details={"before": before, "after": may_connect})


def host_pattern(text: str) -> str:
    """A server's name, or "*." and a domain. Raises ValidationError."""
    name = text.strip()
    below = name.startswith("*.")
    try:
        host = ascii_host(name.removeprefix("*.") if below else name)
    except Misconfigured:
        raise _no_host(name) from None
    if "." not in host or host.startswith("."):
        raise _no_host(name)
    return f"*.{host}" if below else host


def _no_host(name: str) -> ValidationError:
    return ValidationError(
        _("“%(name)s” is no name of a server. Write mail.example.com, or *.example.com for all servers there."),
        params={"name": name[:80]},
        code="host_invalid",
    )


def _as_details(policy: ConnectionPolicy) -> dict[str, object]:
    return {"who": policy.who, "providers": list(policy.providers), "imap_hosts": list(policy.imap_hosts)}


def _super_admins_only(by: User | None) -> None:
    if by is not None and not by.is_super_admin:
        raise PermissionDenied
