"""The database of each test process: copied instead of migrated, emptied instead of truncated. A plugin, like people.py."""

import os
from functools import cache
from pathlib import Path

import pgtrigger
import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test import TransactionTestCase

from crm_project.runner import locks

# Every test finds them: they belong to the models, as the tables themselves.
OF_THE_MODELS = {"django_content_type", "auth_permission"}


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, django_db_blocker):
    """The first worker migrates the database that came with our own services, and each gets a copy of that."""
    template = os.environ.get("TEMPLATE_DATABASE")
    if template is None or "PYTEST_XDIST_WORKER" not in os.environ:
        return
    migrated = Path(os.environ["DATA_DIR"]).parent / "migrated"
    with locks.exclusive(migrated.with_suffix(".lock")), django_db_blocker.unblock():
        if not migrated.exists():
            call_command("migrate", verbosity=0)
            connection.close()
            migrated.touch()
    connection.settings_dict["TEST"] |= {"TEMPLATE": template, "MIGRATE": False}


@pytest.fixture(scope="session", autouse=True)
def _tables_are_emptied_by_deleting():
    """Django truncates all tables after each test that commits, and describes the models anew: 50 times the work of this."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _case: empty_tables())
        yield


def empty_tables() -> None:
    """Constraints are checked at the end: any order will do."""
    with pgtrigger.ignore(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_statements())


@cache
def _statements() -> str:
    tables = set(connection.introspection.django_table_names(only_existing=True)) - OF_THE_MODELS
    return "".join(f'DELETE FROM "{table}";' for table in sorted(tables))  # noqa: S608 - the names of our own tables
