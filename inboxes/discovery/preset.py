"""What is known about a provider."""

from dataclasses import dataclass
from enum import StrEnum

from inboxes.providers.network import Security


class Username(StrEnum):
    """What a provider takes as user name."""

    ADDRESS = "address"
    LOCAL_PART = "local_part"
    OWN = "own"  # something else that only the person knows


class SignIn(StrEnum):
    """At whom a person can sign in instead of typing a password here. Named like the kinds of credentials."""

    GOOGLE = "google"
    MICROSOFT = "microsoft"


@dataclass(frozen=True, slots=True)
class Server:
    """In a preset the host may hold `{domain}` (of the address) or `{mx}` (the host that takes the domain's mail)."""

    host: str
    port: int
    security: Security


@dataclass(frozen=True, slots=True)
class Preset:
    """`domains` may end in `.*`, `mail_hosts` are suffixes of MX hosts. `smtp_username` is None where it is the same as for IMAP.
    `password_works` is False where only OAuth or a bridge does, `sign_in` is whom OAuth is with.
    """

    name: str
    imap: Server
    smtp: Server
    domains: tuple[str, ...] = ()
    mail_hosts: tuple[str, ...] = ()
    imap_username: Username = Username.ADDRESS
    smtp_username: Username | None = None
    hints: tuple[str, ...] = ()
    help_url: str = ""
    password_works: bool = True
    sign_in: SignIn | None = None
