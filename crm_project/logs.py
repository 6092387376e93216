"""Structured logs that cannot hold mail content, addresses or secrets.

A log line is an event name with ids, codes, numbers and times. Everything else is withheld before it is written: a text that reads
like prose, holds an address or looks like a secret becomes `[withheld]`, whoever logs it. Exceptions are logged as their types and
places; their messages (which quote what they failed on) and local variables are not.
"""

import re
import sys
import threading
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from logging import config as logging_config
from types import TracebackType
from typing import Any
from uuid import UUID

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from crm_project.failures import describe

WITHHELD = "[withheld]"
LONGEST = 200
MOST_ITEMS = 50

# Their values are withheld even when they look like a code: a one-word subject does.
PRIVATE_KEYS = frozenset(
    "access_token address addresses authorization bcc body cc client_secret code_verifier cookie credential credentials email emails "
    "filename from grant headers html name password preview query recipient recipients refresh_token secret sender snippet subject "
    "text title to token user_agent username words".split()
)
# Made by the processors themselves.
UNTOUCHED = frozenset(
    {"_record", "_from_structlog", "_logger", "_name", "exc_info", "stack_info", "timestamp", "level", "logger"}
)

OWN_APPS = ("crm_project", "conversations", "logging_rules", "contacts", "inboxes", "notifications", "audit", "users")
# They write requests and answers out, tokens, codes and secrets included; our own errors say what happened.
SIGN_IN_LIBRARIES = ("google", "google_auth_oauthlib", "msal", "oauthlib", "requests_oauthlib")
# Their arguments are names, paths and numbers; other libraries may pass anything.
KNOWN_LIBRARIES = ("celery", "django", "gunicorn", "kombu", "structlog")

_code = re.compile(r"[\w.:/+\-\[\]]*", re.ASCII).fullmatch
_segments = re.compile(r"[.:/\[\]]").split
_uuid = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.ASCII | re.IGNORECASE).fullmatch
_private_in_prose = re.compile(r"\S+@\S+|(['\"]).*?\1|“.*?”|「.*?」|[\w+/=-]*\d[\w+/=-]{19,}|[\w+/=-]{19,}\d[\w+/=-]*")


def settings(log_format: str) -> dict[str, Any]:
    """Django's LOGGING. `log_format` is "json" (one object a line) or "console" (for people)."""
    last: list[Processor] = (
        [structlog.processors.JSONRenderer(ensure_ascii=False)]
        if log_format == "json"
        else [join_exception, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "use_get_message": False,
        "pass_foreign_args": True,
        "foreign_pre_chain": [structlog.stdlib.add_logger_name, structlog.stdlib.ExtraAdder(), fill_in, *_shared()],
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"structured": formatter},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "structured", "stream": "ext://sys.stderr"}
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            **{app: {"level": "INFO"} for app in OWN_APPS},
            **{library: {"level": "CRITICAL"} for library in SIGN_IN_LIBRARIES},
            # Paths and parameters of every request, below warnings.
            **{library: {"level": "WARNING"} for library in ("googleapiclient", "urllib3")},
            "django_structlog": {"level": "INFO"},
            # A worker runs thousands of short tasks: only those that fail or are tried again are news.
            "django_structlog.celery": {"level": "WARNING"},
            "django": {"handlers": [], "level": "WARNING", "propagate": True},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            # Says again what `request_finished` says.
            "django.request": {"level": "ERROR"},
            # Writes what a task raised, message included; django_structlog's `task_failed` is the safe account of it.
            "celery.app.trace": {"level": "CRITICAL"},
        },
    }


