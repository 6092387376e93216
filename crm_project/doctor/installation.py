"""The parts of the installation itself: settings, database, broker, workers, files, keys."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.core import checks
from django.db import DatabaseError
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from crm_project import health
from crm_project.celery import app
from crm_project.doctor.findings import Finding, off, ok, warning, wrong
from inboxes import key_rotation
from inboxes.models import Inbox

LATE = timedelta(minutes=5)
ANSWER_SECONDS = 2.0
QUEUES = frozenset({"live", "backfill", "default", "mail_out"})


def examine() -> Iterator[Finding]:
    parts = health.parts()
    yield from _settings(with_database=parts["database"] == "ok")
    yield _database(parts)
    yield _broker(parts)
    yield _files()
    if parts["database"] == parts["migrations"] == "ok":
        yield _keys()
        if parts["broker"] == "ok":
            yield _workers()
            yield _schedule()


def _settings(*, with_database: bool) -> Iterator[Finding]:
    found = checks.run_checks(databases=["default"] if with_database else None)
    for message in found:
        make = wrong if message.is_serious() else warning
        yield make(
            "Settings", str(message.msg), str(message.hint or f"See {message.id} in the documentation of Django.")
        )
    if not found:
        yield ok("Settings", f"complete, for {settings.BASE_URL}")


def _database(parts: dict[str, str]) -> Finding:
    if parts["database"] != "ok":
        return wrong("Database", "cannot be reached", "Is PostgreSQL running, and is DATABASE_URL right?")
    if parts["migrations"] != "ok":
        return wrong("Database", "is not up to date", "Run: bin/manage migrate")
    return ok("Database", "can be reached and is up to date")


def _broker(parts: dict[str, str]) -> Finding:
    if parts["broker"] != "ok":
        return wrong("Broker", "cannot be reached", "Is Valkey or Redis running, and is REDIS_URL right?")
    return ok("Broker", "can be reached")


def _files() -> Finding:
    try:
        settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
        probe = settings.MEDIA_ROOT / ".doctor"
        probe.touch()
        probe.unlink()
    except OSError:
        return wrong("Files", "cannot be written", "Give the account that runs Genkan the folder of DATA_DIR.")
    return ok("Files", "can be written")


def _keys() -> Finding:
    try:
        report = key_rotation.report()
    except DatabaseError:
        return wrong("Keys", "could not be looked at", "Run: bin/manage keys status")
    if report.missing:
        keys = ", ".join(report.missing)
        return wrong("Keys", f"secrets need {keys}, which FIELD_KEYS does not hold", "Add the missing key.")
    return ok("Keys", "open every secret")


def _workers() -> Finding:
    try:
        queues = app.control.inspect(timeout=ANSWER_SECONDS).active_queues() or {}
    except (OperationalError, RedisError, OSError):
        queues = {}
    served = {queue["name"] for found in queues.values() for queue in found}
    if not queues:
        return wrong("Workers", "none answers", "Start one: celery -A crm_project worker (bin/dev does).")
    if left_out := QUEUES - served:
        return wrong("Workers", f"none serves {', '.join(sorted(left_out))}", "Start a worker with all queues.")
    return ok("Workers", f"{len(queues)} running")


def _schedule() -> Finding:
    """Without beat nothing is ever due by itself, and nothing else shows it."""
    if not Inbox.objects.syncing().exists():
        return off("Schedule", "there is no inbox to sync yet")
    if Inbox.objects.due(timezone.now() - LATE).exists():
        return warning(
            "Schedule", "inboxes wait for more than five minutes", "Is celery beat running? Once, not twice."
        )
    return ok("Schedule", "inboxes are synced in time")
