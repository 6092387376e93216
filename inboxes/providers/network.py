"""Reaching a mail server by name: checked against private networks, resolved once, the address pinned, TLS verified by name."""

import contextlib
import ipaddress
import socket
import ssl
from collections.abc import Collection
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from inboxes.providers.base import Misconfigured, ProviderError, TemporarilyUnavailable

CONNECT_SECONDS = 15.0
READ_SECONDS = 60.0

# (host, port) of IPv4, with flow and scope of IPv6, as the socket module makes and takes them.
SocketAddress = tuple[Any, ...]
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_CERTIFICATE_CAUSES = {
    9: "certificate_expired",  # not yet valid: in practice a wrong clock at either end
    10: "certificate_expired",
    62: "certificate_name_mismatch",
    64: "certificate_name_mismatch",
}


class Security(StrEnum):
    """How a connection is encrypted; `NONE` is for hosts the operator has listed only."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


def connect(
    host: str,
    port: int,
    *,
    security: Security,
    allowed_hosts: Collection[str],
    read_seconds: float | None = None,
) -> socket.socket:
    """A connected TCP socket to a public address of `host`, or to a private one that `allowed_hosts` lists.

    The name is resolved once and the address that was checked is the one connected to, so a second DNS answer cannot redirect
    us. Raises `Misconfigured` for a refused host, `TemporarilyUnavailable` for everything a retry may cure.
    """
    name = ascii_host(host)
    if not 0 < port < 65536:
        raise Misconfigured("host_invalid")
    problem: ProviderError = TemporarilyUnavailable("host_not_found")
    for family, address in _usable_addresses(name, port, security, allowed_hosts):
        try:
            return _connect_to(family, address, read_seconds or READ_SECONDS)
        except TimeoutError:
            problem = TemporarilyUnavailable("timed_out")
        except ConnectionRefusedError:
            problem = TemporarilyUnavailable("connection_refused")
        except OSError:
            problem = TemporarilyUnavailable("unreachable")
    raise problem


def wrap_tls(sock: socket.socket, host: str) -> ssl.SSLSocket:
    """`sock` under TLS 1.2 or newer, the certificate verified for `host`. Closes `sock` when it raises."""
    try:
        return _tls_context().wrap_socket(sock, server_hostname=ascii_host(host))
    except ssl.SSLCertVerificationError as error:
        problem: ProviderError = certificate_problem(error)
    except ssl.SSLError as error:
        plain = error.reason in {"WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"}
        problem = Misconfigured("tls_not_offered") if plain else TemporarilyUnavailable("tls_failed")
    except TimeoutError:
        problem = TemporarilyUnavailable("timed_out")
    except OSError:
        problem = TemporarilyUnavailable("tls_failed")
    close_quietly(sock)
    raise problem


def _tls_context() -> ssl.SSLContext:
    """To read the certificates of all authorities may take longer than a look into a mailbox: once, until they are replaced."""
    paths = ssl.get_default_verify_paths()
    return _tls_context_of(paths, _changed_at(paths.cafile), _changed_at(paths.capath))


@lru_cache(maxsize=1)
def _tls_context_of(paths: ssl.DefaultVerifyPaths, *changed_at: int) -> ssl.SSLContext:
    return ssl.create_default_context()


def _changed_at(path: str | None) -> int:
    """When a file, or what lies in a folder, was replaced; 0 where there is none."""
    try:
        return Path(path).stat().st_mtime_ns if path else 0
    except OSError:
        return 0


def certificate_problem(error: ssl.SSLCertVerificationError) -> Misconfigured:
    return Misconfigured(_CERTIFICATE_CAUSES.get(error.verify_code, "certificate_untrusted"))


def ascii_host(host: str) -> str:
    """The host name in lower-case A-labels. Raises `Misconfigured` for what cannot be a host name."""
    try:
        name = host.strip().rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise Misconfigured("host_invalid") from None
    if not name or not all(character.isalnum() or character in ".-_:" for character in name):
        raise Misconfigured("host_invalid")
    return name


def is_public(address: IPAddress) -> bool:
    """Whether the address is on the open Internet, also when it is IPv4 in the clothes of IPv6."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def close_quietly(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.close()


def _usable_addresses(
    host: str, port: int, security: Security, allowed_hosts: Collection[str]
) -> list[tuple[socket.AddressFamily, SocketAddress]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise TemporarilyUnavailable("host_not_found") from None
    usable: list[tuple[socket.AddressFamily, SocketAddress]] = []
    refusal = "host_not_found"
    for family, _, _, _, address in found:
        number = ipaddress.ip_address(str(address[0]).partition("%")[0])
        listed = _is_listed(host, number, allowed_hosts)
        if not listed and not is_public(number):
            refusal = "host_refused"
        elif not listed and security is Security.NONE:
            refusal = "encryption_required"
        else:
            usable.append((family, address))
    if not usable:
        raise Misconfigured(refusal)
    return usable


def _is_listed(host: str, address: IPAddress, allowed_hosts: Collection[str]) -> bool:
    for entry in allowed_hosts:
        try:
            network = ipaddress.ip_network(entry, strict=False)
        except ValueError:
            if entry.strip().rstrip(".").lower() == host:
                return True
        else:
            if address.version == network.version and address in network:
                return True
    return False


def _connect_to(family: socket.AddressFamily, address: SocketAddress, read_seconds: float) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(min(CONNECT_SECONDS, read_seconds))
        sock.connect(address)
        sock.settimeout(read_seconds)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    except OSError:
        sock.close()
        raise
    return sock
