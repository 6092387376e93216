"""Every write to contacts, companies, notes and timelines."""

from contacts.actions.companies import (
    CompanyDetails,
    DomainTaken,
    create_company,
    delete_company,
    edit_company,
)
from contacts.actions.contacts import (
    AddressTaken,
    ContactDetails,
    UnusableAddress,
    create_contact,
    delete_contact,
    edit_contact,
)
from contacts.actions.correspondents import meet_correspondents
from contacts.actions.gone import ContactGone, Gone
from contacts.actions.indexing import index_messages, rebuild_search
from contacts.actions.merging import SameContact, filled_by, merge_contacts
from contacts.actions.notes import add_note, delete_note, edit_note
from contacts.actions.openings import record_opening
from contacts.actions.owning import hand_over_contacts
from contacts.actions.timeline import MailEntry, hold_mails, record_mail_entries, settle_privacy
from contacts.actions.withdrawing import (
    bring_back_contacts,
    erase_withdrawn,
    take_off_timelines,
    withdraw_contacts,
)

__all__ = [
    "AddressTaken",
    "CompanyDetails",
    "ContactDetails",
    "ContactGone",
    "DomainTaken",
    "Gone",
    "MailEntry",
    "SameContact",
    "UnusableAddress",
    "add_note",
    "bring_back_contacts",
    "create_company",
    "create_contact",
    "delete_company",
    "delete_contact",
    "delete_note",
    "edit_company",
    "edit_contact",
    "edit_note",
    "erase_withdrawn",
    "filled_by",
    "hand_over_contacts",
    "hold_mails",
    "index_messages",
    "meet_correspondents",
    "merge_contacts",
    "rebuild_search",
    "record_mail_entries",
    "record_opening",
    "settle_privacy",
    "take_off_timelines",
    "withdraw_contacts",
]
