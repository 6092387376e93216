"""Taking un-logged e-mails off timelines, and what was made by itself because of them; and bringing it back."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from contacts.actions.timeline import settle_last_activity
from contacts.models import Company, Contact, MailIndex, TimelineEntry
from contacts.queries import left_alone
from inboxes.lookups import among_keys


@transaction.atomic
def take_off_timelines(*, message_ids: Collection[int]) -> set[int]:
    """The reverse of `record_mail_entries`: entries and search text go; returns the contacts that were concerned.

    The search text of what the members of a team have in their list stays: they search it.

    A constant number of statements. Locks these contacts in the order of their keys, as `record_mail_entries` does.
    """
    entries = TimelineEntry.objects.filter(message__in=among_keys(message_ids))
    contact_ids = sorted(set(entries.values_list("contact_id", flat=True)))
    list(Contact.objects.filter(pk__in=contact_ids).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    entries.delete()
    MailIndex.objects.filter(message__in=among_keys(message_ids), message__team_mail=None).delete()
    settle_last_activity(contact_ids)
    return set(contact_ids)


@transaction.atomic
def withdraw_contacts(*, contact_ids: Collection[int], now: datetime) -> list[int]:
    """Those of the contacts that were created automatically and have nothing else on them disappear; returns which.

    So do the companies that were made for them, once nobody is left in them.
    """
    withdrawn = list(
        left_alone(contact_ids).order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True)
    )
    Contact.objects.filter(pk__in=withdrawn).update(withdrawn_at=now)
    companies = Company.objects.filter(
        contacts__in=withdrawn, created_automatically_from__isnull=False, withdrawn_at=None
    )
    people_left = Contact.objects.filter(company=OuterRef("pk"), withdrawn_at=None)
    companies.filter(~Exists(people_left)).update(withdrawn_at=now)
    return withdrawn


@transaction.atomic
def bring_back_contacts(*, contact_ids: Collection[int]) -> None:
    """Undoes `withdraw_contacts`. Idempotent."""
    contacts = Contact.objects.filter(pk__in=contact_ids, withdrawn_at__isnull=False)
    found = list(contacts.values_list("pk", flat=True))
    contacts.update(withdrawn_at=None)
    Company.objects.filter(contacts__in=found, withdrawn_at__isnull=False).update(withdrawn_at=None)


@transaction.atomic
def erase_withdrawn(*, contact_ids: Collection[int], withdrawn_at: datetime) -> int:
    """Deletes those of the contacts that are withdrawn since that moment, with their companies; returns how many."""
    contacts = Contact.objects.filter(pk__in=contact_ids, withdrawn_at=withdrawn_at)
    companies = list(contacts.exclude(company=None).values_list("company_id", flat=True))
    _, deleted = contacts.delete()
    Company.objects.filter(pk__in=companies, withdrawn_at__isnull=False, contacts=None).delete()
    return deleted.get(Contact._meta.label, 0)
