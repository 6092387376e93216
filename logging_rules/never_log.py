"""Never-log entries as a person types them."""

from collections.abc import Collection
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from inboxes.addresses import InvalidAddress, is_valid, normalise, normalise_domain
from logging_rules.facts import NeverLogKind


@dataclass(frozen=True, slots=True)
class Target:
    """What an entry keeps out."""

    kind: NeverLogKind
    value: str


def parse_target(text: str) -> Target:
    """`name@example.com`, `example.com` or `@example.com`, and `*.example.com` for a domain with everything below it.

    Raises ValidationError.
    """
    text = text.strip()
    try:
        if "@" in text.removeprefix("@"):
            if not is_valid(text):
                raise InvalidAddress
            return Target(NeverLogKind.ADDRESS, normalise(text))
        kind = NeverLogKind.SUBDOMAINS if text.startswith("*.") else NeverLogKind.DOMAIN
        domain = normalise_domain(text.removeprefix("*.").removeprefix("@"))
    except InvalidAddress as error:
        raise ValidationError(
            _(
                "Enter an address like name@example.com, a domain like example.com, or *.example.com with its subdomains."
            ),
            code="not_an_address_or_domain",
        ) from error
    if "." not in domain:
        raise ValidationError(
            _("“%(domain)s” would keep out far too much. Enter a full domain like example.com.") % {"domain": domain},
            code="too_broad",
        )
    return Target(kind, domain)


def refuse_own(target: Target, *, addresses: Collection[str], domains: Collection[str]) -> None:
    """Keeping out one's own `addresses` says nothing; the workspace's `domains` stand in nearly every mail. Raises ValidationError."""
    if target.kind is NeverLogKind.ADDRESS and target.value in addresses:
        raise ValidationError(
            _("This is the address of your own inbox. To log less of it, change what is logged."), code="own_address"
        )
    if target.kind is not NeverLogKind.ADDRESS and any(covers(target, domain) for domain in domains):
        raise ValidationError(
            _("This domain is your own workspace. It stands in nearly every e-mail, so hardly any would be logged."),
            code="own_domain",
        )


def covers(target: Target, domain: str) -> bool:
    below = target.kind is NeverLogKind.SUBDOMAINS and domain.endswith(f".{target.value}")
    return domain == target.value or below
