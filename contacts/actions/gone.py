"""What somebody else deletes while it is being changed."""

from django.db import connection

from contacts.models import Company, Contact


class Gone(Exception):
    """What was to be changed was deleted meanwhile."""


class ContactGone(Gone):
    """A contact was deleted after it was decided what happens to it."""


class CompanyGone(Gone):
    pass


class NoteGone(Gone):
    pass


def keep_from_deletion(row: Contact | Company) -> bool:
    """Whether it still exists; then nobody deletes it before the transaction ends, so that other rows can refer to it.

    As PostgreSQL's own check of a foreign key, which comes too late: at the commit. Waits for nobody but who deletes it.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT FROM {row._meta.db_table} WHERE id = %s FOR KEY SHARE", [row.pk])
        return cursor.fetchone() is not None
