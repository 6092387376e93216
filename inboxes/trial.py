"""Trying mail servers out before they are kept, so that a person sees which step is wrong and what to do about it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inboxes.actions import ConnectionDetails, ServerLogin
from inboxes.causes import Cause, cause_of
from inboxes.connections import look_into
from inboxes.models import Inbox
from inboxes.providers.base import Misconfigured, PermissionMissing, ProviderError, ReconnectRequired
from inboxes.providers.checks import Step, StepResult, check_imap, check_smtp
from inboxes.providers.imap.connection import ImapSettings
from inboxes.providers.network import Security
from inboxes.providers.smtp import SmtpSettings

PATIENCE_SECONDS = 10.0
"""For each answer: somebody is waiting for the page."""

LABELS: dict[Step, Promise] = {
    Step.REACH_SERVER: _("Reach the mail server"),
    Step.TLS: _("Encrypt the connection"),
    Step.SIGN_IN: _("Sign in to the mailbox"),
    Step.FIND_FOLDERS: _("Find the folders"),
    Step.SMTP_REACH: _("Reach the server for sending"),
    Step.SMTP_TLS: _("Encrypt the connection for sending"),
    Step.SMTP_SIGN_IN: _("Sign in for sending"),
}
READING = (Step.REACH_SERVER, Step.TLS, Step.SIGN_IN, Step.FIND_FOLDERS)
SENDING = (Step.SMTP_REACH, Step.SMTP_TLS, Step.SMTP_SIGN_IN)
ENCRYPTING = frozenset({Step.TLS, Step.SMTP_TLS})


class StepState(StrEnum):
    DONE = "done"
    FAILED = "failed"
    NOT_TRIED = "not_tried"
    LEFT_OUT = "left_out"
    """Encryption that the person switched off: nothing failed, and nothing is encrypted."""


@dataclass(frozen=True, slots=True)
class TriedStep:
    """`cause` is a code of `inboxes.causes`. `server_said` is for the person who typed the settings, now; it is kept nowhere."""

    step: Step
    state: StepState
    cause: str = ""
    server_said: str = ""
    folders: int = 0

    @property
    def label(self) -> str:
        return str(LABELS[self.step])

    @property
    def problem(self) -> Cause:
        """The words for the cause, if there is one; what to do about it is its `fix_while_trying`."""
        return cause_of(self.cause)


@dataclass(frozen=True, slots=True)
class Trial:
    """All the steps, those that were not reached included. Steps of sending are missing when no server for it was given."""

    steps: tuple[TriedStep, ...]

    @property
    def can_read(self) -> bool:
        return self._all_done(READING)

    @property
    def can_send(self) -> bool:
        return self._all_done(SENDING)

    @property
    def failures(self) -> list[TriedStep]:
        """The step of reading that failed, or that of sending; at most one of each."""
        return [step for step in self.steps if step.state is StepState.FAILED]

    @property
    def folders(self) -> int:
        return sum(step.folders for step in self.steps)

    def _all_done(self, wanted: Iterable[Step]) -> bool:
        return set(wanted) <= {
            tried.step for tried in self.steps if tried.state in {StepState.DONE, StepState.LEFT_OUT}
        }


def try_servers(details: ConnectionDetails) -> Trial:
    """Tries to read, and only if that works to send. Talks to the network: never call it inside a transaction."""
    reading = _tried(READING, check_imap(_imap(details)), details.imap, details.password)
    if details.smtp is None:
        return Trial(reading)
    works = Trial(reading).can_read
    results = check_smtp(_smtp(details.smtp, details.password)) if works else iter(())
    return Trial((*reading, *_tried(SENDING, results, details.smtp, details.password)))


def try_sending(smtp: ServerLogin, password: str) -> Trial:
    return Trial(_tried(SENDING, check_smtp(_smtp(smtp, password)), smtp, password))


def _tried(
    steps: Iterable[Step], results: Iterator[StepResult], server: ServerLogin, password: str
) -> tuple[TriedStep, ...]:
    found = {result.step: result for result in results}
    return tuple(_tried_step(step, found.get(step), server, password) for step in steps)


def _tried_step(step: Step, result: StepResult | None, server: ServerLogin, password: str) -> TriedStep:
    if result is None:
        return TriedStep(step, StepState.NOT_TRIED)
    if result.ok and step in ENCRYPTING and Security(server.security) is Security.NONE:
        return TriedStep(step, StepState.LEFT_OUT)
    if result.ok:
        return TriedStep(step, StepState.DONE, folders=len(result.folders))
    # A server may say back to us what we sent.
    said = "" if password and password in result.detail else result.detail
    return TriedStep(step, StepState.FAILED, result.cause, said)


def _imap(details: ConnectionDetails) -> ImapSettings:
    server = details.imap
    return ImapSettings(
        host=server.host,
        port=server.port,
        security=Security(server.security),
        username=server.username,
        password=details.password,
        allowed_hosts=tuple(settings.MAIL_HOSTS_ALLOWED),
        read_seconds=PATIENCE_SECONDS,
    )


def _smtp(server: ServerLogin, password: str) -> SmtpSettings:
    return SmtpSettings(
        host=server.host,
        port=server.port,
        security=Security(server.security),
        username=server.username,
        password=password,
        allowed_hosts=tuple(settings.MAIL_HOSTS_ALLOWED),
        read_seconds=PATIENCE_SECONDS,
    )


def why_shut(inbox: Inbox) -> str:
    """The cause for which the mailbox cannot be opened with what is kept for it; empty if it can, or if nobody can tell now.

    Talks to the network.
    """
    try:
        with look_into(inbox) as provider:
            provider.folders()
    except (ReconnectRequired, PermissionMissing, Misconfigured) as refusal:
        return refusal.cause
    except ProviderError:
        return ""
    return ""
