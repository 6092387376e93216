"""Never-log entries as a person types them."""

from collections.abc import Collection
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from inboxes.addresses import (
    FREE_MAIL_DOMAINS,
    InvalidAddress,
    is_public_suffix,
    is_valid,
    normalise,
    normalise_domain,
)
from logging_rules.facts import Colleagues, NeverLogKind

OWN = frozenset({"own_address", "own_domain"})
"""Codes of refusals that no confirmation changes."""

DOUBTS = frozenset({"free_mail", "colleague"})
"""Codes of refusals that hold until the person says that they mean it."""


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
    if is_public_suffix(domain):
        raise ValidationError(
            _("“%(domain)s” would keep out far too much. Enter a full domain like example.com.") % {"domain": domain},
            code="too_broad",
        )
    return Target(kind, domain)


def judge(target: Target, *, own: Collection[str], colleagues: Colleagues, certain: bool) -> None:
    """Raises ValidationError for what must not be on a list and, unless the person is `certain`, for what hardly anybody means.

    `own` are the addresses of the list's owner. The codes of what only needs to be confirmed are `DOUBTS`.
    """
    _refuse_own(target, addresses=own, domains=colleagues.domains)
    if not certain:
        _refuse_doubtful(target, colleagues)


def _refuse_own(target: Target, *, addresses: Collection[str], domains: Collection[str]) -> None:
    """Keeping out one's own `addresses` says nothing; the workspace's `domains` stand in nearly every mail."""
    if target.kind is NeverLogKind.ADDRESS and target.value in addresses:
        raise ValidationError(
            _("This is the address of your own inbox. To log less of it, change what is logged."), code="own_address"
        )
    if target.kind is not NeverLogKind.ADDRESS and any(covers(target, domain) for domain in domains):
        raise ValidationError(
            _(
                "This domain is your own workspace and needs no entry: mail among colleagues is never logged. As it stands in"
                " nearly every e-mail, hardly any would be logged."
            ),
            code="own_domain",
        )


def _refuse_doubtful(target: Target, colleagues: Colleagues) -> None:
    if target.kind is not NeverLogKind.ADDRESS and target.value in FREE_MAIL_DOMAINS:
        raise ValidationError(
            _(
                "Anybody can have an address at %(domain)s: mail with every customer who writes from there would stay out, too."
            )
            % {"domain": target.value},
            code="free_mail",
        )
    if target.kind is NeverLogKind.ADDRESS and target.value in colleagues:
        raise ValidationError(
            _(
                "%(address)s is a colleague and needs no entry: mail among colleagues is never logged. With an entry, mail with"
                " customers that names this colleague would stay out, too."
            )
            % {"address": target.value},
            code="colleague",
        )


def covers(target: Target, domain: str) -> bool:
    below = target.kind is NeverLogKind.SUBDOMAINS and domain.endswith(f".{target.value}")
    return domain == target.value or below
