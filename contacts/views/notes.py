"""Writing notes; a note is its author's to change."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from contacts import actions
from contacts.forms import NoteForm
from contacts.models import Note
from contacts.views.contacts import find_contact, render_record
from contacts.views.gone import gone_is_not_found
from users.http import SignedInRequest


@require_POST
@gone_is_not_found()
def note_add(request: SignedInRequest, code: UUID) -> HttpResponse:
    contact = find_contact(request, code)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return render_record(request, contact, form)
    actions.add_note(by=request.user, contact=contact, body=form.cleaned_data["body"], now=timezone.now())
    messages.success(request, _("The note was saved."))
    return redirect(contact)


@require_http_methods(["GET", "POST"])
@gone_is_not_found()
def note_edit(request: SignedInRequest, code: UUID) -> HttpResponse:
    note = find_own_note(request, code)
    form = NoteForm(request.POST or None, initial={"body": note.body})
    if request.method == "POST" and form.is_valid():
        actions.edit_note(by=request.user, note=note, body=form.cleaned_data["body"], now=timezone.now())
        messages.success(request, _("The note was changed."))
        return redirect(note.contact)
    context = {"form": form, "note": note}
    return render(request, "contacts/note_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def note_delete(request: SignedInRequest, code: UUID) -> HttpResponse:
    note = find_own_note(request, code)
    if request.method == "POST":
        contact = note.contact
        actions.delete_note(by=request.user, note=note)
        messages.success(request, _("The note was deleted."))
        return redirect(contact)
    return render(request, "contacts/note_delete.html", {"note": note})


def find_own_note(request: SignedInRequest, code: UUID) -> Note:
    notes = Note.objects.editable_by(request.user).select_related("contact")
    return get_object_or_404(notes, code=code)
