"""The list of companies, the record of one, and the forms that change it."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from contacts import actions, queries
from contacts.actions import DomainTaken
from contacts.forms import CompanyForm
from contacts.models import Company, Contact
from contacts.views.contacts import CONTACTS_PER_PAGE, fragment_or_page
from contacts.views.gone import gone_is_not_found
from users.http import SignedInRequest

COMPANIES_PER_PAGE = 50
NAMES_SUGGESTED = 8


@require_GET
def company_list(request: SignedInRequest) -> HttpResponse:
    text = request.GET.get("q", "")
    page = Paginator(queries.company_list(request.user, text=text), COMPANIES_PER_PAGE)
    context = {"page": page.get_page(request.GET.get("page")), "text": text}
    return render(request, fragment_or_page(request, "contacts/company_list.html", "results"), context)


@require_GET
def company_detail(request: SignedInRequest, code: UUID) -> HttpResponse:
    company = find_company(request, code)
    people = Paginator(queries.contact_list(request.user, company=company), CONTACTS_PER_PAGE)
    context = {"company": company, "page": people.get_page(request.GET.get("page"))}
    return render(request, "contacts/company_detail.html", context)


@require_GET
def company_names(request: SignedInRequest) -> HttpResponse:
    """Names for the company field of the contact form, as options."""
    text = request.GET.get("company", "")
    companies = queries.company_list(request.user, text=text)[:NAMES_SUGGESTED] if text.strip() else []
    return render(request, "contacts/company_names.html", {"companies": companies})


@require_http_methods(["GET", "POST"])
def company_create(request: SignedInRequest) -> HttpResponse:
    form = CompanyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            company = actions.create_company(by=request.user, details=form.details())
        except DomainTaken as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, _("%(name)s was added.") % {"name": company.name})
            return redirect(company)
    return render(request, "contacts/company_form.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@gone_is_not_found()
def company_edit(request: SignedInRequest, code: UUID) -> HttpResponse:
    company = find_company(request, code)
    initial = {"name": company.name, "domain": company.domain}
    form = CompanyForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit_company(by=request.user, company=company, details=form.details())
        except DomainTaken as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, _("Your changes were saved."))
            return redirect(company)
    context = {"form": form, "company": company}
    return render(request, "contacts/company_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@gone_is_not_found()
def company_delete(request: SignedInRequest, code: UUID) -> HttpResponse:
    company = find_company(request, code)
    if request.method == "POST":
        actions.delete_company(by=request.user, company=company)
        messages.success(request, _("%(name)s was deleted.") % {"name": company.name})
        return redirect("contacts:company-list")
    people = Contact.objects.visible_to(request.user).filter(company=company)
    context = {"company": company, "contact_count": people.count()}
    return render(request, "contacts/company_delete.html", context)


def find_company(request: SignedInRequest, code: UUID) -> Company:
    return get_object_or_404(Company.objects.visible_to(request.user), code=code)