def configure(log_format: str) -> None:
    """Sets structlog up, and catches what would be printed around it. Django applies `settings` by itself."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    threading.excepthook = log_failed_thread
    if log_format == "json":
        sys.excepthook = log_failed_program


def apply() -> None:
    """For processes that start before Django does (Celery's main process, gunicorn's)."""
    from django.conf import settings as django_settings  # noqa: PLC0415 - the settings import this module

    logging_config.dictConfig(django_settings.LOGGING)


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        withhold,
        describe_exception,
    ]


def fill_in(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """The message of another library: its own words with its arguments checked one by one."""
    arguments = event.pop("positional_args", ())
    known = str(event.get("logger", "")).partition(".")[0] in (*KNOWN_LIBRARIES, *OWN_APPS)
    template = _private_in_prose.sub(WITHHELD, str(event["event"]))
    event["event"] = Checked(_filled(template, arguments, known=known))
    return event


def _filled(template: str, arguments: Any, *, known: bool) -> str:
    checked = {key: _argument(value, known=known) for key, value in _numbered(arguments).items()}
    try:
        return template % (checked if isinstance(arguments, Mapping) else tuple(checked.values()))
    except (TypeError, ValueError, KeyError):
        return template


def _numbered(arguments: Any) -> dict[Any, Any]:
    return dict(arguments) if isinstance(arguments, Mapping) else dict(enumerate(arguments or ()))


def _argument(value: Any, *, known: bool) -> Any:
    return WITHHELD if isinstance(value, str) and not known else checked(value)


class Checked(str):
    """A text that has been gone through already."""

    __slots__ = ()


def withhold(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Lets event names, ids, codes, numbers and times pass, and nothing else."""
    return {key: _value(key, value) for key, value in event.items()}


def _value(key: str, value: Any) -> Any:
    if key in UNTOUCHED or isinstance(value, Checked):
        return value
    if key == "request" and isinstance(value, str):
        return _request(value)
    if key.lower() in PRIVATE_KEYS and value not in (None, ""):
        return WITHHELD
    return checked(value)


def checked(value: Any) -> Any:
    """`value` if it cannot hold anything private, else what can be said about it."""
    match value:
        case None | bool() | int() | float():
            return value
        case Enum():
            return checked(value.value)
        case str():
            return value if is_code(value) else WITHHELD
        case bytes() | bytearray() | memoryview():
            return f"[{len(value)} bytes]"
        case Mapping():
            return {checked(key): _value(str(key), item) for key, item in list(value.items())[:MOST_ITEMS]}
        case list() | tuple() | set() | frozenset():
            return [checked(item) for item in list(value)[:MOST_ITEMS]]
        case datetime() | date() | time() | timedelta() | UUID() | Decimal():
            return str(value)
        case _:
            key = getattr(value, "pk", None)
            return f"{type(value).__name__}:{key}" if isinstance(key, int | UUID) else type(value).__name__


def is_code(text: str) -> bool:
    """Whether a text is an identifier, a path, a number or a time, and not a secret."""
    return len(text) <= LONGEST and _code(text) is not None and not any(map(_looks_secret, _segments(text)))


def _looks_secret(segment: str) -> bool:
    """Long and mixed of letters and digits, as keys and tokens are; one token in 1,500 has no digit, but then capitals."""
    if len(segment) < 20 or _uuid(segment):
        return False
    mixed = any(map(str.isdigit, segment)) and any(map(str.isalpha, segment))
    return mixed or (len(segment) >= 40 and not segment.islower())


def _request(line: str) -> str:
    """Method and path of a request, without its parameters; links to join or reset a password hold a secret in the path."""
    method, _, path = line.partition(" ")
    parts = [part if is_code(part) else WITHHELD for part in path.partition("?")[0].split("/")]
    return f"{method} {'/'.join(parts)}" if is_code(method) else WITHHELD


def describe_exception(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Types and places of the exception being handled."""
    event.pop("stack_info", None)
    failure = event.pop("exc_info", None)
    if failure is True:
        failure = sys.exc_info()
    if isinstance(failure, tuple):
        failure = failure[1]
    if isinstance(failure, BaseException):
        event["exception"] = describe(failure)
    return event


def join_exception(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    if isinstance(event.get("exception"), list):
        event["exception"] = "\n".join(
            f"{link['type']} {link.get('facts', '')}\n  " + "\n  ".join(link["frames"]) for link in event["exception"]
        )
    return event


def log_failed_thread(failure: threading.ExceptHookArgs) -> None:
    if failure.exc_type is not SystemExit:
        structlog.get_logger(__name__).error("thread_failed", exc_info=failure.exc_value)


def log_failed_program(kind: type[BaseException], failure: BaseException, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, failure, traceback)
    else:
        structlog.get_logger(__name__).critical("program_failed", exc_info=failure)
