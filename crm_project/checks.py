"""System checks that refuse half a configuration. `migrate` and `check --database default` run them all."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections

from crm_project.environment import LOOPBACK


@register(Tags.security)
def the_address_is_safe(**_: Any) -> list[CheckMessage]:
    """Outside this machine, session cookies and passwords must not travel in the clear."""
    address = urlsplit(settings.BASE_URL)
    if settings.DEBUG or address.scheme == "https" or address.hostname in LOOPBACK:
        return []
    hint = "Put a TLS-terminating proxy in front, set BASE_URL=https://… and TRUST_PROXY=true."
    return [Error("BASE_URL is not an https:// address.", hint=hint, id="genkan.E001")]


@register(Tags.security)
def the_address_is_allowed(**_: Any) -> list[CheckMessage]:
    host = urlsplit(settings.BASE_URL).hostname or ""
    if any(pattern in {"*", host} or _is_below(host, pattern) for pattern in settings.ALLOWED_HOSTS):
        return []
    hint = f"Add {host} to ALLOWED_HOSTS, or leave ALLOWED_HOSTS unset."
    return [Error("ALLOWED_HOSTS does not hold the host of BASE_URL.", hint=hint, id="genkan.E002")]


@register(Tags.security)
def debugging_is_off_for_the_world(**_: Any) -> list[CheckMessage]:
    """Error pages of DEBUG show settings and data to whoever causes them."""
    if not settings.DEBUG or urlsplit(settings.BASE_URL).hostname in LOOPBACK:
        return []
    return [Error("DEBUG is on at a public BASE_URL.", hint="Unset DEBUG.", id="genkan.E003")]


@register(Tags.security)
def notices_can_be_sent(**_: Any) -> list[CheckMessage]:
    if settings.DEBUG or not settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        return []
    hint = "Set EMAIL_URL, or nobody receives invitations, password resets and notices of lost connections."
    return [Warning("E-mail is only printed to the log.", hint=hint, id="genkan.W001")]


@register(Tags.database)
def the_database_knows_letters(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """With an LC_CTYPE of C, PostgreSQL knows no letters beyond ASCII: Japanese and accented names would not be found."""
    messages: list[CheckMessage] = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT datctype FROM pg_database WHERE datname = current_database()")
            (letters,) = cursor.fetchone()
        if letters in {"C", "POSIX"}:
            hint = (
                "Create the database anew: CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8' "
                "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8';"
            )
            messages.append(Error(f"The database has an LC_CTYPE of {letters}.", hint=hint, id="genkan.E004"))
    return messages


def _is_below(host: str, pattern: str) -> bool:
    return pattern.startswith(".") and (host == pattern[1:] or host.endswith(pattern))
