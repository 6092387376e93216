"""What an operator types, and what is said to that."""

import io
import json
from typing import Any

from django.core.management import call_command

from crm_project.bench import mailbox as generator
from tests.fakes.dovecot import Mailbox


def run(*arguments: str, stdin: str = "") -> Any:
    """The answer of a management command."""
    out = io.StringIO()
    call_command(*arguments, "--json", stdout=out, stdin=io.StringIO(stdin))
    return json.loads(out.getvalue())


def connect(mailbox: Mailbox, *options: str, password: str = "") -> Any:
    settings = mailbox.settings
    return run(
        "inbox", "connect-imap", generator.OWNER, "--owner", "alice@genkan.example", "--host", settings.host,
        "--port", str(settings.port), "--username", settings.username, *options,
        stdin=f"{password or settings.password}\n",
    )  # fmt: skip


def sync() -> dict[str, int]:
    """Decision codes of what was new."""
    return run("inbox", "sync", generator.OWNER)["counts"]


def status() -> Any:
    return run("inbox", "status", generator.OWNER)
