"""Starting anew within a test."""

from django.apps import apps
from django.db import connection, transaction

from contacts.models import MailIndex, TimelineEntry


@transaction.atomic
def forget_all_mail() -> None:
    """As if nothing had ever been connected. Contacts and people stay. Constraints are checked at the end: any order will do."""
    models = [*apps.get_app_config("inboxes").get_models(), *apps.get_app_config("logging_rules").get_models()]
    tables = [model._meta.db_table for model in (*models, MailIndex, TimelineEntry)]
    with connection.cursor() as cursor:
        cursor.execute("".join(f'DELETE FROM "{table}";' for table in tables))  # noqa: S608 - the names of our own tables
