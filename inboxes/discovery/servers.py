"""From an address to its mail servers: known providers, then the host that takes the domain's mail, then SRV records (RFC 6186)."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from inboxes.addresses import InvalidAddress, normalise
from inboxes.discovery.dns import DnsResolver, Resolver
from inboxes.discovery.preset import Preset, Server, SignIn, Username
from inboxes.discovery.presets import PRESETS
from inboxes.providers.network import Security


class Source(StrEnum):
    """How the servers were found."""

    PRESET = "preset"
    MAIL_HOST = "mail_host"
    SERVICE_RECORD = "service_record"


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where an address's mail is. A user name is "" where only the person knows it. `hints` are codes of `inboxes.causes.HINTS`."""

    source: Source
    imap: Server
    smtp: Server | None
    imap_username: str
    smtp_username: str
    provider: str = ""
    hints: tuple[str, ...] = ()
    help_url: str = ""
    password_works: bool = True
    sign_in: SignIn | None = None

    @property
    def needs_confirmation(self) -> bool:
        """DNS can be lied to: only servers from our own table may get a password without a person looking at their names."""
        return self.source is not Source.PRESET


def discover(address: str, *, resolver: Resolver | None = None) -> ServerSettings | None:
    """The servers for an address, None when it must be asked. Asks DNS at most five times; never raises."""
    try:
        email = normalise(address)
    except InvalidAddress:
        return None
    if (known := known_provider(email)) is not None:
        return known
    domain, resolver = email.rpartition("@")[2], resolver or DnsResolver()
    for host in resolver.mail_hosts(domain):
        if (preset := _preset_for_mail_host(host)) is not None:
            return _from_preset(preset, email, Source.MAIL_HOST, mail_host=host)
    return _from_services(email, domain, resolver)


def known_provider(email: str) -> ServerSettings | None:
    """The servers of a normalised address at a provider of our table; asks nobody."""
    preset = _preset_for_domain(email.rpartition("@")[2])
    return _from_preset(preset, email, Source.PRESET) if preset else None


def _preset_for_domain(domain: str) -> Preset | None:
    if domain in _BY_DOMAIN:
        return _BY_DOMAIN[domain]
    first, _, parent = domain.partition(".")
    # `yahoo.*` means Yahoo's own domains under country endings, not a subdomain of somebody's.
    country = len(parent.split(".")) <= 2 and all(len(label) <= 3 for label in parent.split("."))
    if country and f"{first}.*" in _BY_DOMAIN:
        return _BY_DOMAIN[f"{first}.*"]
    return _BY_DOMAIN.get(f"*.{parent}")


def _preset_for_mail_host(host: str) -> Preset | None:
    return next((_BY_MAIL_HOST[suffix] for suffix in _suffixes(host) if suffix in _BY_MAIL_HOST), None)


def _suffixes(host: str) -> Iterator[str]:
    labels = host.split(".")
    return (".".join(labels[start:]) for start in range(len(labels)))


def _from_preset(preset: Preset, email: str, source: Source, *, mail_host: str = "") -> ServerSettings:
    domain = email.rpartition("@")[2]

    def filled(server: Server) -> Server:
        return Server(server.host.format(domain=domain, mx=mail_host), server.port, server.security)

    return ServerSettings(
        source,
        filled(preset.imap),
        filled(preset.smtp),
        _username(preset.imap_username, email),
        _username(preset.smtp_username or preset.imap_username, email),
        provider=preset.name,
        hints=preset.hints,
        help_url=preset.help_url,
        password_works=preset.password_works,
        sign_in=preset.sign_in,
    )


def _username(kind: Username, email: str) -> str:
    if kind is Username.OWN:
        return ""
    return email.rpartition("@")[0] if kind is Username.LOCAL_PART else email


def _from_services(email: str, domain: str, resolver: Resolver) -> ServerSettings | None:
    imap = _service(resolver, domain, "_imaps", Security.TLS) or _service(resolver, domain, "_imap", Security.STARTTLS)
    if imap is None:
        return None
    smtp = _service(resolver, domain, "_submissions", Security.TLS)
    smtp = smtp or _service(resolver, domain, "_submission", Security.STARTTLS)
    return ServerSettings(Source.SERVICE_RECORD, imap, smtp, email, email)


def _service(resolver: Resolver, domain: str, name: str, security: Security) -> Server | None:
    """The best server of a service; a target of "." says that there is none (RFC 2782)."""
    offered = [service for service in resolver.services(f"{name}._tcp.{domain}") if service.host not in {"", "."}]
    if not offered:
        return None
    best = min(offered, key=lambda service: (service.priority, -service.weight, service.host))
    return Server(best.host, best.port, security)


_BY_DOMAIN = {domain: preset for preset in PRESETS for domain in preset.domains}
_BY_MAIL_HOST = {host: preset for preset in PRESETS for host in preset.mail_hosts}
