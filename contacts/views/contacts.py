"""The list of contacts, the record of one, and the forms that change it."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from contacts import actions, queries
from contacts.actions import AddressTaken, ContactGone, UnusableAddress
from contacts.forms import ContactForm, NoteForm
from contacts.models import Contact, EntryKind
from contacts.timeline import folded_entries, timeline_page
from contacts.views.gone import gone_is_not_found
from inboxes.models import Viewer
from users.http import SignedInRequest, cursor_of

CONTACTS_PER_PAGE = 50
SORTS = [
    ("-activity", gettext_lazy("Newest activity")),
    ("activity", gettext_lazy("Oldest activity")),
    ("name", gettext_lazy("Name, ascending")),
    ("-name", gettext_lazy("Name, descending")),
    ("company", gettext_lazy("Company, ascending")),
    ("-company", gettext_lazy("Company, descending")),
    ("owner", gettext_lazy("Owner, ascending")),
    ("-owner", gettext_lazy("Owner, descending")),
]


@require_GET
def contact_list(request: SignedInRequest) -> HttpResponse:
    text, sort, mine = request.GET.get("q", ""), request.GET.get("sort", ""), request.GET.get("owner") == "me"
    sort = sort if sort in queries.CONTACT_ORDERS else queries.DEFAULT_CONTACT_ORDER
    contacts = queries.contact_list(request.user, text=text, sort=sort, mine=mine)
    page = Paginator(contacts, CONTACTS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "text": text, "sort": sort, "sorts": SORTS, "mine": mine}
    return render(request, fragment_or_page(request, "contacts/contact_list.html", "results"), context)


@require_GET
def contact_detail(request: SignedInRequest, code: UUID) -> HttpResponse:
    contact = find_contact(request, code)
    if contact.code != code:  # it was merged into this one
        return redirect(contact, permanent=True)
    return render_record(request, contact, NoteForm())


def render_record(request: SignedInRequest, contact: Contact, note_form: NoteForm) -> HttpResponse:
    kind = EntryKind(request.GET["show"]) if request.GET.get("show") in EntryKind.values else None
    before = cursor_of(request.GET.get("before"))
    viewer = Viewer.of(request.user)
    page = timeline_page(contact, viewer, kind=kind, before=before)
    context = {"contact": contact, "page": page, "kind": kind, "before": before, "note_form": note_form}
    if request.htmx.target == "older":
        return render(request, "contacts/contact_detail.html#entries", context)
    context |= {
        "colleagues": queries.colleagues_of(contact, request.user),
        "talkers": queries.talkers_with(contact, viewer),
        "has_inbox": viewer.has_inbox,
        "offer_look_back": "added" in request.GET,
    }
    return render(request, "contacts/contact_detail.html", context, status=422 if note_form.errors else 200)


@require_GET
def timeline_fold(request: SignedInRequest, code: UUID) -> HttpResponse:
    """The e-mails that a page of the timeline folded under another."""
    contact = find_contact(request, code)
    head, last = cursor_of(request.GET.get("head")), cursor_of(request.GET.get("last"))
    if head is None or last is None:
        raise Http404
    context = {"contact": contact, "entries": folded_entries(contact, request.user, head=head, last=last)}
    return render(request, f"contacts/timeline_fold.html{'#entries' if request.htmx else ''}", context)


@require_http_methods(["GET", "POST"])
def contact_create(request: SignedInRequest) -> HttpResponse:
    known = {name: request.GET[name] for name in ("name", "company") if name in request.GET}
    initial = known | {"emails": request.GET.getlist("email")}
    form = ContactForm(request.POST or None, user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            contact = actions.create_contact(by=request.user, details=form.details())
        except (UnusableAddress, AddressTaken) as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, _("%(name)s was added.") % {"name": contact.name})
            return redirect(f"{contact.get_absolute_url()}?added" if contact.addresses.exists() else contact)
    return render(request, "contacts/contact_form.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@gone_is_not_found()
def contact_edit(request: SignedInRequest, code: UUID) -> HttpResponse:
    contact = find_contact(request, code)
    if contact.code != code:
        return _merged_meanwhile(request, "contacts:contact-edit", contact)
    form = ContactForm(request.POST or None, user=request.user, contact=contact)
    if request.method == "POST" and form.is_valid():
        try:
            added = actions.edit_contact(by=request.user, contact=contact, details=form.details())
        except (UnusableAddress, AddressTaken) as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, _("Your changes were saved."))
            return redirect(f"{contact.get_absolute_url()}?added" if added else contact)
    contact = find_contact(request, code)  # as stored: a refused form has already changed it in memory
    context = {"form": form, "contact": contact}
    return render(request, "contacts/contact_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@gone_is_not_found()
def contact_delete(request: SignedInRequest, code: UUID) -> HttpResponse:
    contact = find_contact(request, code)
    if contact.code != code:
        return _merged_meanwhile(request, "contacts:contact-delete", contact)
    if request.method == "POST":
        actions.delete_contact(by=request.user, contact=contact)
        messages.success(request, _("%(name)s was deleted.") % {"name": contact.name})
        return redirect("contacts:contact-list")
    context = {"contact": contact, "belongings": queries.belongings_of(contact, request.user)}
    return render(request, "contacts/contact_delete.html", context)


def _merged_meanwhile(request: SignedInRequest, form: str, into: Contact) -> HttpResponse:
    """What was meant for a contact that is no more must not befall the one it was merged into."""
    if request.method == "GET":
        return redirect(form, into.code)
    messages.error(request, _("The contact you had open was merged into this one. Nothing was changed."))
    return redirect(into)


@require_http_methods(["GET", "POST"])
def contact_merge(request: SignedInRequest, code: UUID) -> HttpResponse:
    """Choose the other contact, see what will happen, merge it into this one."""
    contact = find_contact(request, code)
    other = other_contact(request, contact)
    if request.method == "POST" and other:
        return _merge(request, into=contact, other=other)
    context: dict[str, object] = {"contact": contact, "other": other}
    if other:
        context |= {"moved": queries.belongings_of(other, request.user), "filled": filled_fields(contact, other)}
    else:
        text = request.GET.get("q", "")
        context |= {"text": text, "candidates": queries.merge_candidates(contact, request.user, text=text)}
    return render(request, fragment_or_page(request, "contacts/contact_merge.html", "candidates"), context)


def _merge(request: SignedInRequest, *, into: Contact, other: Contact) -> HttpResponse:
    try:
        actions.merge_contacts(by=request.user, into=into, other=other)
    except ContactGone:
        messages.error(request, _("Somebody deleted one of these contacts just now. Nothing was merged."))
        return redirect("contacts:contact-list")
    messages.success(request, _("%(name)s was merged into this contact.") % {"name": other.name})
    return redirect(into)


def filled_fields(contact: Contact, other: Contact) -> list[tuple[str, object]]:
    """Names and values of the fields that a merge would fill."""
    names = {"reading": _("reading"), "job_title": _("job title"), "phone": _("phone"), "company": _("company")}
    names["owner"] = _("owner")
    return [(names[field], value) for field, value in actions.filled_by(contact, other).items()]


def other_contact(request: SignedInRequest, contact: Contact) -> Contact | None:
    chosen = (request.POST if request.method == "POST" else request.GET).get("other")
    if not chosen:
        return None
    try:
        other = queries.contact_record(request.user, UUID(chosen))
    except ValueError as error:
        raise Http404 from error
    if other is None or other == contact:
        raise Http404
    return other


def find_contact(request: SignedInRequest, code: UUID) -> Contact:
    contact = queries.contact_record(request.user, code)
    if contact is None:
        raise Http404
    return contact


def fragment_or_page(request: SignedInRequest, template: str, partial: str) -> str:
    """The part of the page that htmx asked for by the id of its target, else the whole page."""
    return f"{template}#{partial}" if request.htmx.target == partial else template
