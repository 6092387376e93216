"""What must work before this deployment can serve: each part is "ok", "unavailable" or (migrations) "pending"."""

from functools import cache

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from redis import Redis
from redis.exceptions import RedisError

BROKER_TIMEOUT = 2.0  # seconds; a load balancer asks often and waits little


def parts() -> dict[str, str]:
    database = database_state()
    return {
        "database": database,
        "migrations": migrations_state() if database == "ok" else "unavailable",
        "broker": broker_state(),
    }


def database_state() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "unavailable"
    return "ok"


def migrations_state() -> str:
    applied = MigrationRecorder(connection).applied_migrations()
    return "ok" if _migrations().issubset(applied) else "pending"


@cache
def _migrations() -> frozenset[tuple[str, str]]:
    """Those of the code, which does not change while this process lives."""
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).graph.nodes)


def broker_state() -> str:
    try:
        with Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=BROKER_TIMEOUT, socket_timeout=BROKER_TIMEOUT
        ) as broker:
            broker.ping()
    except (RedisError, OSError):
        return "unavailable"
    return "ok"
