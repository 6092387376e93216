"""What must work before this deployment can serve: each part is "ok", "unavailable" or (migrations) "pending"."""

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
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
    executor = MigrationExecutor(connection)
    return "pending" if executor.migration_plan(executor.loader.graph.leaf_nodes()) else "ok"


def broker_state() -> str:
    try:
        with Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=BROKER_TIMEOUT, socket_timeout=BROKER_TIMEOUT
        ) as broker:
            broker.ping()
    except (RedisError, OSError):
        return "unavailable"
    return "ok"
