"""The environment of Genkan's own processes in development. What the caller's environment says always wins."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crm_project.demo import home
from crm_project.runner import services
from crm_project.runner.secrets_file import read_or_create

EMBEDDED = ("DATABASE_URL", "REDIS_URL")


def development(data: Path) -> dict[str, str]:
    """Everything but the addresses of database and broker; with a demo, Google and Microsoft are where its stand-ins are."""
    secrets = read_or_create(data / "secrets")
    defaults = {
        "DJANGO_SETTINGS_MODULE": "crm_project.settings",
        "DEBUG": "1",
        "DATA_DIR": str(data),
        "SECRET_KEY": secrets["SECRET_KEY"],
        "FIELD_KEYS": secrets["FIELD_KEYS"],
        # The demo's mail server, and any other that a developer runs on this machine.
        "MAIL_HOSTS_ALLOWED": "localhost,127.0.0.0/8,::1",
        "PYTHONUNBUFFERED": "1",
    }
    environment = defaults | os.environ
    demo = home.known(data)
    return environment | demo.stand_ins(environment) if demo else environment


@contextmanager
def with_services(data: Path) -> Iterator[dict[str, str]]:
    """The development environment, complete; the embedded services are up until the block ends unless both are external."""
    environment = development(data)
    if all(environment.get(name) for name in EMBEDDED):
        yield environment
        return
    with services.in_use(data / "services") as addresses:
        own = {"DATABASE_URL": addresses["database"], "REDIS_URL": addresses["redis"]}
        yield own | {name: value for name, value in environment.items() if value or name not in EMBEDDED}


def without_services(data: Path) -> dict[str, str]:
    """For tools that read the settings and connect to nothing (mypy, makemigrations --check)."""
    return {"DATABASE_URL": "postgresql://127.0.0.1:1/unused", "REDIS_URL": "redis://127.0.0.1:1"} | development(data)
