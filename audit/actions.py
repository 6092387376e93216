"""Writing the audit log."""

from typing import Any

import structlog
from django.db import models

from audit.models import AuditEvent
from users.models import User, Workspace


def record(*, by: User | None, action: str, target: models.Model, details: dict[str, Any] | None = None) -> AuditEvent:
    """Joins the caller's transaction, so that the act and its record exist together or not at all.

    `action` is a stable code like `inbox.paused`; `by` is None for the system. `details` takes ids, codes and settings as JSON,
    never mail content or secrets: a row can never be changed or removed.
    """
    return AuditEvent.objects.create(
        actor=by,
        action=action,
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
        details=details or {},
        request_id=current_request_id(),
    )


def record_export(*, wanted: dict[str, Any], file_format: str, by: User) -> AuditEvent:
    """Somebody takes the log along. `wanted` is the filter."""
    details = {"format": file_format, "filter": wanted}
    return record(by=by, action="audit.exported", target=Workspace.objects.current(), details=details)


def current_request_id() -> str:
    """The request being answered, also inside a task that it started; empty for a command."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))
