"""Starting anew within a test."""

from django.apps import apps
from django.db import connection, transaction

from contacts.models import MailIndex, TimelineEntry


@transaction.atomic
def forget_all_mail() -> None:
    """As if nothing had ever been connected. Contacts and people stay. Constraints are checked at the end: any order will do."""
    models = [*apps.get_app_config("inboxes").get_models(), *apps.get_app_config("logging_rules").get_models()]
    with connection.cursor() as cursor:
        for model in (*models, MailIndex, TimelineEntry):
            cursor.execute(f'DELETE FROM "{model._meta.db_table}"')  # noqa: S608 - the names of our own tables
