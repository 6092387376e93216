"""Keeping the search text of contacts, companies and e-mails up to date."""

from collections.abc import Iterable, Iterator

from django.db import connection
from django.db.models import Q

from contacts import search
from contacts.models import Company, Contact
from inboxes.arrays import array_literal
from inboxes.lookups import among_keys
from inboxes.models import Message

BATCH = 1000
INSERT_MAIL_INDEX = """
    INSERT INTO contacts_mailindex (message_id, sent_at, search)
    SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::tsvector[])
    ON CONFLICT (message_id) DO UPDATE SET search = excluded.search
"""


def index_contacts(contact_ids: Iterable[int]) -> None:
    """Write the search text of these contacts (name, reading, addresses, company, job title) and the key they sort by.

    Three queries per 1,000 contacts.
    """
    for batch in _batches(contact_ids):
        contacts = list(Contact.objects.filter(pk__in=batch).select_related("company").prefetch_related("addresses"))
        for contact in contacts:
            contact.sort_key = search.normalise(contact.reading or contact.name)[:200]
            contact.search = search.vector(
                [
                    contact.name,
                    contact.reading,
                    contact.job_title,
                    *([contact.company.name, contact.company.domain or ""] if contact.company else []),
                    *(address.email for address in contact.addresses.all()),
                ]
            )
        Contact.objects.bulk_update(contacts, ["sort_key", "search"])


def index_companies(company_ids: Iterable[int]) -> None:
    """Write the search text of these companies and of their contacts, who are found by company."""
    for batch in _batches(company_ids):
        companies = list(Company.objects.filter(pk__in=batch))
        for company in companies:
            company.search = search.vector([company.name, company.domain or ""])
        Company.objects.bulk_update(companies, ["search"])
        index_contacts(Contact.objects.filter(company__in=batch).values_list("pk", flat=True))


def index_messages(message_ids: Iterable[int], *, new_only: bool = False) -> None:
    """Write the search text of these e-mails: subject, sender and recipients; with `new_only`, of those that have none yet.

    Idempotent; two queries per 1,000.
    """
    for batch in _batches(message_ids):
        messages = Message.objects.filter(pk__in=among_keys(batch))
        if new_only:
            messages = messages.filter(index=None)
        rows = messages.values_list("pk", "sent_at", "subject", "from_name", "from_email", "recipients")
        vectors = [
            (pk, sent_at, search.vector([subject, name, email, *(part for _, *who in recipients[:50] for part in who)]))
            for pk, sent_at, subject, name, email, recipients in rows
        ]
        if vectors:
            with connection.cursor() as cursor:
                cursor.execute(INSERT_MAIL_INDEX, [array_literal(column) for column in zip(*vectors, strict=True)])


def rebuild_search() -> dict[str, int]:
    """Write all search text anew, for instance after an upgrade that reads words differently; return how much there was."""
    companies = list(Company.objects.values_list("pk", flat=True))
    lonely = list(Contact.objects.filter(company=None).values_list("pk", flat=True))
    searched = Q(timeline_entries__isnull=False) | Q(team_mail__isnull=False)
    messages = list(Message.objects.filter(searched).distinct().values_list("pk", flat=True))
    index_companies(companies)
    index_contacts(lonely)
    index_messages(messages)
    return {"companies": len(companies), "contacts": Contact.objects.count(), "messages": len(messages)}


def _batches(keys: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(set(keys))
    for start in range(0, len(ordered), BATCH):
        yield ordered[start : start + BATCH]
