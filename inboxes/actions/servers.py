"""Mail servers as an action is given them, and as it writes them."""

from dataclasses import dataclass, field

from inboxes.models import Inbox, MailServer, Protocol, Security


@dataclass(frozen=True, slots=True)
class ServerLogin:
    """One mail server, and the name to sign in with."""

    host: str
    port: int
    security: Security
    username: str


@dataclass(frozen=True, slots=True)
class ConnectionDetails:
    """All it takes to connect an IMAP inbox. `smtp` is optional: without it nothing can be sent from the inbox."""

    address: str
    imap: ServerLogin
    password: str = field(repr=False)
    smtp: ServerLogin | None = None

    @property
    def smtp_host(self) -> str:
        return self.smtp.host if self.smtp else ""


def write_servers(inbox: Inbox, imap: ServerLogin, smtp: ServerLogin | None) -> None:
    write_server(inbox, Protocol.IMAP, imap)
    if smtp is not None:
        write_server(inbox, Protocol.SMTP, smtp)


def write_server(inbox: Inbox, protocol: Protocol, server: ServerLogin) -> None:
    MailServer.objects.update_or_create(
        inbox=inbox,
        protocol=protocol,
        defaults={
            "host": server.host.strip().lower(),
            "port": server.port,
            "security": server.security,
            "username": server.username,
        },
    )
