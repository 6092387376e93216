"""Un-logging: one e-mail or its conversation, many at once, what can still be undone, and erasing it before its time."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from contacts.models import Contact
from inboxes.models import Inbox, Message
from logging_rules import actions
from logging_rules.models import Unlogging, UnloggingState
from logging_rules.unlogged import in_words, unloggings_of
from logging_rules.unlogging import Preview, Selection, preview, selections_around
from logging_rules.unlogging_forms import UnlogForm, UnlogMailForm
from users.http import SignedInRequest, refusals_told

UNLOGGINGS_PER_PAGE = 20


def decided_inbox(request: SignedInRequest, code: UUID) -> Inbox:
    """A removed one too: what it logged is still theirs to un-log. 404 for everybody who does not decide about its mail."""
    return get_object_or_404(Inbox.with_removed.decided_by(request.user).select_related("owner"), code=code)


@require_http_methods(["GET", "POST"])
@never_cache
def unlog_mail(request: SignedInRequest, code: UUID) -> HttpResponse:
    message = get_object_or_404(Message.objects.visible_to(request.user), code=code)
    inbox = get_object_or_404(
        Inbox.with_removed.decided_by(request.user)
        .filter(sightings__message=message)
        .order_by(F("removed_at").asc(nulls_first=True), "pk")[:1]
    )
    scopes = selections_around(message, inbox)
    sizes = {scope: size for scope, (_selection, size) in scopes.items()}
    form = UnlogMailForm(request.POST if request.method == "POST" else None, sizes=sizes)
    if request.method == "POST" and form.is_valid():
        places = list(message.timeline_entries.order_by("pk").values_list("contact_id", flat=True))
        _unlog(request, scopes[form.cleaned_data["scope"]][0])
        place = Contact.objects.visible_to(request.user).filter(pk__in=places).order_by("pk").first()
        return redirect(place or "contacts:contact-list")
    context = {
        "message": message,
        "inbox": inbox,
        "form": form,
        "matched": inbox.sightings.get(message=message).matched_address,
        **_shown(preview(scopes[UnlogMailForm.MAIL][0], viewer=request.user)),
        "until": timezone.now() + actions.UNDO_PERIOD,
    }
    return render(request, "logging_rules/unlog_mail.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@never_cache
def unlog(request: SignedInRequest, code: UUID) -> HttpResponse:
    """GET shows what would disappear; POST un-logs what was shown, and nothing that was logged since."""
    inbox = decided_inbox(request, code)
    is_confirmed = request.method == "POST"
    values = request.POST if is_confirmed else request.GET or None
    form = UnlogForm(values, inbox=inbox, confirming=is_confirmed)
    chosen = form.selection if form.is_valid() else None
    if is_confirmed and chosen:
        _unlog(request, chosen)
        return redirect("inboxes:unlogged", inbox.code)
    shown = preview(chosen, viewer=request.user) if chosen else None
    context = {
        "inbox": inbox,
        "form": form,
        "until": timezone.now() + actions.UNDO_PERIOD,
        "confirmed": form.confirmed(newest=shown.newest) if shown else [],
        **_shown(shown),
    }
    template = "logging_rules/unlog.html#preview" if request.htmx and not form.errors else "logging_rules/unlog.html"
    return render(request, template, context, status=422 if form.errors else 200)


def _shown(shown: Preview | None) -> dict[str, object]:
    return {"preview": shown, "holders": _(", ").join(map(str, shown.holders)) if shown else ""}


def _unlog(request: SignedInRequest, selection: Selection) -> None:
    with refusals_told(request):
        unlogging = actions.unlog(selection=selection, by=request.user, now=timezone.now())
        done = ngettext("%(count)d e-mail was un-logged.", "%(count)d e-mails were un-logged.", unlogging.messages) % {
            "count": unlogging.messages
        }
        undo = reverse("logging_rules:undo-unlogging", args=[unlogging.code])
        button = format_html('<a class="link" href="{0}" hx-post="{0}">{1}</a>', undo, _("Undo"))
        messages.success(request, format_html("{} {}", done, button))


@require_safe
@never_cache
def unlogged(request: SignedInRequest, code: UUID) -> HttpResponse:
    inbox = decided_inbox(request, code)
    page = Paginator(unloggings_of(inbox, request.user), UNLOGGINGS_PER_PAGE).get_page(request.GET.get("page"))
    unloggings = in_words(list(page.object_list), viewer=request.user, now=timezone.now())
    context = {
        "inbox": inbox,
        "page": page,
        "unloggings": unloggings,
        "is_erasing": any(found.state == UnloggingState.ERASING for found in unloggings),
    }
    template = "logging_rules/unlogged.html#list" if request.htmx else "logging_rules/unlogged.html"
    return render(request, template, context)


@require_http_methods(["GET", "POST"])
@never_cache
def undo(request: SignedInRequest, code: UUID) -> HttpResponse:
    unlogging = _unlogging(request, code)
    if request.method == "POST":
        return _undo(request, unlogging)
    return _question(request, unlogging, "logging_rules/undo_unlogging.html")


def _undo(request: SignedInRequest, unlogging: Unlogging) -> HttpResponse:
    with refusals_told(request):
        undone = actions.undo_unlogging(unlogging=unlogging, by=request.user, now=timezone.now())
        back = undone.messages - undone.lost
        done = ngettext("%(count)d e-mail is logged again.", "%(count)d e-mails are logged again.", back) % {
            "count": back
        }
        messages.success(request, done)
        if undone.lost:
            text = ngettext(
                "%(count)d e-mail did not come back, because its contact was deleted meanwhile.",
                "%(count)d e-mails did not come back, because their contact was deleted meanwhile.",
                undone.lost,
            )
            messages.warning(request, text % {"count": undone.lost})
    return _to_list(request, unlogging)


@require_http_methods(["GET", "POST"])
@never_cache
def erase(request: SignedInRequest, code: UUID) -> HttpResponse:
    unlogging = _unlogging(request, code)
    if request.method == "GET":
        return _question(request, unlogging, "logging_rules/erase_unlogged.html")
    with refusals_told(request):
        actions.erase_now(unlogging=unlogging, by=request.user, now=timezone.now())
        messages.success(request, _("The un-logged e-mails are being erased for good."))
    return _to_list(request, unlogging)


def _unlogging(request: SignedInRequest, code: UUID) -> Unlogging:
    return get_object_or_404(Unlogging.objects.visible_to(request.user).select_related("inbox", "by"), code=code)


def _question(request: SignedInRequest, unlogging: Unlogging, template: str) -> HttpResponse:
    [described] = in_words([unlogging], viewer=request.user, now=timezone.now())
    return render(request, template, {"inbox": unlogging.inbox, "unlogged": described})


def _to_list(request: SignedInRequest, unlogging: Unlogging) -> HttpResponse:
    """For htmx, which would put a page where the button was, a whole new page."""
    address = reverse("inboxes:unlogged", args=[unlogging.inbox.code])
    return HttpResponse(headers={"HX-Redirect": address}) if request.htmx else redirect(address)
