"""Trying settings out step by step, so that the person who typed them learns which one is wrong."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from inboxes.providers.base import ProviderError, RemoteFolder
from inboxes.providers.imap.connection import ImapConnection, ImapSettings
from inboxes.providers.imap.folders import list_folders
from inboxes.providers.smtp import SmtpConnection, SmtpSettings


class Step(StrEnum):
    """What is tried, in this order."""

    REACH_SERVER = "reach_server"
    TLS = "tls"
    SIGN_IN = "sign_in"
    FIND_FOLDERS = "find_folders"
    SMTP_REACH = "smtp_reach"
    SMTP_TLS = "smtp_tls"
    SMTP_SIGN_IN = "smtp_sign_in"


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a step went. `cause` is a code of `inboxes.causes`; `detail` are the server's words, for the screen and nowhere else."""

    step: Step
    ok: bool
    cause: str = ""
    detail: str = ""
    folders: tuple[RemoteFolder, ...] = ()


def check_imap(settings: ImapSettings) -> Iterator[StepResult]:
    """Each step as it is done, up to the first that fails. Reads the list of folders and nothing else."""
    connection = ImapConnection(settings)
    try:
        yield from _tried(
            {
                Step.REACH_SERVER: connection.reach,
                Step.TLS: connection.secure,
                Step.SIGN_IN: connection.sign_in,
                Step.FIND_FOLDERS: lambda: _folders(connection),
            }
        )
        connection.log_out()
    finally:
        connection.close()


def _folders(connection: ImapConnection) -> list[RemoteFolder]:
    folders, _ = list_folders(connection)
    return folders


def check_smtp(settings: SmtpSettings) -> Iterator[StepResult]:
    """Each step as it is done, up to the first that fails. Sends no mail."""
    connection = SmtpConnection(settings)
    try:
        yield from _tried(
            {Step.SMTP_REACH: connection.reach, Step.SMTP_TLS: connection.secure, Step.SMTP_SIGN_IN: connection.sign_in}
        )
    finally:
        connection.close()


def _tried(steps: Mapping[Step, Callable[[], list[RemoteFolder] | None]]) -> Iterator[StepResult]:
    for step, run in steps.items():
        try:
            folders = run()
        except ProviderError as error:
            yield StepResult(step, ok=False, cause=error.cause, detail=error.detail)
            return
        if folders is not None and not folders:
            yield StepResult(step, ok=False, cause="no_folders")
            return
        yield StepResult(step, ok=True, folders=tuple(folders or ()))
