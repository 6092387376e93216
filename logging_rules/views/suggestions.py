"""Contact suggestions, for the owner of an inbox alone."""

from functools import partial
from uuid import UUID

from django.core import signing
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

import contacts.actions
from contacts.actions import AddressTaken, ContactDetails
from contacts.models import Contact
from inboxes.causes import Cause
from inboxes.models import SYNCING_STATUSES, Inbox
from inboxes.views.own import own_inbox, reads_mail
from logging_rules import actions
from logging_rules.suggestions import MAILS_AT_ONCE, Search, Suggestion, search_step
from logging_rules.views.reading import read_step
from users.http import SignedInRequest

SHOWN = 100


@require_safe
def first_suggestions(request: SignedInRequest) -> HttpResponse:
    """Where the suggestions are, for who does not come from an inbox: at the first of their own, or there is one to be connected."""
    own = (
        Inbox.objects.personal_of(request.user).filter(status__in=SYNCING_STATUSES).order_by("created_at", "pk").first()
    )
    return redirect("inboxes:suggestions", own.code) if own else redirect("inboxes:connect")


@require_http_methods(["GET", "POST"])
@never_cache
@reads_mail
def suggestions(request: SignedInRequest, code: UUID) -> HttpResponse:
    """A POST reads one page of the Sent folders further, or does something with one of those who were found."""
    inbox = own_inbox(request, code)
    search, problem, refusal = _search(request, inbox), None, ""
    if "add" in request.POST or "never" in request.POST:
        refusal = _chosen(request, search)
    elif request.method == "POST":
        search, problem = _read(request, inbox, search)
    search.keep_unknown(inbox)
    found = search.suggestions
    context = {
        "inbox": inbox,
        "search": search,
        "found": found[:SHOWN],
        "others": len(found[SHOWN:]),
        "added": Contact.objects.visible_to(request.user).filter(code__in=search.added),
        "is_reading": request.method == "POST" and search.goes_on and not problem,
        "problem": problem,
        "refusal": refusal,
    }
    return render(request, f"logging_rules/suggestions.html{'#step' if request.htmx else ''}", context)


def _search(request: SignedInRequest, inbox: Inbox) -> Search:
    """Where the browser says the search is; the beginning when it says nothing we have signed."""
    try:
        return Search.from_signed(request.POST.get("state", ""), inbox)
    except signing.BadSignature:
        return Search.start(inbox)


def _read(request: SignedInRequest, inbox: Inbox, search: Search) -> tuple[Search, Cause | None]:
    if "stop" in request.POST:
        search.limit = search.scan.scanned
        return search, None
    if "further" in request.POST:
        search.limit = search.scan.scanned + MAILS_AT_ONCE
    take = partial(search_step, inbox=inbox, search=search)
    step, problem = read_step(request, inbox, take, limit="suggest_contacts")
    return step or search, problem


def _chosen(request: SignedInRequest, search: Search) -> str:
    """Makes one of those who were found a contact, or keeps them out. Returns why that could not be, or nothing."""
    chosen = request.POST.get("add") or request.POST.get("never", "")
    found = next((each for each in search.suggestions if each.email == chosen), None)
    if found is None:
        return ""
    try:
        if "add" in request.POST:
            search.added.append(str(_contact(request, found).code))
        else:
            actions.add_never_log_entry(text=found.email, by=request.user, owner=request.user)
            search.kept_out.append(found.email)
    except ValidationError as refused:
        return str(refused.messages[0])
    except AddressTaken:
        # A colleague was faster. It is no suggestion any more, which the page shows.
        pass
    return ""


def _contact(request: SignedInRequest, found: Suggestion) -> Contact:
    details = ContactDetails(name=found.contact_name, emails=[found.email], owner=request.user)
    return contacts.actions.create_contact(by=request.user, details=details)
