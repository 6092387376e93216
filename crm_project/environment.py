"""Reading settings from the environment: typed, every mistake reported at once, each with a hint."""

from collections.abc import Mapping
from datetime import date
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvValidationError, ValidationError

HINTS = {
    "SECRET_KEY": "Make one: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'",
    "FIELD_KEYS": "Make one: python3 -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'",
    "DATABASE_URL": "postgresql://USER:PASSWORD@HOST:5432/NAME (or ?host=/socket/folder)",
    "REDIS_URL": "redis://:PASSWORD@HOST:6379/0, or rediss:// with TLS",
    "BASE_URL": "The address people open, without a path: https://crm.example.com",
    "EMAIL_URL": "smtp://USER:PASSWORD@HOST:587?tls=true, smtps://USER:PASSWORD@HOST:465 or consolemail://",
}
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Environment(Env):
    """`environs` with our kinds of values. Values of a wrong environment are None until `seal` has reported them all."""

    def __init__(self) -> None:
        super().__init__(eager=False)
        self.add_parser("database", lambda value, **_: database(value))
        self.add_parser("mail_server", lambda value, **_: mail_server(value))
        self.add_parser("broker", lambda value, **_: broker(value))
        self.add_parser("base_url", lambda value, **_: base_url(value))
        self.add_parser("endpoint", lambda value, **_: endpoint(value))
        self.add_parser("day", lambda value, **_: day(value))
        self.add_parser("field_keys", lambda value, **_: field_keys(value))

    def seal(self) -> None:
        """Raises ImproperlyConfigured that names every variable that is missing or wrong."""
        try:
            super().seal()
        except EnvValidationError as error:
            raise ImproperlyConfigured(_report(cast("Mapping[str, list[str]]", error.error_messages))) from None


def database(url: str) -> dict[str, object]:
    """Django's settings for a postgresql:// URL; the host may be a socket folder given as `?host=`."""
    parts = _split(url, schemes={"postgresql", "postgres"})
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    host = query.pop("host", parts.hostname or "")
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise ValidationError("It names no database.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": query.pop("port", str(parts.port or "")),
        "OPTIONS": query,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def broker(url: str) -> str:
    """kombu knows no valkey:// scheme; Valkey speaks the same protocol."""
    _split(url, schemes={"redis", "rediss"})
    return url


def base_url(url: str) -> str:
    parts = _split(url, schemes={"http", "https"})
    if not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValidationError("It must be a scheme and a host alone.")
    return url.rstrip("/")


def day(text: str) -> date | None:
    """Nothing is no day."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ValidationError("It must be a day, as 2027-03-31.") from None


def endpoint(url: str) -> str:
    """The address of somebody else's API; encrypted, unless it is on this machine."""
    parts = _split(url, schemes={"http", "https"})
    if not parts.hostname or parts.query:
        raise ValidationError("It must be a scheme, a host and perhaps a path.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValidationError("It must start with https://.")
    return url.rstrip("/")


def field_keys(text: str) -> list[str]:
    keys = [key.strip() for key in text.split(",") if key.strip()]
    if not keys:
        raise ValidationError("It holds no key.")
    for number, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError:
            raise ValidationError(f"Key {number} is not 32 bytes of URL-safe base64.") from None
    return keys


def mail_server(url: str) -> dict[str, Any]:
    """Django's e-mail settings by name."""
    parts = _split(url, schemes={"smtp", "smtps", "consolemail"})
    if parts.scheme == "consolemail":
        return {"EMAIL_BACKEND": "crm_project.mail_console.EmailBackend"}
    if not parts.hostname:
        raise ValidationError("It names no host.")
    tls = parse_qs(parts.query).get("tls", ["false"])[-1] == "true"
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or {"smtps": 465}.get(parts.scheme, 587 if tls else 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": tls and parts.scheme == "smtp",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 30,
    }


def _split(url: str, *, schemes: set[str]) -> Any:
    """Errors never quote the value: it may hold a password."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValidationError("It is not a URL.") from None
    if parts.scheme not in schemes:
        raise ValidationError(f"It must start with {' or '.join(f'{scheme}://' for scheme in sorted(schemes))}.")
    return parts


def _report(errors: Mapping[str, list[str]]) -> str:
    lines = ["Genkan cannot start: its environment is incomplete or wrong."]
    for name, messages in sorted(errors.items()):
        lines.append(f"  {name}: {' '.join(messages)}")
        if name in HINTS:
            lines.append(f"    {HINTS[name]}")
    return "\n".join(lines)
