"""The workspace: its name, and the domains whose every address is a colleague's."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from users import actions, queries
from users.forms import DomainForm, WorkspaceForm
from users.http import SignedInRequest, super_admin_required
from users.models import Workspace, WorkspaceDomain


@require_http_methods(["GET", "POST"])
@super_admin_required
def workspace(request: SignedInRequest) -> HttpResponse:
    form = WorkspaceForm(request.POST or None, instance=Workspace.objects.current())
    if request.method == "POST" and form.is_valid():
        actions.rename_workspace(by=request.user, **form.cleaned_data)
        messages.success(request, _("The workspace is saved."))
        return redirect("users:workspace")
    return _page(request, form=form, domain_form=DomainForm())


@require_POST
@super_admin_required
def add_domain(request: SignedInRequest) -> HttpResponse:
    form = DomainForm(request.POST)
    if form.is_valid():
        try:
            added = actions.add_workspace_domain(by=request.user, **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error("domain", refusal)
        else:
            messages.success(
                request, _("Everybody at %(domain)s now counts as a colleague.") % {"domain": added.domain}
            )
            return redirect("users:workspace")
    return _page(request, form=WorkspaceForm(instance=Workspace.objects.current()), domain_form=form)


@require_POST
@super_admin_required
def remove_domain(request: SignedInRequest, key: int) -> HttpResponse:
    domain = get_object_or_404(WorkspaceDomain.objects.visible_to(request.user), pk=key)
    actions.remove_workspace_domain(domain=domain, by=request.user)
    messages.success(request, _("%(domain)s is no longer a domain of this workspace.") % {"domain": domain.domain})
    return redirect("users:workspace")


def _page(request: SignedInRequest, *, form: WorkspaceForm, domain_form: DomainForm) -> HttpResponse:
    context = {"form": form, "domain_form": domain_form, "domains": queries.workspace_domains(request.user)}
    return render(request, "users/workspace.html", context, status=422 if form.errors or domain_form.errors else 200)
