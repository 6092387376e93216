"""Filling mailboxes, and connecting them as the wizard does."""

from collections.abc import Iterable
from pathlib import Path

from crm_project.bench import mailbox as generator
from crm_project.bench.mailbox import GeneratedMail
from inboxes import actions
from inboxes.actions import ConnectionDetails, ServerLogin
from inboxes.models import Inbox, Security
from logging_rules.actions import set_inbox_policy
from logging_rules.facts import Preset
from tests.fakes.dovecot import Mailbox
from users.models import User


def fill(mailbox: Mailbox, mails: Iterable[GeneratedMail]) -> list[Path]:
    return [mailbox.deliver(mail.raw, mail.folder, received_at=mail.received_at) for mail in mails]


def connected(alice: User, mailbox: Mailbox, *, port: int = 0) -> Inbox:
    """Due for its first sync. With a `port` of its own the inbox is reached through that, without TLS."""
    inbox = actions.connect_imap_inbox(details=details_of(mailbox, port=port), history_since=None, by=alice)
    set_inbox_policy(inbox=inbox, preset=Preset.KNOWN, by=alice)
    actions.start(inbox=inbox, by=alice)
    return inbox


def details_of(mailbox: Mailbox, *, port: int = 0) -> ConnectionDetails:
    settings = mailbox.settings
    security = Security.NONE if port else Security.TLS
    login = ServerLogin(settings.host, port or settings.port, security, settings.username)
    return ConnectionDetails(generator.OWNER, login, settings.password)
