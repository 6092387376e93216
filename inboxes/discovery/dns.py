"""The few questions asked of DNS. No answer, a refusal or a timeout all mean the same here: nothing found."""

from typing import Any, NamedTuple, Protocol

import dns.exception
import dns.rdatatype
import dns.resolver


class Service(NamedTuple):
    """An SRV record (RFC 2782)."""

    priority: int
    weight: int
    port: int
    host: str


class Resolver(Protocol):
    def mail_hosts(self, domain: str) -> list[str]:
        """The hosts that take the domain's mail, preferred ones first."""
        ...

    def services(self, name: str) -> list[Service]:
        """The servers behind a service name such as `_imaps._tcp.example.com`."""
        ...


class DnsResolver:
    """Asks the name servers of this machine, at most `seconds` for each question; when they are silent, only once."""

    def __init__(self, seconds: float = 3.0) -> None:
        self._seconds = seconds
        self._silent = False

    def mail_hosts(self, domain: str) -> list[str]:
        records = sorted(self._ask(domain, dns.rdatatype.MX), key=lambda record: record.preference)
        return [record.exchange.to_text(omit_final_dot=True).lower() for record in records]

    def services(self, name: str) -> list[Service]:
        return [
            Service(record.priority, record.weight, record.port, record.target.to_text(omit_final_dot=True).lower())
            for record in self._ask(name, dns.rdatatype.SRV)
        ]

    def _ask(self, name: str, kind: dns.rdatatype.RdataType) -> list[Any]:
        if self._silent:
            return []
        try:
            return list(dns.resolver.resolve(name, kind, lifetime=self._seconds))
        except dns.exception.Timeout:
            self._silent = True
            return []
        except (dns.exception.DNSException, OSError, ValueError):
            return []
