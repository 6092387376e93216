"""Which texts are domains a workspace may call its own."""

from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email


def normalise_domain(text: str) -> str:
    """`text` as lower-case ASCII (IDNA). A pasted address or web address gives its domain. Raises ValidationError."""
    domain = text.strip().rstrip("./").rpartition("://")[2].partition("/")[0].rpartition("@")[2]
    try:
        name = validate_email(f"somebody@{domain}", check_deliverability=False).ascii_domain.lower()
    except EmailNotValidError as error:
        raise ValidationError(
            _("“%(text)s” is not a domain. Write it like example.co.jp.") % {"text": text.strip()}, code="not_a_domain"
        ) from error
    for validate in _validators(tuple(settings.WORKSPACE_DOMAIN_VALIDATORS)):
        validate(name)
    return name


@cache
def _validators(paths: tuple[str, ...]) -> tuple[Callable[[str], None], ...]:
    """Rules of the apps above (say, free-mail providers), named in settings as Django's password validators are."""
    return tuple(import_string(path) for path in paths)
