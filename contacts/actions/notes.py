"""Writing notes on a timeline; a note is changed and deleted by its author only (`Note.objects.editable_by`)."""

from datetime import datetime

from django.db import transaction

from audit.actions import record
from contacts.actions.timeline import settle_last_activity
from contacts.models import Contact, EntryKind, Note, TimelineEntry
from users.models import User


@transaction.atomic
def add_note(*, by: User, contact: Contact, body: str, now: datetime) -> Note:
    note = Note.objects.create(contact=contact, author=by, body=body)
    TimelineEntry.objects.create(contact=contact, kind=EntryKind.NOTE, note=note, occurred_at=now)
    Contact.objects.filter(pk=contact.pk).exclude(last_activity_at__gt=now).update(last_activity_at=now)
    record(by=by, action="note.added", target=note, details={"contact": contact.pk})
    return note


@transaction.atomic
def edit_note(*, by: User, note: Note, body: str, now: datetime) -> None:
    note.body, note.edited_at = body, now
    note.save(update_fields=["body", "edited_at"])
    record(by=by, action="note.edited", target=note, details={"contact": note.contact_id})


@transaction.atomic
def delete_note(*, by: User, note: Note) -> None:
    record(by=by, action="note.deleted", target=note, details={"contact": note.contact_id})
    note.delete()
    settle_last_activity([note.contact_id])
