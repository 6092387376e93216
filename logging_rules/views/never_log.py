"""The never-log lists: reading them, and adding, editing and removing single entries."""

from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from logging_rules import actions
from logging_rules.changes import Change, Entry
from logging_rules.facts import NeverLogKind, NeverLogScope
from logging_rules.lists import NeverLogList, insiders_for
from logging_rules.models import NEVER_LOG_KIND_LABELS, NeverLogEntry
from logging_rules.never_log import DOUBTS, parse_target
from logging_rules.never_log_forms import EditEntryForm, EntryForm
from logging_rules.never_log_lines import exported
from users.http import SignedInRequest

ENTRIES_PER_PAGE = 50


@require_safe
def entries(request: SignedInRequest, *, shared: bool) -> HttpResponse:
    never_log = NeverLogList.of(request.user, shared=shared)
    text, kind = request.GET.get("q", ""), request.GET.get("kind", "")
    kind = kind if kind in NEVER_LOG_KIND_LABELS else ""
    context = {
        "list": never_log,
        "page": Paginator(never_log.entries(text=text, kind=kind), ENTRIES_PER_PAGE).get_page(request.GET.get("page")),
        "text": text,
        "kind": kind,
        "kinds": NEVER_LOG_KIND_LABELS.items(),
        "insiders": insiders_for(request.user),
        "saved": _saved(request, never_log),
        "removed": _removed(request),
    }
    return render(request, f"logging_rules/never_log.html{'#results' if request.htmx else ''}", context)


def _saved(request: SignedInRequest, never_log: NeverLogList) -> tuple[NeverLogEntry, str] | None:
    """The entry that was just saved, and where its meaning for the past is shown."""
    try:
        code = UUID(request.GET.get("saved", ""))
    except ValueError:
        return None
    entry = never_log.entries().filter(code=code).first()
    return (entry, change_of(entry).url) if entry and never_log.may_edit else None


def _removed(request: SignedInRequest) -> tuple[str, str] | None:
    """The text of the entry that was just removed, and where the meaning of that for the past is shown."""
    try:
        change = Change.from_signed(request.GET.get("removed", ""))
    except signing.BadSignature:
        return None
    if not change.unlisted:
        return None
    return NeverLogEntry(kind=change.unlisted[0].kind, value=change.unlisted[0].value).text, change.url


def change_of(entry: NeverLogEntry, *, unlisted: bool = False) -> Change:
    """The change that an entry is, or its removal."""
    one = [Entry(NeverLogKind(entry.kind), entry.value, NeverLogScope(entry.scope), entry.covers_team)]
    made = Change.of_person if entry.owner_id else Change.of_workspace
    return made(unlisted=one) if unlisted else made(listed=one)


@require_safe
def export(request: SignedInRequest, *, shared: bool) -> HttpResponse:
    """With a byte order mark, without which Excel takes UTF-8 for Shift_JIS."""
    never_log = NeverLogList.of(request.user, shared=shared)
    name = "never-log-workspace.csv" if shared else "never-log.csv"
    return HttpResponse(
        exported(never_log.entries()).encode("utf-8-sig"),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


@require_http_methods(["GET", "POST"])
def add(request: SignedInRequest, *, shared: bool) -> HttpResponse:
    never_log = NeverLogList.of(request.user, shared=shared)
    never_log.refuse_readers()
    form = EntryForm(request.POST or None, shared=shared, initial={"text": request.GET.get("text", "")})
    doubtful = False
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(_added(request, never_log, form))
        except ValidationError as refusal:
            form.add_error("text", refusal)
            doubtful = refusal.code in DOUBTS
    context = {"list": never_log, "form": form, "doubtful": doubtful}
    return render(request, "logging_rules/never_log_add.html", context, status=422 if form.errors else 200)


def _added(request: SignedInRequest, never_log: NeverLogList, form: EntryForm) -> str:
    """Where to go on: to the list, or to the dry run of an entry that is not added yet. Raises ValidationError."""
    chosen = form.chosen
    if "try" in request.POST:
        target = parse_target(chosen.pop("text"))
        return change_of(NeverLogEntry(owner=never_log.owner, kind=target.kind, value=target.value, **chosen)).url
    certain = "certain" in request.POST
    entry = actions.add_never_log_entry(by=request.user, owner=never_log.owner, certain=certain, **chosen)
    return f"{never_log.url}?saved={entry.code}"


@require_http_methods(["GET", "POST"])
def edit(request: SignedInRequest, code: UUID) -> HttpResponse:
    entry, never_log = _editable(request, code)
    initial = {"scope": entry.scope, "note": entry.note, "covers_team": entry.covers_team}
    form = EditEntryForm(request.POST or None, shared=never_log.is_shared, initial=initial)
    if request.method == "POST" and form.is_valid():
        actions.edit_never_log_entry(entry=entry, by=request.user, **form.chosen)
        return redirect(f"{never_log.url}?saved={entry.code}")
    context = {"list": never_log, "entry": entry, "form": form, "dry_run_url": change_of(entry).url}
    return render(request, "logging_rules/never_log_edit.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def remove(request: SignedInRequest, code: UUID) -> HttpResponse:
    entry, never_log = _editable(request, code)
    change = change_of(entry, unlisted=True)
    if request.method == "POST":
        actions.remove_never_log_entry(entry=entry, by=request.user)
        return redirect(f"{never_log.url}?{urlencode({'removed': change.signed()})}")
    context = {"list": never_log, "entry": entry, "dry_run_url": change.url}
    return render(request, "logging_rules/never_log_remove.html", context)


def _editable(request: SignedInRequest, code: UUID) -> tuple[NeverLogEntry, NeverLogList]:
    """404 for what the person may not even read, 403 for what they may only read."""
    entry = get_object_or_404(NeverLogEntry.objects.visible_to(request.user).select_related("owner"), code=code)
    never_log = NeverLogList.holding(entry, request.user)
    never_log.refuse_readers()
    return entry, never_log


@require_POST
def quick(request: SignedInRequest) -> HttpResponse:
    """Puts an address or domain (`text`) on the person's own list, from wherever they are, and goes back there (`next`)."""
    text = request.POST.get("text", "")
    try:
        entry = actions.add_never_log_entry(text=text, by=request.user, owner=request.user)
    except ValidationError as refusal:
        if refusal.code in DOUBTS:
            return redirect(f"{reverse('logging_rules:never-log-add')}?{urlencode({'text': text})}")
        messages.error(request, refusal.messages[0])
        return redirect(_next(request) or "logging_rules:never-log")
    done = _("%(text)s is on your never-log list. E-mail logged before stays.") % {"text": entry.text}
    past = format_html('<a href="{}">{}</a>', change_of(entry).url, _("See what it means for the past"))
    messages.success(request, format_html("{} {}", done, past))
    return redirect(_next(request) or f"{reverse('logging_rules:never-log')}?saved={entry.code}")


def _next(request: SignedInRequest) -> str:
    """The page to go back to; empty unless it is one of ours."""
    page = request.POST.get("next") or request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return page if ours else ""
