"""System checks that need a database."""

import pytest
from django.db import connection, connections

from crm_project.checks import the_database_knows_letters


@pytest.fixture
def plain_database(transactional_db):
    """A connection named `plain` to a database whose LC_CTYPE is C."""
    name = f"{connection.settings_dict['NAME']}_plain"
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER libc")
    connections.settings["plain"] = connections.settings["default"] | {"NAME": name}
    yield "plain"
    connections["plain"].close()
    del connections.settings["plain"], connections["plain"]
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}"')


@pytest.mark.django_db
def test_our_own_database_is_accepted():
    assert the_database_knows_letters(databases=["default"]) == []


def test_a_database_that_knows_no_letters_is_refused(plain_database, django_db_blocker):
    with django_db_blocker.unblock():
        (error,) = the_database_knows_letters(databases=[plain_database])

    assert (error.id, error.msg) == ("genkan.E004", "The database has an LC_CTYPE of C.")


def test_no_database_is_asked_without_being_named():
    assert the_database_knows_letters(databases=None) == []
