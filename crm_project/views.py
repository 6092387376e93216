"""Pages that belong to no app: errors, the health of this deployment, and (in development) the gallery of components."""

import structlog
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from crm_project import gallery as gallery_pages
from crm_project import health


@login_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when requests can be served, 503 otherwise, with the state of each part and no detail that would help an attacker."""
    parts = health.parts()
    ready = all(state == "ok" for state in parts.values())
    return JsonResponse({"status": "ok" if ready else "unavailable", **parts}, status=200 if ready else 503)


@login_not_required
@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    return render(request, "gallery/index.html", gallery_pages.context(request))


def not_offered(request: HttpRequest) -> HttpResponse:
    """Stands before a page of a library that has no place in this product."""
    raise Http404


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 403)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return error_page(request, 500)


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return error_page(request, 403, page="csrf")


def error_page(request: HttpRequest, status: int, *, page: str = "") -> HttpResponse:
    """A page that needs no database, no session and no user: it is shown when any of them may be broken."""
    context = {"request_id": structlog.contextvars.get_contextvars().get("request_id", ""), "status": status}
    response = render(request, f"errors/{page or status}.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response
