"""What is recorded because an app below, or the sign-in library, says that it happened."""

from typing import Any

import structlog
from allauth.account.signals import password_changed, password_reset
from django.contrib.auth.signals import (
    user_logged_in,
    user_logged_out,
    user_login_failed,
)
from django.db import models
from django.dispatch import receiver

from audit.actions import record
from users.models import User
from users.signals import security_event

log = structlog.get_logger(__name__)


@receiver(security_event)
def record_security_event(
    sender: type[models.Model],
    by: User | None,
    action: str,
    target: models.Model,
    details: dict[str, Any],
    **kwargs: Any,
) -> None:
    record(by=by, action=action, target=target, details=details)


@receiver(user_logged_in)
def record_sign_in(sender: type[User], user: User, **kwargs: Any) -> None:
    record(by=user, action="person.signed_in", target=user)


@receiver(user_logged_out)
def record_sign_out(sender: type[User], user: User | None, **kwargs: Any) -> None:
    if user is not None:
        record(by=user, action="person.signed_out", target=user)


@receiver(user_login_failed)
def record_refused_sign_in(sender: str, credentials: dict[str, Any], **kwargs: Any) -> None:
    """An address that is nobody's is not kept: it may be a person's private one, or a password in the wrong field."""
    email = str(credentials.get("email") or credentials.get("username") or "").strip().lower()
    person = User.objects.filter(email=email).first()
    if person is None:
        log.warning("sign_in_refused", known=False)
    else:
        record(by=None, action="person.sign_in_refused", target=person)


@receiver(password_changed)
def record_password_change(sender: type[User], user: User, **kwargs: Any) -> None:
    record(by=user, action="person.password_changed", target=user)


@receiver(password_reset)
def record_password_reset(sender: type[User], user: User, **kwargs: Any) -> None:
    record(by=user, action="person.password_reset", target=user)
