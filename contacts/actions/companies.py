"""Creating, editing and deleting companies."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from audit.actions import record
from contacts.actions.gone import CompanyGone
from contacts.actions.indexing import index_companies, index_contacts
from contacts.models import Company
from inboxes.addresses import domain_of, organisation_domain, readable
from inboxes.models import Inbox
from users.models import User, WorkspaceDomain
from users.rows import keep_from_deletion


class DomainTaken(Exception):
    """Another company has this domain."""

    def __init__(self, company: Company) -> None:
        super().__init__(f"domain of company {company.pk}")
        self.company = company


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyDetails:
    """What a person may say about a company; `domain` is normalised, None if it has none."""

    name: str
    domain: str | None = None


@transaction.atomic
def create_company(*, by: User | None, details: CompanyDetails, made_by: Inbox | None = None) -> Company:
    """Raises `DomainTaken`. A withdrawn company of the domain is brought back under the new name.

    `made_by` is the inbox whose logged mail brought it, when no person did.
    """
    _refuse_taken_domain(details.domain)
    withdrawn = Company.objects.filter(domain=details.domain or "").exclude(withdrawn_at=None).first()
    company = withdrawn or Company(domain=details.domain)
    company.name, company.withdrawn_at, company.created_automatically_from = details.name, None, made_by
    _save_unless_taken(company)
    index_companies([company.pk])
    record(by=by, action="company.created", target=company)
    return company


@transaction.atomic
def edit_company(*, by: User, company: Company, details: CompanyDetails) -> None:
    """Raises `DomainTaken` and `CompanyGone`."""
    if not Company.objects.select_for_update(no_key=True).filter(pk=company.pk, withdrawn_at=None).exists():
        raise CompanyGone
    _refuse_taken_domain(details.domain, but=company)
    Company.objects.filter(domain=details.domain or "").exclude(withdrawn_at=None).update(domain=None)
    company.name, company.domain, company.created_automatically_from = details.name, details.domain, None
    _save_unless_taken(company, fields=["name", "domain", "created_automatically_from"])
    index_companies([company.pk])
    record(by=by, action="company.edited", target=company)


@transaction.atomic
def delete_company(*, by: User, company: Company) -> None:
    """Its people stay as contacts without a company. Raises `CompanyGone`."""
    # Locked in the order of whoever edits one of them; others may join until the company is locked too.
    list(company.contacts.order_by("pk").select_for_update(of=("self",)).values_list("pk"))
    if not Company.objects.select_for_update().filter(pk=company.pk, withdrawn_at=None).exists():
        raise CompanyGone
    withdrawn_at = dict(company.contacts.values_list("pk", "withdrawn_at"))
    standing = list(withdrawn_at.values()).count(None)
    record(by=by, action="company.deleted", target=company, details={"contacts": standing})
    company.delete()
    index_contacts(withdrawn_at)


def company_named(name: str, *, emails: list[str], by: User | None) -> Company | None:
    """The company of this name, whatever its case; None for an empty name.

    Made if there is none, with the domain of the addresses unless another company has it: colleagues who come later join it.
    """
    name = name.strip()
    if not name:
        return None
    if known := _kept(Company.objects.filter(name__iexact=name)):
        return known
    try:
        return create_company(by=by, details=CompanyDetails(name=name, domain=organisation_of(emails)))
    except DomainTaken:
        return create_company(by=by, details=CompanyDetails(name=name))


def company_of_addresses(emails: list[str], *, by: User | None, made_by: Inbox | None = None) -> Company | None:
    """The company of the first address that belongs to an organisation other than this workspace, made if there is none."""
    domain = organisation_of(emails)
    if domain is None:
        return None
    known = _kept(Company.objects.filter(domain=domain))
    details = CompanyDetails(name=name_from_domain(domain), domain=domain)
    try:
        return known or create_company(by=by, details=details, made_by=made_by)
    except DomainTaken as refusal:  # somebody else made it at the same moment
        return refusal.company


def _kept(companies: "QuerySet[Company]") -> Company | None:
    """The first of these that stands, which nobody deletes before the transaction ends."""
    found = companies.filter(withdrawn_at=None).order_by("pk").first()
    return found if found and keep_from_deletion(Company, [found.pk]) else None


def organisation_of(emails: list[str]) -> str | None:
    """The domain of the first address that belongs to an organisation other than this workspace."""
    domains = list(dict.fromkeys(filter(None, (organisation_domain(domain_of(email)) for email in emails))))
    own = set(WorkspaceDomain.objects.filter(domain__in=domains).values_list("domain", flat=True))
    return next((domain for domain in domains if domain not in own), None)


def name_from_domain(domain: str) -> str:
    """A first name for a company: `meridian-logistics.co.uk` is "Meridian Logistics"; A-labels are shown as people write them."""
    label = readable(domain).split(".", 1)[0]
    return label if domain.startswith("xn--") else label.replace("-", " ").title()


def _save_unless_taken(company: Company, *, fields: Sequence[str] | None = None) -> None:
    """Raises `DomainTaken` also when another company got the domain at the same moment."""
    try:
        with transaction.atomic():
            company.save(update_fields=fields)
    except IntegrityError:
        _refuse_taken_domain(company.domain, but=company)
        raise


def _refuse_taken_domain(domain: str | None, but: Company | None = None) -> None:
    holder = Company.objects.filter(domain=domain, withdrawn_at=None).first() if domain else None
    if holder and holder != but:
        raise DomainTaken(holder)
