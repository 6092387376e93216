"""The audit log for super admins: read, searched, taken along."""

from django.core.exceptions import BadRequest
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from audit.actions import record_export
from audit.export import Format, lines_of
from audit.forms import AuditFilterForm
from audit.queries import Filter, events_of, page_of
from users.http import SignedInRequest, cursor_of, super_admin_required
from users.streaming import as_read_now


@require_safe
@super_admin_required
def audit_log(request: SignedInRequest) -> HttpResponse:
    form = AuditFilterForm(request.GET)
    before = cursor_of(request.GET.get("before"))
    is_valid = form.is_valid()
    wanted = form.wanted() if is_valid else Filter()
    page = page_of(request.user, wanted, before=before) if is_valid else None
    context = {"form": form, "wanted": wanted, "page": page, "before": before}
    template = "audit/log.html#results" if request.htmx.target == "results" else "audit/log.html"
    return render(request, template, context, status=200 if is_valid else 422)


@require_safe
@super_admin_required
def export(request: SignedInRequest, file_format: str) -> HttpResponse | StreamingHttpResponse:
    """What the same filter shows on the page, all of it; that it was taken along is recorded first and stands in no file."""
    form = AuditFilterForm(request.GET)
    if not form.is_valid():
        raise BadRequest
    kind = Format(file_format)
    noted = record_export(wanted=form.wanted().as_details(), file_format=kind, by=request.user)
    events = events_of(request.user, form.wanted()).filter(pk__lt=noted.pk)
    name = f"audit-{timezone.localdate():%Y-%m-%d}.{kind}"
    return StreamingHttpResponse(
        as_read_now(lines_of(events, kind)),
        content_type=kind.content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )
