"""Where the demo's mail server keeps its mailboxes and the ports it listens on."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from crm_project.demo import james, yuki
from crm_project.demo.people import JAMES, PASSWORD, YUKI
from crm_project.demo.server import MailFolders
from crm_project.runner.ports import free_port, is_free

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Ports:
    imap: int
    smtp: int


def mail_home() -> Path:
    return Path(settings.DATA_DIR) / "demo-mail"


def prepare() -> Ports:
    """Makes the mailboxes on the first start and settles the ports: those of last time if they are still free."""
    home = mail_home()
    folders = MailFolders(home)
    if not (home / "ports.json").exists():
        now = timezone.now()
        folders.create({YUKI.email: PASSWORD, JAMES.email: PASSWORD})
        folders.add(YUKI.email, yuki.mailbox(now))
        folders.add(JAMES.email, james.mailbox(now))
    ports = known_ports()
    if ports is None or not (is_free(HOST, ports.imap) and is_free(HOST, ports.smtp)):
        ports = Ports(imap=free_port(), smtp=free_port())
        (home / "ports.json").write_text(json.dumps(asdict(ports)))
    return ports


def known_ports() -> Ports | None:
    """The ports of the last start, None before the first."""
    try:
        return Ports(**json.loads((mail_home() / "ports.json").read_text()))
    except FileNotFoundError:
        return None
