"""Writing notes on a timeline; a note is changed and deleted by its author only (`Note.objects.editable_by`)."""

from datetime import datetime

from django.db import transaction

from audit.actions import record
from contacts.actions.gone import ContactGone, NoteGone
from contacts.actions.timeline import lock_survivors, settle_last_activity
from contacts.models import Contact, EntryKind, Note, TimelineEntry
from users.models import User


@transaction.atomic
def add_note(*, by: User, contact: Contact, body: str, now: datetime) -> Note:
    """A note for a contact merged meanwhile goes to the contact it was merged into. Raises `ContactGone` for one that was deleted."""
    key = lock_survivors({contact.pk}).get(contact.pk)
    if key is None:
        raise ContactGone
    note = Note.objects.create(contact_id=key, author=by, body=body)
    TimelineEntry.objects.create(contact_id=key, kind=EntryKind.NOTE, note=note, occurred_at=now)
    Contact.objects.filter(pk=key).exclude(last_activity_at__gt=now).update(last_activity_at=now)
    record(by=by, action="note.added", target=note, details={"contact": key})
    return note


@transaction.atomic
def edit_note(*, by: User, note: Note, body: str, now: datetime) -> None:
    """Raises `NoteGone`."""
    if not Note.objects.filter(pk=note.pk).update(body=body, edited_at=now):
        raise NoteGone
    record(by=by, action="note.edited", target=note, details={"contact": note.contact_id})


@transaction.atomic
def delete_note(*, by: User, note: Note) -> None:
    record(by=by, action="note.deleted", target=note, details={"contact": note.contact_id})
    note.delete()
    settle_last_activity([note.contact_id])
