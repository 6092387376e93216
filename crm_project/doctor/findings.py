"""What an examination finds."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """`off`: not set up, which is somebody's choice."""

    OK = "ok"
    OFF = "off"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """`topic` says what was looked at, `says` what was found, `fix` what to do. No secrets, no addresses of people."""

    topic: str
    state: State
    says: str
    fix: str = ""


def ok(topic: str, says: str) -> Finding:
    return Finding(topic, State.OK, says)


def off(topic: str, says: str, fix: str = "") -> Finding:
    return Finding(topic, State.OFF, says, fix)


def warning(topic: str, says: str, fix: str) -> Finding:
    return Finding(topic, State.WARNING, says, fix)


def wrong(topic: str, says: str, fix: str) -> Finding:
    return Finding(topic, State.WRONG, says, fix)
